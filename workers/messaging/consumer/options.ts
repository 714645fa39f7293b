import type { JsMsg } from "@nats-io/jetstream";
import type * as z from "zod";
import type { DeadLetterWriter } from "../dead-letters/writer";
import type { Growth } from "./backoff";
import type { ConsumerMetrics, Log } from "./observer";

/** What a consumer is made of; all but the durable has defaults. Durations in milliseconds. */
export interface ConsumerOptions<T> {
  /**
   * The durable's stream; or several, each with a durable of this name. Those share handler, slots, breaker and
   * metrics: what one of them waits for, all wait for.
   */
  stream: string | readonly string[];
  durable: string;
  /** The subject that the durable must filter, exactly; another durable is refused at the start. Default: any. */
  subject?: string;
  /**
   * More durables of each stream, whose messages are processed by the same handler on the same slots: lanes by
   * priority. Each, that of `durable` too, has the share of the slots that its label `lanes.slots` says (default 1);
   * what a lane does not use is lent to the others until it needs it.
   */
  lanes?: readonly string[];
  /** Where messages come from that are processed again (`replaySubject`), by the same handler, one at a time. */
  replays?: Place | readonly Place[];
  /** Messages in hand at most; pull requests never ask for more. Default: 10; with lanes, their slots together. */
  concurrency?: number;
  /** What a payload must be. Default: it is taken as `T` unchecked. */
  schema?: z.ZodType<T>;
  /** Makes a payload of the message's bytes. What it throws makes the message invalid. Default: JSON. */
  decode?: (message: JsMsg) => unknown;
  /**
   * Failures of a message before it is given up. Default: the durable's label `supercluster.attempts`, else its
   * `max_deliver`, else 5.
   */
  attempts?: number;
  /**
   * Deliveries beyond `attempts` that still run, alone: those of workers that were killed or stopped with the message
   * in hand are counted by the server like failures. Default: 3.
   */
  spareDeliveries?: number;
  /** Default: messages that are given up are terminated, and of a work queue they are gone then. */
  deadLetters?: DeadLetterWriter;
  /** For a handler; what takes longer counts as a failure, while the handler may still run. Default: no limit. */
  timeout?: number;
  /** How long `stop()` waits for handlers that run. Default: 30,000. */
  grace?: number;
  /**
   * How long a server may serve a pull request that nothing listens for any more: `stop()` listens that long after the
   * last one, within its grace. With gateways or leaf nodes a server does so for 2 s, because it may not know of a new
   * subscription yet (nats-server's `defaultGatewayRecentSubExpiration`). Default: 2,000; 0 suits a single cluster.
   */
  servedUnheard?: number;
  /** Waits until the server has confirmed each acknowledgement. Default: false. */
  doubleAck?: boolean;
  /** What was processed before: its messages are acknowledged without running the handler. Default: unknown. */
  idempotency?: IdempotencyStore;
  /** Between two probes of what does not answer. Default: from 1 s to 60 s. */
  breaker?: Growth;
  /**
   * Asks what the handler depends on whether it answers, and rejects if not: the probe while the breaker is open and no
   * message is in hand. For handlers that drop messages (`dependencyCalled: false`). It needs a deadline of its own.
   * Default: the next message probes.
   */
  probe?: () => Promise<unknown>;
  log: Log;
  metrics?: ConsumerMetrics;
}

/** A durable, and the stream that has it. */
export interface Place {
  stream: string;
  durable: string;
}

/** Knows which messages were processed, by `idempotencyKey`. A store that throws makes the message fail, retryably. */
export interface IdempotencyStore {
  has(key: string): Promise<boolean>;
  /** Called after the handler has succeeded, before the acknowledgement. */
  add(key: string): Promise<void>;
}

/** The same for every delivery of a message to this durable: `<stream>:<sequence>:<durable>`. */
export const idempotencyKey = ({ info }: JsMsg): string => `${info.stream}:${info.streamSequence}:${info.consumer}`;
