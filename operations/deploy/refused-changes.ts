import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { environmentDir } from "../../config/cache";
import { npmRun } from "../../config/command-lines";
import { dependsOnServers } from "../../config/diagnostics";
import type { Stacks } from "../../config/stacks";
import type { ExistingStacks } from "../../engine/existing-stacks";
import { Failure } from "../../engine/failure";
import { type PlannedStack, planStacks } from "../plan/plan";
import type { CheckedEnvironment } from "../settings/checked-environment";

/**
 * Refuses a release whose streams or consumers an `up` would refuse, before the stacks that run first change anything
 * for it: a user that goes together with a stream that may not, say. What servers refuse because of what they are is
 * left to the `up`: this deployment may change them first. Asks nothing where these declarations were deployed last.
 * @throws {Failure} with every refusal
 */
export async function assertNothingRefused(checked: CheckedEnvironment, existing: ExistingStacks): Promise<void> {
  const stacks = plannable(checked.stacks, existing);
  if (stacks.length === 0 || wasDeployedLast(checked)) return;
  const refusals = refusalsIn(await planStacks(checked, stacks));
  if (refusals.length === 0) return;
  throw new Failure(
    [
      "nothing was changed, because these changes would be refused:",
      ...refusals.map((line) => `  ${line}`),
      `The whole plan: ${npmRun("plan", checked.name)}`,
    ].join("\n"),
  );
}

/** Jetstream stacks that can be planned: something is deployed, and so is a region that tells how to connect. Pure. */
export function plannable({ regions, jetstream }: Stacks, existing: ExistingStacks): string[] {
  const isDeployed = (stack: string) => existing.get(stack) === "deployed";
  return isDeployed(regions[0]!) ? jetstream.filter(isDeployed) : [];
}

/** What would be refused whatever servers there are: a line each. Pure. */
export const refusalsIn = (stacks: Pick<PlannedStack, "stack" | "changes">[]): string[] =>
  stacks.flatMap(({ stack, changes }) =>
    changes
      .filter(
        ({ class: name, reasons }) => name === "refused" && !reasons.every((one) => one.includes(dependsOnServers)),
      )
      .map(({ id, what, reasons }) => `${stack}: ${what} ${id}: ${reasons.join("; ")}`),
  );

/** Remembers that the jetstream stacks of a local environment are as its declarations say. */
export function recordDeployed(checked: CheckedEnvironment): void {
  if (checked.environment.target !== "local") return;
  mkdirSync(environmentDir(checked.name), { recursive: true, mode: 0o700 });
  writeFileSync(recordOf(checked), digestOf(checked));
}

function wasDeployedLast(checked: CheckedEnvironment): boolean {
  try {
    return readFileSync(recordOf(checked), "utf8") === digestOf(checked);
  } catch {
    return false;
  }
}

const recordOf = ({ name }: CheckedEnvironment): string => path.join(environmentDir(name), "deployed.sha256");

const digestOf = ({ environment, accounts, failovers }: CheckedEnvironment): string =>
  createHash("sha256")
    .update(JSON.stringify([environment, accounts, failovers]))
    .digest("hex");
