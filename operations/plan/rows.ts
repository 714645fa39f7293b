import { allowance, type Cost, describe, excess } from "../../jetstream/costs";
import type { AssetArgs } from "../../jetstream/schemas";
import { Failure, WouldLose } from "../../engine/failure";
import { plural } from "../../config/plural";
import type { Answer } from "./costs";
import type { FieldChange, PlannedChange } from "./preview";

/** Classes of changes, with the words by which the summary counts them; what needs attention comes first. */
export const classes = {
  refused: "refused",
  delete: "to delete",
  replace: "to recreate",
  "loses messages": "to change with an allowed loss",
  forget: "to forget",
  adopt: "to take over",
  create: "to create",
  "in place": "to change in place",
  "state only": "in the state only",
} as const;

export type Class = keyof typeof classes;

const order = Object.keys(classes) as Class[];

/** By class, and by name within. */
export const inOrder = (rows: Row[]): Row[] =>
  rows.toSorted(
    (left, right) => order.indexOf(left.class) - order.indexOf(right.class) || left.id.localeCompare(right.id),
  );

/** One planned change with what it would cost now: a line of the plan, and an entry of `plan --json`. */
export interface Row {
  /** `irisx/SMS` or `irisx/SMS/sms-worker`. */
  id: string;
  what: "stream" | "consumer";
  class: Class;
  fields: FieldChange[];
  costs: RowCost[];
  /** Why it would be refused. */
  reasons: string[];
  notes: string[];
  /** Why its cost, or what exists already, is not known. */
  unknown?: string;
}

export interface RowCost extends Pick<Cost, "change" | "messages" | "of" | "bytes" | "isEstimate" | "behind"> {
  /** `would drop 96 of 101 messages, 50.1 KiB; consumer sms-worker is 100 behind`. */
  text: string;
  /** `allowDataLoss` names it, with enough messages. */
  isAllowed: boolean;
}

/**
 * The row of a change, from the engine's plan and the servers' answer. `deletions`: ids of all that the plan deletes.
 */
export function rowOf(change: PlannedChange, answer: Answer, deletions: ReadonlySet<string> = new Set()): Row {
  const row = (name: Class, beside: Partial<Row> = {}): Row => ({
    id: change.id,
    what: change.kind.what,
    class: change.refusals.length || beside.reasons?.length ? "refused" : name,
    fields: change.fields,
    costs: [],
    notes: change.notes,
    ...beside,
    reasons: [...change.refusals, ...(beside.reasons ?? [])],
  });
  if ("unknown" in answer) return row(plainly[change.action], { unknown: answer.unknown });
  const { info, isForeign, refusals, differences } = answer;
  const costs = answer.costs.map((cost) => costOf(cost, change.wanted));
  switch (change.action) {
    case "create": {
      if (!info) return row("create");
      const fields = differences.map(({ field, expected, found }) => ({ field, from: found, to: expected }));
      return row("adopt", {
        fields,
        costs,
        reasons: refusals.length ? refusals : tooMuch(costs),
        notes: [...change.notes, fields.length ? "exists already" : "exists already and is not changed"],
      });
    }
    case "update":
      return row(costs.length ? "loses messages" : "in place", { costs, reasons: [...refusals, ...tooMuch(costs)] });
    case "replace":
      return info || change.isCarried ? row("replace", { costs, reasons: tooMuch(costs) }) : row("create");
    case "delete": {
      if (change.isCarried) return row("delete");
      if (!info) return row("forget", { notes: ["does not exist on the servers any more"] });
      if (isForeign) return row("forget", { notes: ["has another owner by now, so it is kept"] });
      // Protected: with what a deletion would cost. Otherwise nothing is deleted.
      if (change.isRetained)
        return row(
          "forget",
          change.refusals.length ? { costs } : { notes: ["is kept on the servers and no longer reconciled"] },
        );
      return row("delete", {
        costs,
        reasons: [
          ...(change.wanted ? notAllowed(answer.costs, change.wanted) : keptForContent(change, costs)),
          ...keptForCopies(change, answer.info!.alternates ?? [], deletions),
        ],
      });
    }
    case "state":
    case "refused":
      return row(plainly[change.action]);
  }
}

/** The class of a change when nothing is known from the servers. */
const plainly: Record<PlannedChange["action"], Class> = {
  create: "create",
  update: "in place",
  state: "state only",
  replace: "replace",
  delete: "delete",
  refused: "refused",
};

const costOf = (cost: Cost, args: Pick<AssetArgs, "allowDataLoss"> = {}): RowCost => {
  const { change, messages, of, bytes, isEstimate, behind } = cost;
  return {
    change,
    messages,
    of,
    bytes,
    isEstimate,
    behind,
    text: describe(cost),
    isAllowed: excess(cost, allowance(args, change)) === undefined,
  };
};

/** The provider's check passed before, so the counts have changed since. */
const tooMuch = (costs: RowCost[]): string[] =>
  costs
    .filter(({ isAllowed }) => !isAllowed)
    .map(({ change, text }) => `${change} ${text}, more than allowDataLoss allows`);

/** Deletions that the write would refuse. */
const notAllowed = (costs: Cost[], args: AssetArgs): string[] =>
  costs.flatMap((cost) => excess(cost, allowance(args, cost.change)) ?? []);

function keptForContent({ deployed }: PlannedChange, costs: RowCost[]): string[] {
  const isFull = costs.some(({ messages }) => messages > 0);
  return deployed!.deletionPolicy === "delete-if-empty" && isFull
    ? ["is not empty, and its deletionPolicy is delete-if-empty"]
    : [];
}

function keptForCopies(
  { kind, deployed }: PlannedChange,
  alternates: { name: string }[],
  deletions: ReadonlySet<string>,
): string[] {
  const copies = alternates
    .map(({ name }) => name)
    .filter((name) => name !== deployed!.name && !deletions.has(`${deployed!.account}/${name}`));
  return kind.what === "stream" && copies.length ? [`is copied by ${copies.join(", ")}; remove them first`] : [];
}

export interface Verdict {
  /** Nothing is refused or unknown, and no loss is without an `allowDataLoss`. */
  ok: boolean;
  /** Ids of what an `up` would refuse. */
  refused: string[];
  /** Whether everything could be read and counted. */
  isKnown: boolean;
  /** Why not, if it is false. */
  unknown: string[];
  /** Deletions with a cost that no `allowDataLoss` covers. */
  lost: { id: string; messages: number; text: string }[];
  /** One line: `1 refused, 2 to create`. */
  summary: string;
}

/** Why `npm run plan` does not exit with 0: the first of these reasons that applies. */
export function failureOf({ refused, isKnown, unknown, lost }: Verdict, failures: string[] = []): Failure | undefined {
  if (failures.length) return new Failure(`the plan could not be made:\n${failures.join("\n")}`);
  if (refused.length) return new Failure(`an up would be refused: ${refused.join(", ")}`);
  if (!isKnown)
    return new Failure(
      ["what an up would do or cost is not known, because not everything could be read", ...unknown].join("\n"),
    );
  if (lost.length)
    return new WouldLose(
      `no allowDataLoss covers these losses:\n${lost.map(({ id, text }) => `  ${id}: ${text}`).join("\n")}`,
    );
  return undefined;
}

/**
 * The verdict over all rows.
 * @param refusedRegions regions whose stacks would be refused
 */
export function verdictOf(rows: Row[], isPartial: boolean, refusedRegions: string[] = []): Verdict {
  const counts = order.flatMap((name) => {
    const count = rows.filter((row) => row.class === name).length;
    return count ? [`${count} ${classes[name]}`] : [];
  });
  const refused = [...refusedRegions, ...rows.filter((row) => row.class === "refused").map(({ id }) => id)];
  const unknown = rows.flatMap((row) => row.unknown ?? []);
  const isKnown = !isPartial && unknown.length === 0;
  const lost = rows.flatMap(({ id, class: name, costs }) =>
    name === "delete"
      ? costs
          .filter(({ messages, isAllowed }) => messages > 0 && !isAllowed)
          .map(({ messages, text }) => ({ id, messages, text }))
      : [],
  );
  const summary = [
    ...refusedRegions.map((region) => `${region} refused`),
    counts.join(", ") || "nothing to change",
    ...(unknown.length ? [`costs of ${plural(unknown.length, "change")} unknown`] : []),
    ...(isPartial ? ["not everything could be read, so there may be more changes"] : []),
    ...(lost.length ? [`${plural(lost.length, "deletion")} would lose messages or a consumer's position`] : []),
  ].join("; ");
  return {
    ok: refused.length === 0 && isKnown && lost.length === 0,
    refused,
    isKnown,
    unknown: [...new Set(unknown)],
    lost,
    summary,
  };
}
