import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import * as path from "node:path";
import { BadUsage, exitCodes } from "../../engine/failure";
import { onInterrupt } from "../../engine/interrupt";
import type { TenantSpec } from "../../config/schema/tenant";
import { projectFolder } from "../../engine/project";
import { type Access, clientVariables, readAccess } from "../access/access";
import type { CheckedEnvironment } from "../settings/checked-environment";

/** What `npm run traffic` publishes, and as whom. */
export interface TrafficOptions {
  account: string;
  /** User of the account; it must be allowed to publish what the program publishes. Default: `publisherOf`. */
  user?: string;
  /** Messages a second. */
  rate: string;
  /** Messages in all. Default: until Ctrl-C. */
  count?: string;
}

const programOf = (account: string): string => path.join(projectFolder, "workers", account, "traffic.ts");

/** Accounts that have sample traffic. */
export const accountsWithTraffic = (): string[] =>
  globSync(programOf("*"))
    .map((file) => path.basename(path.dirname(file)))
    .sort();

/** The user of a tenant that messages come from: `api`, else the first that only publishes. */
const publisherOf = ({ users }: Pick<TenantSpec, "users">): string | undefined =>
  "api" in users ? "api" : Object.keys(users).find((name) => users[name]!.publishes && !users[name]!.consumes);

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
  assertHasTraffic(account);
  const child = await startTraffic(checked, await readAccess(checked), { account, user, rate, count }, "inherit");
  return onInterrupt(
    (press) => child.kill(press === 1 ? "SIGINT" : "SIGKILL"),
    () =>
      new Promise<number>((resolve, reject) => {
        child.on("error", reject);
        child.on("exit", (code) => resolve(code ?? exitCodes.failed));
      }),
  );
}

function assertHasTraffic(account: string): void {
  if (!existsSync(programOf(account)))
    throw new BadUsage(
      `there is no sample traffic for account "${account}"; there is for: ${accountsWithTraffic().join(", ")}`,
    );
}

/**
 * Starts the program that publishes an account's samples.
 *
 * @param stdio of its output: progress on standard error, a summary on standard output
 * @throws {Failure} where the account or its user is not deployed
 */
export async function startTraffic(
  { environment: { regions }, tenants }: CheckedEnvironment,
  access: Access,
  { account, user, rate, count, record }: TrafficOptions & { record?: string },
  stdio: "inherit" | "pipe",
): Promise<ChildProcess> {
  const tenant = Object.values(tenants).find(({ name }) => name === account);
  const region = regions.find((name) => name === tenant?.home) ?? regions[0]!;
  const publisher = user ?? (tenant && publisherOf(tenant)) ?? "api";
  const variables = await clientVariables(access, region, account, publisher);
  const options = { rate, count, record };
  const args = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
  return spawn(process.execPath, ["-r", "./tools/runtime.cjs", programOf(account), ...args], {
    cwd: projectFolder,
    env: { ...process.env, ...variables },
    stdio: ["ignore", stdio, stdio],
    // A group of its own: Ctrl-C of a terminal would reach it twice.
    detached: true,
  });
}
