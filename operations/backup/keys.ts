import * as z from "zod";
import { existingStacks } from "../../engine/existing-stacks";
import { prepareFolders } from "../../engine/environment";
import { BadUsage } from "../../engine/failure";
import { StackRunner } from "../../engine/stack-run";
import { exportState, importState } from "../../engine/stack-state";
import type { CheckedEnvironment } from "../settings/checked-environment";

/**
 * The keys of an environment, to keep beside its backups: authorities, JetStream's keys and passwords. All of them are
 * resources of the identity stack, so its state is what is kept; with it in place, the next deployment makes the same
 * certificates valid and lets the same clients in.
 */
const keptKeys = z.object({ format: z.literal(1), stack: z.string(), state: z.unknown() });

/** The part of a state that says when its resources were changed: by the engine, without what an `up` leaves alone. */
const resources = z.object({
  deployment: z.object({ resources: z.array(z.object({ modified: z.string().optional() })).optional() }),
});

/** Secret. */
export async function keysOf(checked: CheckedEnvironment): Promise<string> {
  const stack = checked.stacks.identity;
  const state: unknown = JSON.parse(await exportState(checked, stack, "plain"));
  return JSON.stringify({ format: 1, stack, state });
}

/** When one of them was last made or changed; undefined where there are none. */
export async function keysChanged(checked: CheckedEnvironment): Promise<Date | undefined> {
  if (!(await hasKeys(checked))) return undefined;
  const state: unknown = JSON.parse(await exportState(checked, checked.stacks.identity, "encrypted"));
  const { deployment } = resources.parse(state);
  const times = (deployment.resources ?? []).flatMap(({ modified }) => modified ?? []);
  return times.length ? new Date(Math.max(...times.map((time) => Date.parse(time)))) : undefined;
}

/** Whether the identity stack has keys. */
export const hasKeys = async (checked: CheckedEnvironment): Promise<boolean> =>
  (await existingStacks(checked)).get(checked.stacks.identity) === "deployed";

/** Makes the identity stack of kept keys. It must not have any: they would be lost, and what they encrypt. */
export async function putKeysBack(checked: CheckedEnvironment, text: string): Promise<void> {
  const { stack, state } = keptKeys.parse(JSON.parse(text));
  const own = checked.stacks.identity;
  if (stack !== own) throw new BadUsage(`the keys are those of stack ${stack}, not of ${own}`);
  prepareFolders();
  if (!(await existingStacks(checked)).has(own)) await new StackRunner(checked).init(own, "identity");
  await importState(checked, own, JSON.stringify(state));
}
