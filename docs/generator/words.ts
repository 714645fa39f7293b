import { firstVersionOf } from "../../jetstream/changes";
import type { Refusal } from "../../jetstream/fields";
import type { LossRule } from "../../jetstream/losses";
import type { Argument } from "./tables";

/** What a comment says: what the argument means, and last what a change of it does. */
export function split(comment: string): { meaning: string; change: string } {
  const at = comment.search(/(?<=^|[.)] )(In place|Refused)\b/);
  return at < 0
    ? { meaning: comment, change: "" }
    : { meaning: comment.slice(0, at).trim(), change: comment.slice(at) };
}

/** Which messages a change costs, by how they are counted. Each is counted by the server's own figures unless it says otherwise. */
const counted: Record<LossRule["count"], string> = {
  older: "the messages that are older",
  "over-bytes": "the oldest messages that are too much, estimated from their average size",
  "over-messages": "the oldest messages that are too many",
  "over-subject": "the oldest messages of each subject that are too many",
  "no-interest": "all messages but those that the consumer furthest behind still has to get",
  all: "the messages it has",
  "dropped-subjects": "the messages stored under it (they stay, later ones are lost)",
};

/** What a change that a row of losses is about would do. */
export const lossOf = ({ effect, count, evenIfEmpty }: LossRule): string =>
  `would ${effect} ${counted[count]}${evenIfEmpty ? "; to be allowed even where there are none" : ""}`;

/**
 * What a change of an argument does: in general by its comment's own words, in particular by the tables. Arguments that have no row
 * are described by their comments alone.
 */
export function changeOf({ comment, rows, losses, partOf }: Argument): string {
  if (partOf.length) return `As ${quoted(partOf).join(" or ")}.`;
  const { change } = split(comment);
  const refused = rows.flatMap((row) => row.refused ?? []);
  if (refused.length === 0 && losses.length === 0) return emphasised(change);
  const [general] = /^In place[^;.]*/.exec(change) ?? [];
  const costs = losses.map((loss) => `Costs messages (${loss.what}): ${lossOf(loss)}`);
  return emphasised(`${[...(general ? [general] : []), ...refused.map(refusalOf), ...costs].join(". ")}.`);
}

function refusalOf({ what, reason, error, errorSince, until }: Refusal): string {
  const code = error ? [`error ${error}${errorSince ? ` from server ${errorSince}` : ""}`] : [];
  if (until) return `Refused before server ${until} (${code.join()})`;
  const which = [...(what === "any change" ? [] : [what]), ...code].join("; ");
  return `Refused${which && ` (${which})`}: ${reason}`;
}

/** Names as code. */
export const quoted = (names: string[]): string[] => names.map((name) => `\`${name}\``);

const emphasised = (text: string): string => text.replace(/(?<=^|\. )(In place|Refused|Costs messages)/g, "**$1**");

/** From which server on the argument, or a value of it, is there; empty where every server has it. */
export function sinceOf({ comment, rows, schema }: Argument): string {
  const [level] = rows.flatMap((row) => row.level ?? []);
  if (typeof level !== "function") return versionOf(rows.length ? level : levelIn(comment));
  const since = (value: string) => versionOf(level(value as never));
  const values = valuesOf(schema).filter(since);
  const versions = [...new Set(values.map(since))];
  return versions
    .map((version) => `${version}: ${quoted(values.filter((value) => since(value) === version)).join(", ")}`)
    .join("; ");
}

const versionOf = (level = 0): string => firstVersionOf[level] ?? "";

const levelSentence = /(?<=^|[.)] )API level (\d+)\. ?/;

/** The level that a comment says the whole argument needs. */
export function levelIn(comment: string): number | undefined {
  const [, level] = levelSentence.exec(comment) ?? [];
  return level === undefined ? undefined : Number(level);
}

/** What an argument means, without what other columns say. */
export const meaningOf = ({ comment, schema }: Argument): string =>
  [...(isRequired(schema) ? ["**Required.**"] : []), split(comment).meaning.replace(levelSentence, "").trim()].join(
    " ",
  );

/** The values of an argument that has only so many. */
export function valuesOf(schema: Argument["schema"]): string[] {
  const inner = (schema as { unwrap?(): unknown } | undefined)?.unwrap?.() ?? schema;
  const { options } = (inner ?? {}) as { options?: unknown[] };
  return (options ?? []).filter((option): option is string => typeof option === "string");
}

export const isRequired = (schema: Argument["schema"]): boolean =>
  schema !== undefined && !schema.safeParse(undefined).success;
