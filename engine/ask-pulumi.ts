import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Environment } from "../config/schema/settings";
import { pulumiEnvironment } from "./environment";
import { Failure } from "./failure";
import { projectFolder } from "./project";

/** What a command may take and print at most. */
const [deadlineMs, mostBytes] = [60_000, 64 * 1024 ** 2];

/**
 * Runs a pulumi command that neither changes resources nor asks anything; returns what it printed.
 *
 * @param failure how the message begins where it fails; what pulumi said follows
 * @param input its standard input. Default: none
 * @throws {Failure} also when it takes longer than 60 s
 */
export async function askPulumi(
  environment: Pick<Environment, "target">,
  args: string[],
  failure: string,
  input?: string,
): Promise<string> {
  const running = promisify(execFile)("pulumi", args, {
    cwd: projectFolder,
    env: pulumiEnvironment(environment),
    maxBuffer: mostBytes,
    timeout: deadlineMs,
  });
  // One that ends before it has read all says why itself.
  running.child.stdin!.on("error", () => undefined).end(input);
  try {
    return (await running).stdout;
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    throw new Failure(`${failure}${stderr?.trim() || message}`);
  }
}
