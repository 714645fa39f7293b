import { serverNames } from "../../config/topology";
import { stackName } from "../../config/stacks";
import { npmRun } from "../../config/command-lines";
import { type ExistingStacks, existingStacks } from "../../engine/existing-stacks";
import { stackOutputs } from "../../engine/stack-outputs";
import { readHoldings } from "../../jetstream/holdings";
import { refusalOfStopping, type ShrinkingRegion, shrinkOf } from "../../jetstream/leaving-servers";
import type { RegionOutputs } from "../../stacks/outputs";
import { readAccess } from "../access/access";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { connectToSystem } from "./snapshot";

/**
 * Regions that were deployed with more servers than the settings have now, in the order of the settings.
 * @param existing the environment's stacks, where they are known already
 * @throws {Failure} where the outputs of a region's stack cannot be read
 */
export async function shrinkingRegions(
  checked: CheckedEnvironment,
  existing?: ExistingStacks,
): Promise<ShrinkingRegion[]> {
  const { name: environment, environment: settings } = checked;
  const stacks = existing ?? (await existingStacks(checked));
  const found = await Promise.all(
    settings.regions.map(async (region) => {
      const stack = stackName({ environment, kind: "region", region });
      if (stacks.get(stack) !== "deployed") return undefined;
      const { region: deployed } = await stackOutputs<RegionOutputs>(checked, stack);
      return shrinkOf(region, deployed?.servers ?? [], serverNames(settings, [region]));
    }),
  );
  return found.filter((region) => region !== undefined);
}

/** A region that shrinks, and why its servers cannot be stopped yet; without a refusal the next deployment does it. */
export interface PlannedShrink extends ShrinkingRegion {
  refusal?: string;
}

/** What the next deployment would do to regions that have fewer servers now: region stacks refuse the same. */
export async function plannedShrinks(checked: CheckedEnvironment, existing?: ExistingStacks): Promise<PlannedShrink[]> {
  const regions = await shrinkingRegions(checked, existing);
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
