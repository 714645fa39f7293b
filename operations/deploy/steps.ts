import type { Environment } from "../../config/schema/settings";
import type { Stacks } from "../../config/stacks";
import type { Kind } from "../../engine/stack-run";

/** Stacks that are brought up side by side. */
export interface Step {
  kind: Kind;
  stacks: string[];
  /** Servers that clients use may be restarted: before the next step all has to be as well as it was. */
  isGated: boolean;
}

/**
 * Additions go from identity to regions to jetstream: each needs what is before it. Regions that are new come up side by side, as none
 * waits for another; the others one after another, because a change may restart their servers. Local servers take turns by themselves,
 * over all regions. Pure.
 *
 * @param deployed stacks that have been brought up before
 */
export function stepsOf(
  { target }: Pick<Environment, "target">,
  { identity, regions, jetstream }: Stacks,
  deployed: ReadonlySet<string>,
): Step[] {
  const isNew = (stack: string) => target === "local" || !deployed.has(stack);
  const step = (kind: Kind, stacks: string[], isGated = false): Step => ({ kind, stacks, isGated });
  return [
    step("identity", [identity]),
    step("region", regions.filter(isNew)),
    ...regions.filter((stack) => !isNew(stack)).map((stack) => step("region", [stack], true)),
    step("jetstream", jetstream),
  ].filter(({ stacks }) => stacks.length > 0);
}
