import { type Access, readAccess } from "../../operations/access/access";
import { prepareFolders } from "../../engine/environment";
import { Servers } from "../../operations/plan/costs";
import { previewsOf } from "../../operations/plan/engine";
import { type StackPlan, stackPlan } from "../../operations/plan/preview";
import { renderRows } from "../render/plan";
import { failureOf, inOrder, type Row, rowOf, verdictOf } from "../../operations/plan/rows";
import { Progress } from "../../engine/progress";
import { type CheckedEnvironment, checkedEnvironment } from "../../operations/settings/checked-environment";
import { progressColours as colour, logProgress, print } from "../../engine/terminal";

interface StackRows extends Pick<StackPlan, "failures" | "warnings" | "isPartial"> {
  stack: string;
  changes: Row[];
}

/**
 * Shows what an `up` of the jetstream stacks would do to each stream and consumer, and what that would cost now; changes nothing.
 * Fails where something would be refused, or cannot be known, or would be lost without leave.
 */
export async function plan({ env, json = false }: { env: string; json?: boolean }): Promise<void> {
  const checked = checkedEnvironment(env);
  prepareFolders();
  const access = await readAccess(checked);
  const progress = new Progress();
  const stacks = await Promise.all(
    checked.stacks.jetstream.map((stack) => planStack(checked, access, stack, progress)),
  );

  const failures = stacks.flatMap((stack) => stack.failures);
  const verdict = verdictOf(
    stacks.flatMap(({ changes }) => changes),
    failures.length > 0 || stacks.some(({ isPartial }) => isPartial),
  );
  const { ok, summary } = verdict;
  if (json) print(JSON.stringify({ environment: env, ok, summary, stacks }, undefined, 2));
  else {
    for (const { stack, changes, warnings } of stacks) {
      for (const warning of warnings) logProgress(colour.yellow(`${stack}: ${warning}`));
      print(`\n${stack}${changes.length ? `\n${renderRows(changes)}` : ": nothing to change"}`);
    }
    print(`\n${summary}`);
  }
  const failure = failureOf(verdict, failures);
  if (failure) throw failure;
}

async function planStack(
  checked: CheckedEnvironment,
  access: Access,
  stack: string,
  progress: Progress,
): Promise<StackRows> {
  const { previews, isCut } = await previewsOf(checked, stack, progress);
  const { changes, failures, warnings, isPartial } = stackPlan(previews);
  const servers = new Servers(access, `${checked.project.name}/${stack}`);
  try {
    const deletions = new Set(changes.filter(({ action }) => action === "delete").map(({ id }) => id));
    const rows = await Promise.all(
      changes.map(async (change) => rowOf(change, await servers.answer(change), deletions)),
    );
    const cut = isCut ? ["more may be refused: fix these first, then plan again"] : [];
    return { stack, changes: inOrder(rows), failures, warnings: [...warnings, ...cut], isPartial: isPartial || isCut };
  } finally {
    await servers.close();
  }
}
