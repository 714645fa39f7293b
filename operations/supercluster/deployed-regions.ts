import { stackName } from "../../config/stacks";
import { type ExistingStacks, existingStacks } from "../../engine/existing-stacks";
import { stackOutputs } from "../../engine/stack-outputs";
import type { RegionOutputs } from "../../stacks/outputs";
import type { CheckedEnvironment } from "../settings/checked-environment";

/** Outputs of regions as they were deployed last, by name, in the order of the settings. */
export type DeployedRegions = ReadonlyMap<string, Partial<RegionOutputs>>;

/**
 * Reads the outputs of every region that is deployed, at the same time.
 * @param existing the environment's stacks, where they are known already
 * @throws {Failure} where the outputs of a region's stack cannot be read
 */
export async function deployedRegions(
  checked: CheckedEnvironment,
  existing?: ExistingStacks,
): Promise<DeployedRegions> {
  const { name: environment, environment: settings } = checked;
  const stacks = existing ?? (await existingStacks(checked));
  const found = await Promise.all(
    settings.regions.map(async (region): Promise<[string, Partial<RegionOutputs>][]> => {
      const stack = stackName({ environment, kind: "region", region });
      return stacks.get(stack) === "deployed" ? [[region, await stackOutputs<RegionOutputs>(checked, stack)]] : [];
    }),
  );
  return new Map(found.flat());
}
