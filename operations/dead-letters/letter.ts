import type { StoredMsg } from "@nats-io/jetstream";
import { headers as newHeaders, type MsgHdrs } from "@nats-io/transport-node";
import { mostReplays } from "../../config/assets/dead-letters";
import { consumerOf, withLanes } from "../../config/assets/lanes";
import { mirrorName } from "../../config/assets/standard";
import type { TenantSpec } from "../../config/schema/tenant";
import {
  deadLetterHeader,
  deadLetterNames,
  deadLetterPrefix,
  replayDurable,
  replayHeader,
  replaySubject,
} from "../../workers/messaging/contract";

/** A copy of a message that was given up. */
export interface DeadLetter {
  /** `<stream>.<sequence>.<durable>` of the message: what operators name it by. */
  id: string;
  /** Of the copy, in DEAD_LETTERS. */
  sequence: number;
  /** Of the message. */
  subject: string;
  stream: string;
  streamSequence: number;
  durable: string;
  deliveries: number;
  /** When the message was stored, RFC 3339; undefined where it was not known. */
  published?: string;
  /** When the copy was stored, RFC 3339. */
  givenUp: string;
  /** `invalid`, `terminal`, `attempts` or `deliveries`. */
  reason: string;
  error?: string;
  /** How often the message was replayed before. */
  replays: number;
  /** Why the copy has no body: `too-large` or `expired`. */
  missing?: string;
  data: Uint8Array;
  /** The message's own headers. */
  headers: Record<string, string[]>;
  /** `Nats-Msg-Id` of the message, if it had one. */
  messageId?: string;
}

export const letterSubject = (id: string): string => `${deadLetterPrefix}${id}`;

/** Whether a text can be the id of a letter. */
export const isLetterId = (text: string): boolean => /^[^\s.*>]+\.\d+\.[^\s.*>]+$/.test(text);

const deadLetterHeaders: readonly string[] = Object.values(deadLetterHeader);
const replayHeaders: readonly string[] = Object.values(replayHeader);

/**
 * What a copy says. Pure. What no worker of this project has written is read too, as far as its subject says something.
 */
export function letterOf({ subject, seq, header, timestamp, data }: StoredMsg): DeadLetter {
  const id = subject.slice(deadLetterPrefix.length);
  const [stream = "", sequence = "", durable = ""] = id.split(".");
  const text = (name: string): string | undefined => header?.get(name) || undefined;
  const own = [...(header ?? [])].filter(([name]) => !deadLetterHeaders.includes(name) && !/^nats-/i.test(name));
  return {
    id,
    sequence: seq,
    subject: text(deadLetterHeader.subject) ?? "",
    stream: text(deadLetterHeader.stream) ?? stream,
    streamSequence: Number(text(deadLetterHeader.sequence) ?? sequence),
    durable: text(deadLetterHeader.durable) ?? durable,
    deliveries: Number(text(deadLetterHeader.deliveries) ?? 0),
    published: text(deadLetterHeader.time),
    givenUp: timestamp,
    reason: text(deadLetterHeader.reason) ?? "unknown",
    error: text(deadLetterHeader.error),
    replays: Number(text(replayHeader.count) ?? 0),
    missing: text(deadLetterHeader.body),
    data,
    headers: Object.fromEntries(own),
    messageId: text(deadLetterHeader.id),
  };
}

/** Where a letter is sent again: to the durable that gave it up, and to no other. */
export interface ReplayTarget {
  subject: string;
  /** The durable of REPLAYS by which its worker gets it. */
  durable: string;
}

/** Pure. A durable that a failover made on a mirror has its messages replayed by the durable that it stood for. */
export function targetOf(
  { stream, durable, subject }: Pick<DeadLetter, "stream" | "durable" | "subject">,
  tenant: TenantSpec,
): ReplayTarget {
  const { streams } = tenant;
  // It was a replay itself.
  if (stream === deadLetterNames.replays) return { subject, durable };
  const origin = Object.entries(streams).find(([name, { mirrors = {} }]) =>
    Object.keys(mirrors).some((region) => mirrorName(name, region) === stream),
  )?.[0];
  // A durable may be declared on the mirror, too.
  const place = origin === undefined || stream in streams ? stream : origin;
  const consumer = consumerOf(durable, withLanes(tenant).consumers[durable]);
  return { subject: replaySubject(place, durable), durable: replayDurable(place, consumer) };
}

/** Why a letter cannot be replayed, whatever there is on the servers; undefined if it can. Pure. */
export function unplayable({ replays, missing }: Pick<DeadLetter, "replays" | "missing">): string | undefined {
  if (replays >= mostReplays)
    return `it has been replayed ${replays} times, and ${mostReplays} are allowed; drop it, or publish it again`;
  return missing === "expired" ? "its body had expired before it could be copied; drop it" : undefined;
}

/**
 * Headers of a replay: the message's own, what it is a replay of, how many times it was replayed, and the subject that
 * it had.
 */
export function headersOfReplay(letter: DeadLetter): MsgHdrs {
  const made = newHeaders();
  for (const [name, values] of Object.entries(letter.headers))
    if (!replayHeaders.includes(name)) for (const value of values) made.append(name, value);
  const first = (name: string): string | undefined => letter.headers[name]?.[0];
  made.set(
    replayHeader.of,
    first(replayHeader.of) ?? letter.messageId ?? `${letter.stream}:${letter.streamSequence}:${letter.durable}`,
  );
  made.set(
    replayHeader.origin,
    first(replayHeader.origin) ?? `${letter.stream}:${letter.streamSequence}:${letter.durable}`,
  );
  const time = first(replayHeader.time) ?? letter.published;
  if (time) made.set(replayHeader.time, time);
  made.set(replayHeader.count, String(letter.replays + 1));
  made.set(replayHeader.subject, first(replayHeader.subject) ?? letter.subject);
  return made;
}
