import { setTimeout as sleep } from "node:timers/promises";
import {
  type JetStreamClient,
  JetStreamApiCodes,
  JetStreamApiError,
  type PubAck,
  type StreamExpectations,
} from "@nats-io/jetstream";
import { type MsgHdrs, PermissionViolationError, RequestError, TimeoutError } from "@nats-io/transport-node";
import { clientOf } from "./connection/of";
import { growingDelay } from "./consumer/backoff";
import type { WorkerMetrics } from "./metrics";
import { Slots } from "./slots";
import { withTraceHeaders } from "./trace";

export interface PublisherOptions {
  /**
   * Milliseconds within which the streams drop a message with an id that they have (`duplicate_window`); the shortest
   * of the streams published to. A message is not sent again after that: it would be stored twice. Default: 2 min,
   * JetStream's own; a stream with a shorter `max_age` has that.
   */
  duplicateWindow?: number;
  /** Messages on their way at the same time; more wait. Default: 256. */
  maxInFlight?: number;
  /** Milliseconds to wait for the acknowledgement of one attempt. Default: 5 s; at most a third of the window. */
  timeout?: number;
  metrics?: Pick<WorkerMetrics, "published" | "publishDuration" | "publishRetries" | "publishing">;
}

export interface PublishOptions {
  /** Sent as `Nats-Msg-Id`: the same for every attempt to publish this message, and for no other message. */
  id: string;
  /** Refused unless it holds: `{ streamName, lastSequence, lastSubjectSequence, lastMsgID }`. */
  expect?: Partial<StreamExpectations>;
  /** Sent with it; the active trace's `traceparent` is added. */
  headers?: MsgHdrs;
}

/**
 * A message was not acknowledged within the duplicate window. It may be stored or not. Publishing it again with the
 * same id may store it twice; whether that or a lost message is worse, only the caller knows.
 */
export class UnacknowledgedError extends Error {
  override readonly name = "UnacknowledgedError";

  constructor(
    readonly subject: string,
    readonly id: string,
    /** 0: it was not sent. */
    readonly attempts: number,
    milliseconds: number,
    options: ErrorOptions,
  ) {
    const ms = Math.round(milliseconds);
    const what = attempts
      ? `no acknowledgement of ${attempts} attempts within ${ms} ms; it may be stored, and sent again it may be twice`
      : `not connected for ${ms} ms; it was not sent`;
    super(`${subject}, id ${id}: ${what}`, options);
  }
}

export interface Publisher {
  /**
   * Stores a message and waits for the stream's acknowledgement. It waits for a free slot first (`ready`). What was not
   * acknowledged is sent again with the same id: after a timeout, while the stream has no leader, and on a new
   * connection.
   *
   * @param data bytes and text as they are, anything else as JSON
   * @returns the acknowledgement; `duplicate` if the stream has had a message with this id
   * @throws JetStreamApiError what the stream refused, at once (10071: an expectation does not hold)
   * @throws UnacknowledgedError after the duplicate window
   * @throws RangeError without an id
   */
  publish(subject: string, data: unknown, options: PublishOptions): Promise<PubAck>;
  /** Resolves when `publish` would not wait: `await publisher.ready()` before a `publish` that is not awaited. */
  ready(): Promise<void>;
  /** Resolves when every message that was given to `publish` is acknowledged or has failed. */
  flush(): Promise<void>;
}

/** Answers that say nothing about the message: it is sent again (nats-server, server/errors.json). */
const undecided: ReadonlySet<number> = new Set([
  10_008, // JetStream system temporarily unavailable
  10_163, // expected last sequence per subject temporarily unavailable
  JetStreamApiCodes.StreamWrongLastSequenceUnknown, // another message of the subject is being stored
  10_167, // too many requests
]);

/** Between attempts, in milliseconds. */
const waits = { first: 100, most: 5_000 };

/** Makes a publisher. It needs no permission but to publish to its subjects. */
export function createPublisher(js: JetStreamClient, options: PublisherOptions = {}): Publisher {
  const { duplicateWindow = 120_000, maxInFlight = 256, metrics } = options;
  const timeout = Math.min(options.timeout ?? 5_000, Math.floor(duplicateWindow / 3));
  const connection = clientOf(js).getConnection();
  const slots = new Slots(maxInFlight);
  const running = new Set<Promise<unknown>>();

  /** Sends until there is an answer; nothing is sent that could arrive after the window. */
  async function send(subject: string, data: string | Uint8Array, { id, expect, headers }: PublishOptions) {
    const started = Date.now();
    const left = () => started + duplicateWindow - timeout - Date.now();
    let cause: unknown;
    let attempts = 0;
    do {
      // What is sent while the connection is lost leaves with the next one, or not at all.
      const isConnected = connection.info !== undefined;
      if (isConnected) {
        if (attempts++) metrics?.publishRetries.inc();
        try {
          // A fresh copy each time: the client adds its own.
          return await js.publish(subject, data, { msgID: id, expect, headers: withTraceHeaders(headers), timeout });
        } catch (error) {
          if (!isUnanswered(error) || connection.isClosed()) throw error;
          cause = error;
        }
      } else if (connection.isClosed()) throw new Error("the connection is closed", { cause });
      await sleep(Math.min(growingDelay(Math.max(attempts, 1), waits), Math.max(left(), 0)));
    } while (left() > 0);
    throw new UnacknowledgedError(subject, id, attempts, Date.now() - started, { cause });
  }

  async function publish(subject: string, data: unknown, publishing: PublishOptions): Promise<PubAck> {
    if (!publishing.id) throw new RangeError(`${subject}: a message needs an id; without one it cannot be sent again`);
    const encoded = typeof data === "string" || data instanceof Uint8Array ? data : JSON.stringify(data);
    await slots.take();
    metrics?.publishing.inc();
    const acknowledged = metrics?.publishDuration.startTimer();
    try {
      const answer = await send(subject, encoded, publishing);
      acknowledged?.();
      metrics?.published.inc({ status: answer.duplicate ? "duplicate" : "acknowledged" });
      return answer;
    } catch (error) {
      metrics?.published.inc({ status: error instanceof UnacknowledgedError ? "unacknowledged" : "refused" });
      throw error;
    } finally {
      metrics?.publishing.dec();
      slots.release();
    }
  }

  return {
    publish(subject, data, publishing) {
      const published = publish(subject, data, publishing);
      running.add(published);
      const done = () => running.delete(published);
      published.then(done, done);
      return published;
    },
    async ready() {
      await slots.take();
      slots.release();
    },
    async flush() {
      while (running.size) await Promise.allSettled(running);
    },
  };
}

/** Whether it is unknown if the message was stored. */
function isUnanswered(error: unknown): boolean {
  if (error instanceof JetStreamApiError) return undecided.has(error.code);
  if (error instanceof RequestError) return !(error.cause instanceof PermissionViolationError);
  // The client reports "no responders" as JetStream that is not enabled.
  return error instanceof TimeoutError || (error instanceof Error && error.cause instanceof RequestError);
}
