import { setTimeout as sleep } from "node:timers/promises";
import { JetStreamApiError, type JetStreamClient, type JsMsg } from "@nats-io/jetstream";
import { type MsgHdrs, MsgHdrsImpl } from "@nats-io/transport-node";
import { clientOf } from "../connection/of";
import { type DeadLetterOrigin, deadLetterHeaders, deadLetterSubject, type GivenUp } from "./headers";

/** Copies messages that are given up. */
export interface DeadLetterWriter {
  /**
   * Stores a copy; resolves when the server has confirmed that there is one. Then, and only then, the message may be
   * terminated.
   *
   * @returns `exists` where another process had stored it
   * @throws what the server refused it with, or the last of the attempts without an answer: the message must be kept
   */
  write(message: JsMsg, why: GivenUp): Promise<"stored" | "exists">;
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

/** Writes dead letters to whatever stream captures `dead.>`. */
export function createDeadLetterWriter(
  js: JetStreamClient,
  { timeout = 5_000, attempts = 5, wait = 250 }: DeadLetterWriterOptions = {},
): DeadLetterWriter {
  const connection = clientOf(js).getConnection();

  async function store(subject: string, id: string, data: Uint8Array, headers: MsgHdrs): Promise<"stored" | "exists"> {
    for (let attempt = 1; ; attempt++) {
      try {
        // One subject for each message of a durable, so there is one copy for ever, not only for a duplicate window.
        const options = { msgID: id, headers, timeout, expect: { lastSubjectSequence: 0 } };
        const { duplicate } = await js.publish(subject, data, options);
        return duplicate ? "exists" : "stored";
      } catch (error) {
        const refused = error instanceof JetStreamApiError ? error.code : undefined;
        if (refused === code.wrongLastSequence) return "exists";
        // Without an answer it may have been stored: the same id and the expected sequence let it be asked again.
        const again = refused === undefined || refused === code.lastSequenceUnknown;
        if (!again || attempt >= attempts || connection.isClosed()) throw error;
        await sleep(wait);
      }
    }
  }

  return {
    async write(message, why) {
      const origin = originOf(message);
      const subject = deadLetterSubject(origin.stream, origin.sequence, origin.durable);
      // The time tells it from one of the same number in a stream that was deleted and made again.
      const id = `${subject}.${message.timestampNanos}`;
      const whole = deadLetterHeaders(origin, why);
      const reference = () => store(subject, id, new Uint8Array(), deadLetterHeaders(origin, why, "too-large"));
      const most = connection.info?.max_payload ?? Infinity;
      if (message.data.length + sizeOf(whole) + addedHeaders > most) return reference();
      try {
        return await store(subject, id, message.data, whole);
      } catch (error) {
        if (error instanceof JetStreamApiError && error.code === code.messageTooLarge) return reference();
        throw error;
      }
    },
  };
}

const originOf = (message: JsMsg): DeadLetterOrigin => ({
  subject: message.subject,
  stream: message.info.stream,
  sequence: message.info.streamSequence,
  durable: message.info.consumer,
  deliveries: message.info.deliveryCount,
  time: message.timestamp,
  headers: message.headers,
});

const sizeOf = (headers: MsgHdrs): number => (headers instanceof MsgHdrsImpl ? headers.encode().length : 0);
