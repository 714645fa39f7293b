import * as z from "zod";
import { npmRun } from "../../config/command-lines";
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

/** Secret. */
export async function keysOf(checked: CheckedEnvironment): Promise<string> {
  const stack = checked.stacks.identity;
  const state: unknown = JSON.parse(await exportState(checked, stack));
  return JSON.stringify({ format: 1, stack, state });
}

/**
 * Makes the identity stack of keys that were kept. Refused where the stack has keys already: they would be lost, and
 * with them what they encrypt.
 */
export async function putKeysBack(checked: CheckedEnvironment, text: string): Promise<void> {
  const { stack, state } = keptKeys.parse(JSON.parse(text));
  const own = checked.stacks.identity;
  if (stack !== own)
    throw new BadUsage(`the keys are those of stack ${stack}, not of ${own}: pass its environment as --env`);
  const existing = (await existingStacks(checked)).get(own);
  if (existing === "deployed")
    throw new BadUsage(
      `stack ${own} has keys already, which would be lost; nothing was changed. If they may go: ` +
        npmRun("stop", checked.name),
    );
  prepareFolders();
  if (existing === undefined) await new StackRunner(checked).init(own, "identity");
  await importState(checked, own, JSON.stringify(state));
}
