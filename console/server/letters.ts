import { isSecretName, redactText } from "../../workers/messaging/redact";
import { npmRun } from "../../config/command-lines";
import type { TenantSpec } from "../../config/schema/tenant";
import type { Listed } from "../../operations/dead-letters/account-letters";
import { type DeadLetter, unplayable } from "../../operations/dead-letters/letter";
import type { LetterList, LetterView, WholeLetter } from "../picture";

/** Of all that are kept. */
export const mostLetters = 200;

/** Characters of a body. */
const mostBody = 64 * 1024;

const hidden = "[redacted]";

interface Of {
  environment: string;
  tenant: TenantSpec;
}

/** Pure. */
export function listView({ environment, tenant }: Of, { letters, all, backlog }: Listed): LetterList {
  const { name: account } = tenant;
  const groups = Map.groupBy(all, ({ stream, durable, reason }) => `${reason}\n${stream}\n${durable}`);
  const reasons = [...groups.values()].map((own) => {
    const { stream, durable, reason } = own[0]!;
    const selection = ["--account", account, "--stream", stream, "--durable", durable, "--reason", reason];
    const command = (verb: "replay" | "drop") => npmRun("dead-letters", environment, [verb, ...selection]);
    const isOfGroup = (one: DeadLetter) =>
      one.reason === reason && one.stream === stream && one.durable === durable && one.error !== undefined;
    const error = letters.find(isOfGroup)?.error;
    return {
      ...{ reason, stream, durable, count: own.length, replay: command("replay"), drop: command("drop") },
      ...(error !== undefined && { error: redactText(error) }),
    };
  });
  return {
    ...{ account, total: all.length, backlog },
    reasons: reasons.toSorted((one, other) => other.count - one.count),
    letters: letters.map((letter) => letterView({ environment, tenant }, letter)),
  };
}

function letterView({ environment, tenant }: Of, letter: DeadLetter): LetterView {
  const { id, subject, stream, durable, deliveries, reason, error, published, givenUp, replays, data } = letter;
  const refused = unplayable(letter);
  return {
    ...{ id, subject, stream, durable, deliveries, reason, published, givenUp, replays, bytes: data.length },
    ...(error !== undefined && { error: redactText(error) }),
    ...(refused === undefined
      ? { replay: npmRun("dead-letters", environment, ["replay", "--account", tenant.name, id]) }
      : { unplayable: refused }),
  };
}

/**
 * A letter with its headers and body, of which fields that the tenant redacts, and those with the name of a secret, are
 * left out. A body in which no fields can be told apart is not shown where the tenant redacts some. Pure.
 */
export function wholeView({ environment, tenant }: Of, letter: DeadLetter): WholeLetter {
  const fields = tenant.deadLetters?.redact ?? [];
  const isHidden = (name: string) => isSecretName(name) || fields.includes(name);
  const headers = Object.entries(letter.headers).flatMap(([name, values]) =>
    values.map((value): [string, string] => [name, isHidden(name) ? hidden : redactText(value)]),
  );
  const { text, encoding } = bodyOf(letter.data, isHidden, fields.length > 0);
  return {
    ...letterView({ environment, tenant }, letter),
    ...{ headers, encoding, body: text.slice(0, mostBody), isCut: text.length > mostBody },
    ...(letter.missing !== undefined && { missing: letter.missing }),
  };
}

function bodyOf(
  data: Uint8Array,
  isHidden: (name: string) => boolean,
  redacts: boolean,
): { text: string; encoding: WholeLetter["encoding"] } {
  const text = textOf(data);
  const parsed = text === undefined ? undefined : jsonOf(text);
  if (parsed !== undefined) {
    const replacer = (name: string, value: unknown) => (isHidden(name) ? hidden : value);
    return { text: redactText(JSON.stringify(parsed, replacer, 2)), encoding: "json" };
  }
  if (redacts && data.length > 0)
    return { text: `${hidden}: it is no JSON, and its tenant redacts fields`, encoding: "text" };
  if (text !== undefined) return { text: redactText(text), encoding: "text" };
  return { text: Buffer.from(data.subarray(0, mostBody)).toString("hex"), encoding: "hex" };
}

function textOf(data: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(data);
  } catch {
    return undefined;
  }
}

function jsonOf(text: string): object | undefined {
  try {
    const parsed = JSON.parse(text) as unknown;
    return typeof parsed === "object" && parsed !== null ? parsed : undefined;
  } catch {
    return undefined;
  }
}
