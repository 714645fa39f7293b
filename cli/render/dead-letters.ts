import { mostReplays } from "../../config/assets/dead-letters";
import { plural } from "../../config/plural";
import type { Done, Listed } from "../../operations/dead-letters/account-letters";
import type { DeadLetter } from "../../operations/dead-letters/letter";
import { countsOf, lettersText } from "../../operations/dead-letters/selection";
import { table } from "./table";

/** Characters that a terminal would act on, as escapes: messages come from anywhere. */
export const printable = (text: string): string =>
  text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, (character) => JSON.stringify(character).slice(1, -1));

const shortened = (text: string, most: number): string => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

/** One line. */
const cell = (text: string, most = 60): string => printable(shortened(text.replace(/\s+/g, " "), most));

export function renderLetters({ letters, all, backlog }: Listed, style?: (head: string) => string): string {
  const rows = letters.map(({ id, subject, reason, deliveries, givenUp, replays, error = "" }) => [
    printable(id),
    cell(subject, 40),
    cell(reason, 20),
    String(deliveries),
    givenUp.slice(0, 19),
    `${replays}/${mostReplays}`,
    cell(error),
  ]);
  const heads = ["ID", "SUBJECT", "REASON", "DELIVERIES", "GIVEN UP (UTC)", "REPLAYED", "ERROR"];
  const waiting =
    backlog > 0 ? [`${plural(backlog, "event")} that the collector (user dead-letters) has not dealt with yet`] : [];
  return [
    ...(letters.length ? [table(heads, rows, style), ""] : []),
    `${lettersText(all.length)}${letters.length < all.length ? `, the first ${letters.length} shown` : ""}`,
    ...countsOf(all).map((line) => `  ${printable(line)}`),
    ...waiting,
  ].join("\n");
}

export function renderLetter(letter: DeadLetter): string {
  const fields: [string, string | undefined][] = [
    ["id", letter.id],
    ["subject", letter.subject],
    ["stream", `${letter.stream}, sequence ${letter.streamSequence}`],
    ["durable", letter.durable],
    ["reason", letter.reason],
    ["error", letter.error],
    ["deliveries", String(letter.deliveries)],
    ["published", letter.published],
    ["given up", letter.givenUp],
    ["replayed", `${letter.replays} of ${mostReplays} times`],
    ["message id", letter.messageId],
    ...Object.entries(letter.headers).flatMap(([name, values]) =>
      values.map((value): [string, string] => [`header ${name}`, value]),
    ),
  ];
  const lines = fields.flatMap(([name, value]) =>
    value === undefined ? [] : [`${printable(name)}: ${printable(value)}`],
  );
  return [...lines, "", bodyText(letter)].join("\n");
}

const whyMissing: Record<string, string> = {
  "too-large": "(the body was too large to be copied with its headers; it is in its stream, if that still has it)",
  expired: "(the body had expired before it could be copied)",
};

function bodyText({ missing, data }: DeadLetter): string {
  if (missing) return whyMissing[missing] ?? "(no body)";
  if (data.length === 0) return "(the body is empty)";
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(data);
    return printable(isJson(text) ? JSON.stringify(JSON.parse(text), undefined, 2) : text);
  } catch {
    return `(${plural(data.length, "byte")} that are not text; print them with --body)`;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A letter as JSON: its body as text, or in base64 where it is not text. */
export function jsonOf({ data, sequence: _, ...letter }: DeadLetter): object {
  const text = Buffer.from(data).toString("utf8");
  const isText = Buffer.from(text, "utf8").equals(Buffer.from(data));
  return { ...letter, ...(isText ? { body: text } : { bodyBase64: Buffer.from(data).toString("base64") }) };
}

/** What was done, and all that was not with its reason. */
export const renderDone = (verb: string, { done, refused }: Done): string =>
  [
    `${verb} ${lettersText(done.length)}`,
    ...refused.map(({ id, reason }) => `  not ${printable(id)}: ${printable(reason)}`),
  ].join("\n");
