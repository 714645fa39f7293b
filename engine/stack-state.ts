import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { pulumiEnvironment } from "./environment";
import { Failure } from "./failure";
import { type DeployableEnvironment, projectFolder } from "./project";

const deadlineMs = 120_000;

/**
 * The whole state of a stack with its secrets in plain text, as JSON that `importState` takes. Secret.
 * @throws {Failure} where there is no such stack, or its secrets provider cannot be used
 */
export const exportState = (deployable: DeployableEnvironment, stack: string): Promise<string> =>
  pulumi(
    deployable,
    ["stack", "export", "--show-secrets", "--stack", stack],
    `the state of stack ${stack} could not be read`,
  );

/**
 * Replaces the state of a stack, which must exist; secrets are encrypted with its own secrets provider. The state goes
 * to Pulumi by its standard input: no file has it.
 */
export async function importState(deployable: DeployableEnvironment, stack: string, state: string): Promise<void> {
  await pulumi(
    deployable,
    ["stack", "import", "--stack", stack],
    `the state of stack ${stack} could not be written`,
    state,
  );
}

async function pulumi(
  { environment }: Pick<DeployableEnvironment, "environment">,
  args: string[],
  failure: string,
  input?: string,
): Promise<string> {
  const running = promisify(execFile)("pulumi", [...args, "--non-interactive"], {
    cwd: projectFolder,
    env: pulumiEnvironment(environment),
    maxBuffer: 256 * 1024 ** 2,
    timeout: deadlineMs,
  });
  running.child.stdin!.on("error", () => undefined).end(input);
  const { stdout } = await running.catch((error: Error & { stderr?: string }) => {
    throw new Failure(`${failure}: ${error.stderr?.trim() || error.message}`);
  });
  return stdout;
}
