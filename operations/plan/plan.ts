import { prepareFolders } from "../../engine/environment";
import { Progress } from "../../engine/progress";
import { withTimeouts } from "../../jetstream/timeouts";
import { type Access, isDeployed, readAccess } from "../access/access";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { declaredReservations, type Reservations, undeclared } from "../../config/assets/reservations";
import { readHeld } from "../supercluster/held";
import { deployedRegions } from "../supercluster/deployed-regions";
import { type RestartingRegion, restartingRegions } from "../supercluster/restarting-regions";
import { type PlannedShrink, plannedShrinks } from "../supercluster/shrinking-regions";
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
  /** Regions with fewer servers than before. */
  regions: PlannedShrink[];
  /** Regions whose servers restart or start. */
  restarts: RestartingRegion[];
  stacks: PlannedStack[];
  /** Names of streams that servers hold and nothing declares, by account; those that this plan changes are not. */
  undeclared: Record<string, string[]>;
  verdict: Verdict;
}

/**
 * Previews all jetstream stacks of an environment at the same time, and reads from the servers what each change would
 * cost now. Of regions it finds servers that would be stopped, and why they cannot be. Changes nothing.
 * @throws {Failure} when the environment is not deployed; what fails or is refused in a preview is part of the result
 */
export async function planEnvironment(checked: CheckedEnvironment): Promise<EnvironmentPlan> {
  prepareFolders();
  const access = await readAccess(checked);
  const [held, deployed, stacks] = await withTimeouts(impatient, () =>
    Promise.all([
      heldReservations(access),
      deployedRegions(checked),
      planStacks(checked, checked.stacks.jetstream, access),
    ]),
  );
  const regions = await withTimeouts(impatient, () => plannedShrinks(checked, deployed));
  const isPartial = stacks.some((stack) => stack.isPartial || stack.failures.length > 0);
  return {
    regions,
    restarts: restartingRegions(checked, deployed),
    stacks,
    undeclared: undeclaredNames(
      declaredReservations(checked.environment, checked.accounts),
      held,
      stacks.flatMap(({ changes }) => changes),
    ),
    verdict: verdictOf(
      stacks.flatMap(({ changes }) => changes),
      isPartial,
      regions.flatMap(({ region, refusal }) => (refusal === undefined ? [] : [`region ${region}`])),
    ),
  };
}

/** A plan does not wait for servers that are down. */
const impatient = { requestMs: 5_000, deadlineMs: 10_000 };

/** What an `up` of each of these jetstream stacks would do, as `planEnvironment` finds it. Changes nothing. */
export async function planStacks(
  checked: CheckedEnvironment,
  stacks: string[],
  known?: Access,
): Promise<PlannedStack[]> {
  const access = known ?? (await readAccess(checked));
  const progress = new Progress();
  return withTimeouts(impatient, () => Promise.all(stacks.map((stack) => planStack(checked, access, stack, progress))));
}

/** What the servers hold; nothing where none can be asked, which the previews report. */
const heldReservations = (access: Access): Promise<Reservations> =>
  readHeld(access).then(
    ({ reservations }) => reservations,
    () => ({}),
  );

/** Held streams that nothing declares, without those that the plan has a row for. Pure. */
export function undeclaredNames(
  declared: Reservations,
  held: Reservations,
  changes: Pick<Row, "id">[],
): Record<string, string[]> {
  const planned = new Set(changes.map(({ id }) => id));
  return Object.fromEntries(
    Object.entries(undeclared(declared, held)).flatMap(([account, streams]) => {
      const names = Object.keys(streams).filter((name) => !planned.has(`${account}/${name}`));
      return names.length ? [[account, names.sort()] as const] : [];
    }),
  );
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
    const accounts = [...new Set(changes.map(({ wanted, deployed }) => (wanted ?? deployed)?.account))];
    const notes = accounts.flatMap((account) =>
      account !== undefined && !isDeployed(access, account)
        ? [`account ${account} is not deployed yet: a deployment creates it in every region before its streams`]
        : [],
    );
    const cut = isCut ? ["there may be more refusals: fix these first, then plan again"] : [];
    return {
      stack,
      changes: inOrder(rows),
      failures,
      warnings: [...warnings, ...notes, ...cut],
      isPartial: isPartial || isCut,
    };
  } finally {
    await servers.close();
  }
}
