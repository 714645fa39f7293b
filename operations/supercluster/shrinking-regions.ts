import { serverNames } from "../../config/topology";
import { npmRun } from "../../config/command-lines";
import { readHoldings } from "../../jetstream/holdings";
import { refusalOfStopping, type ShrinkingRegion, shrinkOf } from "../../jetstream/leaving-servers";
import { readAccess } from "../access/access";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { type DeployedRegions, deployedRegions } from "./deployed-regions";
import { connectToSystem } from "./snapshot";

/**
 * Regions that were deployed with more servers than the settings have now, in the order of the settings.
 * @param known what is deployed, where it was read already
 * @throws {Failure} where the outputs of a region's stack cannot be read
 */
export async function shrinkingRegions(
  checked: CheckedEnvironment,
  known?: DeployedRegions,
): Promise<ShrinkingRegion[]> {
  const deployed = known ?? (await deployedRegions(checked));
  return [...deployed].flatMap(
    ([region, { region: before }]) =>
      shrinkOf(region, before?.servers ?? [], serverNames(checked.environment, [region])) ?? [],
  );
}

/** A region that shrinks, and why its servers cannot be stopped yet; without a refusal the next deployment does it. */
export interface PlannedShrink extends ShrinkingRegion {
  refusal?: string;
}

/** What the next deployment would do to regions that have fewer servers now: region stacks refuse the same. */
export async function plannedShrinks(checked: CheckedEnvironment, deployed: DeployedRegions): Promise<PlannedShrink[]> {
  const regions = await shrinkingRegions(checked, deployed);
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
