import { type Access, readAccess } from "../access/access";
import { type ExistingStacks, existingStacks } from "../../engine/existing-stacks";
import { Failure } from "../../engine/failure";
import { endOrphans } from "../../engine/recovery";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { StackRunner } from "../../engine/stack-run";
import { logProgress, print } from "../../engine/terminal";
import { Gate } from "./gate";
import { readPreview, resultOf } from "../plan/engine";
import { withoutSeverity } from "../../engine/pulumi-text";
import { failuresOf } from "../plan/preview";
import { Plans } from "../../engine/plans";
import { renderPreview } from "./preview";
import { stepsOf } from "./steps";
import { ThrowawayBackend } from "../../engine/throwaway-backend";

/** Brings every stack of an environment up, in order; with plans, exactly what they say. Returns how clients get in. */
export async function deploy(checked: CheckedEnvironment, plans?: Plans): Promise<Access> {
  const existing = await existingStacks(checked);
  const steps = stepsOf(checked.environment, checked.stacks, deployedOf(existing));
  plans?.require(steps.flatMap(({ stacks }) => stacks));
  if (checked.environment.target === "local") await endOrphans();
  const runner = new StackRunner(checked);
  const gate = steps.some(({ isGated }) => isGated) ? await Gate.open(checked) : undefined;
  let access: Promise<Access> | undefined;
  for (const { kind, stacks, isGated } of steps) {
    if (kind === "jetstream") {
      access = readAccess(checked);
      // Its failure counts when the stacks are through.
      access.catch(() => undefined);
    }
    await together(stacks, async (stack) => {
      if (checked.environment.target !== "local" && !existing.has(stack)) await runner.init(stack, kind);
      const { isUnchanged } = await runner.up(stack, kind, plans);
      if (isGated && !isUnchanged) await gate!.pass(stack);
    });
  }
  return access ?? readAccess(checked);
}

/** Shows what `deploy` would do to every stack; changes nothing. */
export async function dryRun(checked: CheckedEnvironment, plans?: Plans): Promise<void> {
  const existing = await existingStacks(checked);
  const steps = stepsOf(checked.environment, checked.stacks, deployedOf(existing));
  const missing = steps.flatMap(({ stacks }) => stacks).filter((stack) => !existing.has(stack));
  if (plans) {
    Plans.refuseNew(missing);
    plans.prepare();
  }
  const runner = new StackRunner(checked);
  const throwaway = missing.length ? new ThrowawayBackend(checked.project) : undefined;
  try {
    // Previews wait for nothing; each stack is looked at as it is now.
    const all = steps.flatMap(({ kind, stacks }) => stacks.map((stack) => ({ kind, stack })));
    const texts = new Map<string, string>();
    const preview = async ({ kind, stack }: (typeof all)[number]) => {
      const options = { plans, throwaway: missing.includes(stack) ? throwaway : undefined };
      const found = readPreview(stack, await runner.preview(stack, kind, options).catch(resultOf));
      texts.set(stack, renderPreview(stack, found));
      const failures = [...new Set(failuresOf(found).map(({ message }) => withoutSeverity(message)))];
      if (failures.length) throw new Failure(`${stack} would fail:\n${failures.map((line) => `  ${line}`).join("\n")}`);
    };
    await together(all, preview).finally(() =>
      all.forEach(({ stack }) => texts.has(stack) && print(`\n${texts.get(stack)}`)),
    );
  } finally {
    throwaway?.remove();
  }
  if (missing.length)
    logProgress(
      `partial: ${missing.join(", ")} do not exist yet, so what they take from other stacks is unknown in this plan`,
    );
}

const deployedOf = (existing: ExistingStacks): Set<string> =>
  new Set([...existing].flatMap(([stack, state]) => (state === "deployed" ? [stack] : [])));

/** All side by side; when some fail, every failure is told, once all have ended. */
export async function together<T>(items: T[], action: (item: T) => Promise<void>): Promise<void> {
  const failures = (await Promise.allSettled(items.map(action))).flatMap((result) =>
    result.status === "rejected" ? [result.reason as Error] : [],
  );
  for (const { message } of failures.slice(0, -1)) logProgress(message);
  if (failures.length > 0) throw failures.at(-1)!;
}
