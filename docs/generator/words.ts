import { firstVersionOf } from "../../jetstream/changes";
import type { Refusal } from "../../jetstream/fields";
import { isAlways } from "../../jetstream/fields/refusals";
import type { LossRule } from "../../jetstream/losses";
import type { Argument, BucketArgument } from "./tables";

/**
 * What the messages that a change costs are, by how they are counted: by the server's figures, unless it states
 * otherwise.
 */
const counted: Record<LossRule["count"], string> = {
  older: "the messages that are older",
  "over-bytes": "the oldest messages that are too much, estimated from their average size",
  "over-messages": "the oldest messages that are too many",
  "over-subject": "the oldest messages of each subject that are too many",
  "no-interest": "all messages but those that the consumer furthest behind still has to get",
  all: "the messages it has",
  "dropped-subjects": "the messages stored under it (they stay, later ones are lost)",
};

/** What a change that a row of losses describes would do. */
export const lossOf = ({ effect, count, evenIfEmpty }: LossRule): string =>
  `would ${effect} ${counted[count]}${evenIfEmpty ? "; to be allowed even where there are none" : ""}`;

/**
 * What a change of an argument does: by the tables of refusals and losses, and by `@change` how it is made in place.
 */
export function changeOf({ tags, rows, losses, refusals, partOf }: Argument): string {
  if (partOf.length) return `As ${quoted(partOf).join(" or ")}.`;
  const how = tags.change ?? (rows.length ? undefined : "nothing is sent to the server");
  return [
    ...(refusals.some(isAlways) ? [] : [`**In place**${how ? `: ${how}` : ""}.`]),
    ...refusals.map((refusal) => `**Refused**${refusalOf(refusal)}.`),
    ...losses.map((loss) => `**Costs messages** (${loss.what}): ${lossOf(loss)}.`),
  ].join(" ");
}

function refusalOf(refusal: Refusal): string {
  const { what, reason, error, errorSince, until } = refusal;
  const code = error ? [`error ${error}${errorSince ? ` from server ${errorSince}` : ""}`] : [];
  if (until) return ` before server ${until} (${code.join()})`;
  const which = [...(isAlways(refusal) ? [] : [what]), ...code].join("; ");
  return `${which && ` (${which})`}: ${reason}`;
}

/** Names as code. */
export const quoted = (names: string[]): string[] => names.map((name) => `\`${name}\``);

/** From which server on the argument, or a value of it, exists; empty where every server has it. */
export function sinceOf({ tags, rows, schema }: Argument): string {
  const [level] = rows.flatMap((row) => row.level ?? []);
  if (typeof level !== "function") return versionOf(rows.length ? level : Number(tags.level));
  const since = (value: string) => versionOf(level(value as never));
  const values = valuesOf(schema).filter(since);
  const versions = [...new Set(values.map(since))];
  return versions
    .map((version) => `${version}: ${quoted(values.filter((value) => since(value) === version)).join(", ")}`)
    .join("; ");
}

const versionOf = (level = 0): string => firstVersionOf[level] ?? "";

/** What an argument means, and its default: what no other column has. */
export const meaningOf = (argument: Argument): string =>
  sentences([
    isRequired(argument.schema) ? "**Required.**" : "",
    argument.comment,
    defaultSentence(defaultOf(argument)),
    errorSentence(argument),
  ]);

/** What an argument of a bucket means; its default is the stream's, unless it has one of its own. */
export const bucketMeaningOf = ({ comment, tags, field }: BucketArgument): string =>
  sentences([comment, defaultSentence(tags.default ?? defaultOf(field))]);

const sentences = (texts: string[]): string => texts.filter(Boolean).join(" ");
/** What servers answer where a rule about the argument is broken; this program reports it before it asks them. */
const errorSentence = ({ errors }: Argument): string =>
  errors.length ? `Server error${errors.length > 1 ? "s" : ""}: ${errors.join(", ")}.` : "";
const defaultSentence = (value: string | undefined): string => (value ? `Default: ${value}.` : "");

/**
 * The default of an argument: `@default`, or what the table has; undefined where it is required, or part of another.
 */
function defaultOf(argument: Argument): string | undefined {
  if (argument.tags.default) return argument.tags.default;
  if (argument.partOf.length || isRequired(argument.schema)) return undefined;
  return tableDefaultOf(argument) ?? (argument.rows.some(isUnlimited) ? "no limit" : "none");
}

/** The default in the table; undefined where it has none, or one that stands for "not set". */
export function tableDefaultOf({ rows }: Argument): string | undefined {
  const [value] = rows.flatMap((row) => row.default ?? (row.kind === "flag" ? false : []));
  if (typeof value === "string") return `\`${value}\``;
  return typeof value === "boolean" || (typeof value === "number" && value > 0) ? String(value) : undefined;
}

/** -1 and 0 are how servers write that nothing is limited. */
const isUnlimited = ({ default: value }: { default?: unknown }): boolean => value === -1 || value === 0;

/** The values of an argument that has a fixed set of them. */
export function valuesOf(schema: Argument["schema"]): string[] {
  const inner = (schema as { unwrap?(): unknown } | undefined)?.unwrap?.() ?? schema;
  const { options } = (inner ?? {}) as { options?: unknown[] };
  return (options ?? []).filter((option): option is string => typeof option === "string");
}

export const isRequired = (schema: Argument["schema"]): boolean =>
  schema !== undefined && !schema.safeParse(undefined).success;
