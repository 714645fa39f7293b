import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { serverNames } from "../../config/topology";
import { stackName } from "../../config/stacks";
import { outputsOf } from "../../engine/backend";
import { npmRun } from "../../engine/command-lines";
import { pulumiEnvironment, stateFolder } from "../../engine/environment";
import { existingStacks } from "../../engine/existing-stacks";
import { Failure } from "../../engine/failure";
import { projectFolder } from "../../engine/project";
import { readHoldings } from "../../jetstream/holdings";
import { refusalOfStopping, type ShrinkingRegion, shrinkOf } from "../../jetstream/leaving-servers";
import type { RegionOutputs } from "../../stacks/outputs";
import { readAccess } from "../access/access";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { connectToSystem } from "./snapshot";

/**
 * Regions that were deployed with more servers than the settings have now, in the order of the settings.
 * @throws {Failure} where the outputs of a region's stack cannot be read
 */
export async function shrinkingRegions(checked: CheckedEnvironment): Promise<ShrinkingRegion[]> {
  const { name: environment, environment: settings } = checked;
  const existing = await existingStacks(checked);
  const found = await Promise.all(
    settings.regions.map(async (region) => {
      const stack = stackName({ environment, kind: "region", region });
      if (existing.get(stack) !== "deployed") return undefined;
      const deployed = await deployedServers(checked, stack);
      return shrinkOf(region, deployed, serverNames(settings, [region]));
    }),
  );
  return found.filter((region) => region !== undefined);
}

async function deployedServers({ project, environment }: CheckedEnvironment, stack: string): Promise<string[]> {
  if (environment.target === "local")
    return (outputsOf(stateFolder(), project.name, stack) as Partial<RegionOutputs>).region?.servers ?? [];
  const args = ["stack", "output", "--stack", stack, "--json", "--non-interactive"];
  const { stdout } = await promisify(execFile)("pulumi", args, {
    cwd: projectFolder,
    env: pulumiEnvironment(environment),
    maxBuffer: 64 * 1024 ** 2,
    timeout: 60_000,
  }).catch((error: Error & { stderr?: string }) => {
    throw new Failure(`the outputs of stack ${stack} could not be read: ${error.stderr?.trim() || error.message}`);
  });
  return (JSON.parse(stdout) as Partial<RegionOutputs>).region?.servers ?? [];
}

/** A region that shrinks, and why its servers cannot be stopped yet; without a refusal the next deployment does it. */
export interface PlannedShrink extends ShrinkingRegion {
  refusal?: string;
}

/** What the next deployment would do to regions that have fewer servers now: region stacks refuse the same. */
export async function plannedShrinks(checked: CheckedEnvironment): Promise<PlannedShrink[]> {
  const regions = await shrinkingRegions(checked);
  if (regions.length === 0) return [];
  const holdings = await holdingsOf(checked).catch((error: Error) => error.message);
  return regions.map((region) => ({
    ...region,
    refusal: refusalOfStopping(region, holdings, npmRun("drain-servers", checked.name)),
  }));
}

async function holdingsOf(checked: CheckedEnvironment) {
  const system = await connectToSystem(await readAccess(checked));
  try {
    return await readHoldings(system);
  } finally {
    await system.close();
  }
}
