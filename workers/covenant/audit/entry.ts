import { createHash } from "node:crypto";

/**
 * What an entry of the trail is about. `message`: one message, whole. `expired`: messages that their stream had no
 * longer when the writer came to them: past its age or limits, purged or deleted. `dead-lettered`: a message that was
 * given up; its copy is in the dead letters. `late`: a message of one of these gaps that came later, by a replay.
 */
export const kinds = ["message", "expired", "dead-lettered", "late"] as const;
export type Kind = (typeof kinds)[number];

/** What is recorded, before it has its place in the chain. */
export interface Content {
  kind: Kind;
  /** In its stream. Of `expired`, the first. */
  sequence: number;
  /** The last one of `expired`; of any other, the same. */
  lastSequence: number;
  /** When its stream stored it, in nanoseconds since 1970; null where that is not known. */
  storedNs: bigint | null;
  subject: string | null;
  /** JSON: `{ name: [values] }`. */
  headers: string | null;
  body: Uint8Array | null;
  /** Why it was given up, or which replay brought it. */
  detail: string | null;
}

/** An entry: content, its place, and the hash over both and the entry before. */
export interface Entry extends Content {
  stream: string;
  /** In the chain of its stream, from 1 on. */
  position: number;
  /** Of the stream, from 1 on: one that was deleted and made again begins another, with sequence 1. */
  generation: number;
  /** Milliseconds since 1970. */
  recordedMs: number;
  /** Hash of the entry before; of the first, 32 zero bytes. */
  previous: Buffer;
  hash: Buffer;
}

/** The end of a chain: what the next entry follows. */
export interface Head {
  position: number;
  generation: number;
  /** The last sequence that has an entry. */
  sequence: number;
  /** When the last message with an entry was stored; 0 before the first. */
  storedNs: bigint;
  hash: Buffer;
}

export const emptyHead: Head = { position: 0, generation: 1, sequence: 0, storedNs: 0n, hash: Buffer.alloc(32) };

const sha256 = (data: string | Uint8Array): Buffer => createHash("sha256").update(data).digest();

/** SHA-256 over every field, in this order, as JSON; of the body its own hash. */
export const hashOf = (entry: Omit<Entry, "hash">): Buffer =>
  sha256(
    JSON.stringify([
      entry.previous.toString("hex"),
      entry.stream,
      entry.position,
      entry.generation,
      entry.kind,
      entry.sequence,
      entry.lastSequence,
      entry.storedNs === null ? null : String(entry.storedNs),
      entry.subject,
      entry.headers,
      entry.body === null ? null : sha256(entry.body).toString("hex"),
      entry.detail,
      entry.recordedMs,
    ]),
  );

/** The entry that follows a head, and the head after it. `late` does not move the sequence. */
export function follow(
  head: Head,
  stream: string,
  content: Content,
  recordedMs: number,
  generation = head.generation,
): { entry: Entry; head: Head } {
  const { kind, sequence, lastSequence, storedNs, subject, headers, body, detail } = content;
  const unhashed = {
    ...{ stream, position: head.position + 1, generation, kind, sequence, lastSequence, storedNs, subject, headers },
    ...{ body, detail, recordedMs, previous: head.hash },
  };
  const entry = { ...unhashed, hash: hashOf(unhashed) };
  const isLate = kind === "late";
  return {
    entry,
    head: {
      position: entry.position,
      generation: isLate ? head.generation : generation,
      sequence: isLate ? head.sequence : lastSequence,
      storedNs: isLate ? head.storedNs : (storedNs ?? head.storedNs),
      hash: entry.hash,
    },
  };
}

/** Messages that their stream has no longer. */
export const expired = (sequence: number, lastSequence: number): Content => ({
  kind: "expired",
  sequence,
  lastSequence,
  ...{ storedNs: null, subject: null, headers: null, body: null, detail: null },
});

/** A message that was given up: without its body, which is in the dead letters. */
export const deadLettered = (message: Content, why: string): Content => ({
  ...message,
  kind: "dead-lettered",
  headers: null,
  body: null,
  detail: why,
});
