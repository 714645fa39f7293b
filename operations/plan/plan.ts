import { prepareFolders } from "../../engine/environment";
import { Progress } from "../../engine/progress";
import { withTimeouts } from "../../jetstream/timeouts";
import { type Access, readAccess } from "../access/access";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { Servers } from "./costs";
import { previewsOf } from "./engine";
import { type StackPlan, stackPlan } from "./preview";
import { inOrder, type Row, rowOf, type Verdict, verdictOf } from "./rows";

/** What an `up` of one jetstream stack would do. */
export interface PlannedStack extends Pick<StackPlan, "failures" | "warnings" | "isPartial"> {
  stack: string;
  changes: Row[];
}

/** What a deployment would do to the streams and consumers of an environment. */
export interface EnvironmentPlan {
  stacks: PlannedStack[];
  verdict: Verdict;
}

/**
 * Previews all jetstream stacks of an environment at the same time, and reads from the servers what each change would
 * cost now. Changes nothing.
 * @throws {Failure} when the environment is not deployed; what fails or is refused in a preview is part of the result
 */
export async function planEnvironment(checked: CheckedEnvironment): Promise<EnvironmentPlan> {
  prepareFolders();
  const access = await readAccess(checked);
  const progress = new Progress();
  // A plan does not wait for servers that are down.
  const stacks = await withTimeouts({ requestMs: 5_000, deadlineMs: 10_000 }, () =>
    Promise.all(checked.stacks.jetstream.map((stack) => planStack(checked, access, stack, progress))),
  );
  const isPartial = stacks.some((stack) => stack.isPartial || stack.failures.length > 0);
  return {
    stacks,
    verdict: verdictOf(
      stacks.flatMap(({ changes }) => changes),
      isPartial,
    ),
  };
}

async function planStack(
  checked: CheckedEnvironment,
  access: Access,
  stack: string,
  progress: Progress,
): Promise<PlannedStack> {
  const { previews, isCut } = await previewsOf(checked, stack, progress);
  const { changes, failures, warnings, isPartial } = stackPlan(previews);
  const servers = new Servers(access, `${checked.project.name}/${stack}`);
  try {
    const deletions = new Set(changes.filter(({ action }) => action === "delete").map(({ id }) => id));
    const rows = await Promise.all(
      changes.map(async (change) => rowOf(change, await servers.answer(change), deletions)),
    );
    const cut = isCut ? ["there may be more refusals: fix these first, then plan again"] : [];
    return { stack, changes: inOrder(rows), failures, warnings: [...warnings, ...cut], isPartial: isPartial || isCut };
  } finally {
    await servers.close();
  }
}
