import type { Environment } from "../schema/settings";

/** Warnings about settings that are allowed but risky, a sentence or more each; empty if there is none. Pure. */
export function warningsOf({ regions }: Pick<Environment, "regions">): string[] {
  return regions.length === 2 ? [twoRegions(regions)] : [];
}

const twoRegions = (regions: readonly string[]): string =>
  `${regions.join(" and ")} do not survive each other's loss: each has half of the meta group, ` +
  "and more than half is needed to create, change or move any stream or consumer. " +
  "Add a third region (docs/runbooks/add-a-region.md), or accept that changes wait until the lost one is back";
