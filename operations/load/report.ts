import { type Percentiles, percentiles } from "../../config/percentiles";
import { overlaps } from "../../config/subjects";
import type { Acknowledged, Recorded } from "../../workers/messaging/contract";

/** A stream that was published to, as servers reported it at the end. */
export interface StreamFacts {
  name: string;
  retention: "limits" | "interest" | "workqueue";
  firstSeq: number;
  lastSeq: number;
  /** Sequences between the first and the last that it does not have. */
  deleted: ReadonlySet<number>;
  durables: readonly DurableFacts[];
  /** `Nats-Msg-Id` by sequence, of the acknowledged messages that it still has. */
  ids: ReadonlyMap<number, string>;
}

export interface DurableFacts {
  name: string;
  /** Subjects that it filters; empty for all. */
  filters: readonly string[];
  /** Messages that it has not delivered, and those that are not acknowledged. */
  waiting: number;
  /** All up to this sequence are acknowledged. */
  ackFloor: number;
}

/** What became of an account's messages. Times in milliseconds. */
export interface AccountReport {
  account: string;
  published: number;
  acknowledged: number;
  /** Without an acknowledgement: they may be stored or not. */
  unacknowledged: number;
  publish?: Percentiles;
  /** Acknowledged by every durable that reads them. */
  processed: number;
  /** A durable has them to deliver, or has no acknowledgement yet. */
  waiting: number;
  /** Stored where no durable reads them. */
  unread: number;
  /** Given up by a durable, and kept as a copy. */
  deadLetters: number;
  /** Acknowledged, and not there: ids, with what stands in their place. */
  missing: { id: string; stream: string; seq: number; why: string }[];
}

/** What became of the messages that a run published. Pure. */
export function reportOf(
  account: string,
  recorded: readonly Recorded[],
  streams: readonly StreamFacts[],
  letters: readonly { stream: string; streamSequence: number }[],
): AccountReport {
  const acknowledged = recorded.filter((one): one is Acknowledged => "seq" in one);
  const byName = new Map(streams.map((stream) => [stream.name, stream]));
  const places = Map.groupBy(acknowledged, ({ stream, seq }) => `${stream} ${seq}`);
  const missing: AccountReport["missing"] = [];
  const counts = { processed: 0, waiting: 0, unread: 0 };
  for (const message of acknowledged) {
    const stream = byName.get(message.stream);
    const why = whyMissing(message, stream, places.get(`${message.stream} ${message.seq}`)!);
    if (why) missing.push({ id: message.id, stream: message.stream, seq: message.seq, why });
    else counts[stateOf(message, stream!)]++;
  }
  const given = new Set(letters.map(({ stream, streamSequence }) => `${stream} ${streamSequence}`));
  return {
    account,
    published: recorded.length,
    acknowledged: acknowledged.length,
    unacknowledged: recorded.length - acknowledged.length,
    ...(acknowledged.length > 0 && { publish: percentiles(acknowledged.map(({ ms }) => ms)) }),
    ...counts,
    deadLetters: [...places.keys()].filter((place) => given.has(place)).length,
    missing,
  };
}

function whyMissing(
  { id, seq }: Acknowledged,
  stream: StreamFacts | undefined,
  samePlace: readonly Acknowledged[],
): string | undefined {
  if (!stream) return "its stream does not exist";
  if (seq > stream.lastSeq) return `the stream ends with sequence ${stream.lastSeq}`;
  const other = stream.ids.get(seq);
  if (other !== undefined && other !== id) return `the stream has ${other || "another message"} there`;
  // A leader that lost it has given its sequence to another: the later answer is true.
  const last = samePlace.at(-1)!;
  if (last.id !== id) return `its sequence was given to ${last.id} as well`;
  // Work queues and interest streams delete what is acknowledged, and limits delete the oldest.
  if (stream.retention === "limits" && stream.deleted.has(seq)) return "it was deleted from the stream";
  return undefined;
}

function stateOf({ subject, seq }: Acknowledged, { durables }: StreamFacts): "processed" | "waiting" | "unread" {
  const readers = durables.filter(
    ({ filters }) => filters.length === 0 || filters.some((filter) => overlaps(filter, subject)),
  );
  if (readers.length === 0) return "unread";
  return readers.every(({ waiting, ackFloor }) => waiting === 0 || seq <= ackFloor) ? "processed" : "waiting";
}
