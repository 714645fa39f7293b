import { stackOutputs } from "../../engine/stack-outputs";
import type { RegionOutputs } from "../../stacks/outputs";
import type { CheckedEnvironment } from "../settings/checked-environment";

/**
 * Region stacks with workers that KEDA does not scale yet, because their durables did not exist when the region was
 * deployed. Stacks whose outputs cannot be read are left to the next deployment.
 */
export async function stacksToScale(
  checked: Pick<CheckedEnvironment, "environment" | "project" | "stacks">,
  outputsOf: (stack: string) => Promise<Partial<RegionOutputs>> = (stack) => stackOutputs(checked, stack),
): Promise<string[]> {
  const { environment, stacks } = checked;
  if (environment.target !== "kubernetes" || environment.kubernetes.workers?.scaling.by !== "keda") return [];
  const waiting = await Promise.all(
    stacks.regions.map(async (stack) => {
      const { workers = {} } = await outputsOf(stack).catch((): Partial<RegionOutputs> => ({}));
      return Object.values(workers).some(({ waitsFor }) => waitsFor?.length);
    }),
  );
  return stacks.regions.filter((_, index) => waiting[index]);
}
