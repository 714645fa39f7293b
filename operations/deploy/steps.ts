import type { Environment } from "../../config/schema/settings";
import type { Stacks } from "../../config/stacks";
import type { Kind } from "../../engine/stack-run";

/** Stacks that are deployed at the same time. */
export interface Step {
  kind: Kind;
  stacks: string[];
  /** Servers in use may restart: before the next step the supercluster must be as healthy as it was. */
  isGated: boolean;
  /** It is the canary region: the deployment pauses after it. */
  isCanary: boolean;
}

/**
 * The order of a deployment: identity, regions, jetstream; each needs the ones before it. New regions are deployed at
 * the same time, because none waits for another; existing ones one after another, because a change may restart their
 * servers. Local servers restart one after another by themselves, over all regions. Pure.
 *
 * @param deployed stacks that have been deployed before
 * @param canary the region stack that is deployed before all others, alone
 * @param inTurn whether local regions are deployed one after another too
 */
export function stepsOf(
  { target }: Pick<Environment, "target">,
  { identity, regions, jetstream }: Stacks,
  deployed: ReadonlySet<string>,
  canary?: string,
  inTurn = false,
): Step[] {
  const isNew = (stack: string) => (target === "local" && !inTurn) || !deployed.has(stack);
  const step = (kind: Kind, stacks: string[], isGated = false): Step => ({ kind, stacks, isGated, isCanary: false });
  const others = regions.filter((stack) => stack !== canary);
  return [
    step("identity", [identity]),
    ...(canary === undefined ? [] : [{ ...step("region", [canary], true), isCanary: true }]),
    step("region", others.filter(isNew)),
    ...others.filter((stack) => !isNew(stack)).map((stack) => step("region", [stack], true)),
    step("jetstream", jetstream),
  ].filter(({ stacks }) => stacks.length > 0);
}
