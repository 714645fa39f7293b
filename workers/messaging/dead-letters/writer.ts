import { setTimeout as sleep } from "node:timers/promises";
import { JetStreamApiError, type JetStreamClient, type JsMsg, type StoredMsg } from "@nats-io/jetstream";
import { type MsgHdrs, MsgHdrsImpl } from "@nats-io/transport-node";
import { clientOf } from "../connection/of";
import { type deadLetterBodies, deadLetterNames, deadLetterSubject } from "../contract";
import { type DeadLetterOrigin, deadLetterHeaders, type GivenUp, isCopyOf } from "./headers";

/** Copies messages that are given up. */
export interface DeadLetterWriter {
  /**
   * Stores a copy; resolves when the server has confirmed that there is one. Then, and only then, the message may be
   * terminated.
   *
   * @returns `exists` where another process had stored a copy of this very message
   * @throws what the server refused it with, or the last of the attempts without an answer: the message must be kept
   */
  write(message: JsMsg, why: GivenUp): Promise<"stored" | "exists">;
}

/** A writer that copies other processes' messages, too. */
export interface DeadLetterCopier extends DeadLetterWriter {
  /** The same for a message that was read by its sequence, or that its stream has no longer. */
  copy(message: CopiedMessage, why: GivenUp): Promise<"stored" | "exists">;
}

/** A message that is copied, by a worker or by the collector. */
export interface CopiedMessage extends DeadLetterOrigin {
  /** When it was stored, in nanoseconds since 1970; undefined where that is not known. */
  nanoseconds?: bigint;
  /** Undefined where its stream has it no longer: then only what is known of it is stored. */
  data?: Uint8Array;
}

export interface DeadLetterWriterOptions {
  /** Milliseconds to wait for one answer. Default: 5,000. */
  timeout?: number;
  /** Attempts in all, where an answer is missing or another copy of the same message is being stored. Default: 5. */
  attempts?: number;
  /** Milliseconds between two attempts. Default: 250. */
  wait?: number;
}

/** Error codes of JetStream (nats-server, server/errors.json). */
const code = { wrongLastSequence: 10071, lastSequenceUnknown: 10164, messageTooLarge: 10054 } as const;

/** Bytes of the headers that the client adds. */
const addedHeaders = 512;

/**
 * Writes dead letters to the stream `DEAD_LETTERS`, which captures `dead.>` and allows direct reads: where there is a
 * copy on the same subject it is read, to tell whether it is of the same message.
 */
export function createDeadLetterWriter(
  js: JetStreamClient,
  { timeout = 5_000, attempts = 5, wait = 250 }: DeadLetterWriterOptions = {},
): DeadLetterCopier {
  const connection = clientOf(js).getConnection();

  const manager = js.jetstreamManager(false);
  manager.catch(() => undefined);

  /** The last copy on a subject; `null` where there is none (any more). */
  const lastOn = async (subject: string): Promise<StoredMsg | null> =>
    (await manager).direct.getMessage(deadLetterNames.copies, { last_by_subj: subject });

  async function store(
    { subject, id, time }: { subject: string; id: string; time: string },
    data: Uint8Array,
    headers: MsgHdrs,
  ): Promise<"stored" | "exists"> {
    let lastSubjectSequence = 0;
    for (let attempt = 1; ; attempt++) {
      try {
        // One subject for each message of a durable, so there is one copy always, not only for a duplicate window.
        const options = { msgID: id, headers, timeout, expect: { lastSubjectSequence } };
        const { duplicate } = await js.publish(subject, data, options);
        return duplicate ? "exists" : "stored";
      } catch (error) {
        const refused = error instanceof JetStreamApiError ? error.code : undefined;
        // Without an answer it may have been stored: the same id and the expected sequence let it be asked again.
        const again = refused === undefined || refused === code.lastSequenceUnknown;
        const isOccupied = refused === code.wrongLastSequence;
        if (isOccupied) {
          const found = await lastOn(subject);
          if (found && isCopyOf(found.header, { time })) return "exists";
          lastSubjectSequence = found?.seq ?? 0;
        }
        if (!(again || isOccupied) || attempt >= attempts || connection.isClosed()) throw error;
        // What was read may be of a replica that is behind.
        if (attempt > 1 || !isOccupied) await sleep(wait);
      }
    }
  }

  async function copy(message: CopiedMessage, why: GivenUp): Promise<"stored" | "exists"> {
    const { stream, sequence, durable, data, time, nanoseconds } = message;
    const subject = deadLetterSubject(stream, sequence, durable);
    // The time tells it from one of the same number in a stream that was deleted and made again.
    const id = nanoseconds === undefined ? subject : `${subject}.${nanoseconds}`;
    const place = { subject, id, time };
    const without = (body: (typeof deadLetterBodies)[number]) =>
      store(place, new Uint8Array(), deadLetterHeaders(message, why, body));
    if (!data) return without("expired");
    const whole = deadLetterHeaders(message, why);
    const most = connection.info?.max_payload ?? Infinity;
    if (data.length + sizeOf(whole) + addedHeaders > most) return without("too-large");
    try {
      return await store(place, data, whole);
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === code.messageTooLarge) return without("too-large");
      throw error;
    }
  }

  return { copy, write: (message, why) => copy(copiedOf(message), why) };
}

const copiedOf = (message: JsMsg): CopiedMessage => ({
  subject: message.subject,
  stream: message.info.stream,
  sequence: message.info.streamSequence,
  durable: message.info.consumer,
  deliveries: message.info.deliveryCount,
  time: message.timestamp,
  headers: message.headers,
  nanoseconds: message.timestampNanos,
  data: message.data,
});

const sizeOf = (headers: MsgHdrs): number => (headers instanceof MsgHdrsImpl ? headers.encode().length : 0);
