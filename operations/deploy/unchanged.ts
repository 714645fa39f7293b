import type { StackRunner } from "../../engine/stack-run";
import { logProgress } from "../../engine/terminal";
import { resultOf } from "../plan/engine";

/**
 * Region stacks in which an `up` would change nothing: previewed at the same time, because the `up`s of regions wait
 * for each other. Where a preview fails, the `up` reports why. One stack alone is not previewed.
 */
export async function unchangedRegions(
  runner: Pick<StackRunner, "preview">,
  stacks: readonly string[],
): Promise<ReadonlySet<string>> {
  if (stacks.length < 2) return new Set();
  const previews = await Promise.all(
    stacks.map(async (stack) => ({ stack, ...(await runner.preview(stack, "region").catch(resultOf)) })),
  );
  const unchanged = previews.filter(({ isUnchanged, exitCode }) => isUnchanged && exitCode === 0);
  for (const { stack, summary } of unchanged) logProgress(`  ${stack.padEnd(20)}  ${summary}`);
  return new Set(unchanged.map(({ stack }) => stack));
}
