import { spawn } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import * as path from "node:path";
import { BadUsage, exitCodes } from "../../engine/failure";
import { onInterrupt } from "../../engine/interrupt";
import { projectFolder } from "../../engine/project";
import { clientVariables, readAccess } from "../access/access";
import type { CheckedEnvironment } from "../settings/checked-environment";

/** What `npm run traffic` publishes, and as whom. */
export interface TrafficOptions {
  account: string;
  /** User of the account; it must be allowed to publish what the program publishes. */
  user: string;
  /** Messages a second. */
  rate: string;
  /** Messages in all. Default: until Ctrl-C. */
  count?: string;
}

const programOf = (account: string): string => path.join(projectFolder, "workers", account, "traffic.ts");

/**
 * Runs the program `workers/<account>/traffic.ts`, which publishes sample messages, with the connection of one of the
 * account's users in its environment. Connects to the home region of the account's streams.
 *
 * @returns its exit code
 * @throws {BadUsage} where there is no such program
 * @throws {Failure} where there is no such user, or the environment is not deployed
 */
export async function runTraffic(
  checked: CheckedEnvironment,
  { account, user, rate, count }: TrafficOptions,
): Promise<number> {
  const program = programOf(account);
  if (!existsSync(program)) {
    const known = globSync(programOf("*")).map((file) => path.basename(path.dirname(file)));
    throw new BadUsage(`there is no sample traffic for account "${account}"; there is for: ${known.join(", ")}`);
  }
  const access = await readAccess(checked);
  const { regions } = checked.environment;
  const home = Object.values(checked.tenants).find(({ name }) => name === account)?.home;
  const region = regions.find((name) => name === home) ?? regions[0]!;
  const variables = await clientVariables(access, region, account, user);
  const child = spawn(
    process.execPath,
    ["-r", "./tools/runtime.cjs", program, "--rate", rate, ...(count === undefined ? [] : ["--count", count])],
    // A group of its own: Ctrl-C of a terminal would reach it twice.
    { cwd: projectFolder, env: { ...process.env, ...variables }, stdio: "inherit", detached: true },
  );
  return onInterrupt(
    (press) => child.kill(press === 1 ? "SIGINT" : "SIGKILL"),
    () =>
      new Promise<number>((resolve, reject) => {
        child.on("error", reject);
        child.on("exit", (code) => resolve(code ?? exitCodes.failed));
      }),
  );
}
