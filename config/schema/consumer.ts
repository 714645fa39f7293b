import * as z from "zod";
import { assetName, count, countLimit, duration, extraFields, metadata, size, startTime, subject } from "./values";
import { strictObject } from "../problems";

/** Messages that the server lets a durable have unacknowledged unless it sets `maxAckPending`. */
export const defaultAckPending = 1000;

/**
 * Every field of a durable consumer, under JetStream's own name in camel case; commented as in stream.ts, with the
 * table in jetstream/fields/consumer.ts.
 */

export const consumerShape = {
  /** What it is for, in words: at most 4 KiB. */
  description: z.string().max(4096).optional(),
  /**
   * `explicit`: each message by itself; `all`: one acknowledges those before it; `none`: nothing is ever redelivered;
   * `flow_control`: by the flow of a push consumer's messages, which needs `flowControl`, `idleHeartbeat` 1s and
   * `maxAckPending`, and no `ackWait`, `backoff` or `maxDeliver`. The server's default is `none`, so it must be
   * set.
   */
  ackPolicy: z.enum(["explicit", "all", "none", "flow_control"]),
  /**
   * Time to acknowledge before redelivery.
   * @default 30s, or `backoff[0]`, which it must equal
   */
  ackWait: duration.optional(),
  /** Deliveries of one message in all; at least as many as `backoff` has entries. */
  maxDeliver: count.optional(),
  /**
   * Attempts of its worker on one message, which the worker counts: after the last it copies the message to the
   * tenant's dead letters and terminates it. `maxDeliver` must be larger by more than 3, or left out: deliveries to a
   * worker that died, or that waited for what it calls, count for that. Workers read it as the label
   * `supercluster.attempts`.
   * @default what the worker has: `maxDeliver`, or 5
   */
  attempts: count.optional(),
  /** Waits before redeliveries that follow a missing acknowledgement; a plain `nak()` does not wait. */
  backoff: z.array(duration).min(1).optional(),
  /**
   * Messages delivered and not yet acknowledged, over all its clients; the server delivers no more until some are
   * acknowledged. `unlimited`: as many as there are.
   * @default 1000; none with `ackPolicy` `none`
   */
  maxAckPending: countLimit.optional(),
  /**
   * Where it begins: `all` there is, what is `new`, the `last` message, the `last_per_subject`, `by_start_sequence` or
   * `by_start_time`. `resetTo` moves it later.
   */
  deliverPolicy: z.enum(["all", "new", "last", "last_per_subject", "by_start_sequence", "by_start_time"]).optional(),
  /** First sequence, with `by_start_sequence`. `resetTo` moves it later. */
  optStartSeq: count.optional(),
  /** First time, RFC 3339, with `by_start_time`. `resetTo` moves it later. */
  optStartTime: startTime.optional(),
  /** `instant`, or `original`, which delivers in the rhythm in which messages came. */
  replayPolicy: z.enum(["instant", "original"]).optional(),
  /** Part of acknowledgements that are reported as samples: `"25%"`. */
  sampleFreq: z
    .string()
    .regex(/^(100|\d{1,2})%?$/, 'write a percentage, e.g. "25%"')
    .optional(),
  /** Delivers headers only, with the size of what is left out. */
  headersOnly: z.boolean().optional(),
  /**
   * Time after which it is deleted when no client uses it.
   * @default never
   */
  inactiveThreshold: duration.optional(),
  /**
   * Copies of its state: 1, 3 or 5, at most as many as the stream has (error 10126), and as many for interest and
   * work-queue streams (error 10134).
   * @default the stream's
   */
  replicas: z.literal([1, 3, 5]).optional(),
  /**
   * Keeps its state in memory.
   * @default false, as the stream
   */
  memStorage: z.boolean().optional(),
  /**
   * Delivers nothing until then, RFC 3339.
   * @default not paused
   * @change by a request of its own
   */
  pauseUntil: startTime.optional(),
  /**
   * Moves it to this sequence, once: when the value is new. What was acknowledged from there on is delivered again.
   * @default stays where it is
   * @level 4
   * @change by a request of its own
   */
  resetTo: count.optional(),
  /**
   * Your own labels, at most 128 KiB with those that are added; keys that begin with `_nats`, `supercluster.` or
   * `io.nats.monitor.` are taken.
   * @default who reconciles it, and thresholds for `nats server check`
   */
  metadata: metadata.optional(),
};

/** Of consumers whose clients ask for messages. */
export const pullShape = {
  /**
   * Requests waiting at once.
   * @default 512
   */
  maxWaiting: count.optional(),
  /**
   * Most messages one request may ask for.
   * @default no limit
   */
  maxBatch: count.optional(),
  /**
   * Longest time one request may wait: 1ms at least.
   * @default no limit
   */
  maxExpires: duration.optional(),
  /**
   * Most bytes one request may ask for.
   * @default no limit
   */
  maxBytes: size.optional(),
  /**
   * Which of several clients is served: with `none` all alike, with `overflow` those past a threshold of their own,
   * with `pinned_client` one only, with `prioritized` (server 2.12.0) the lowest number. Needs `priorityGroups`.
   * @default `none`
   */
  priorityPolicy: z.enum(["none", "overflow", "pinned_client", "prioritized"]).optional(),
  /** Name of its one group, with `priorityPolicy`: at most 16 letters, digits and `_ = -`. */
  priorityGroups: z.array(assetName).length(1).optional(),
  /**
   * Time after which a pinned client that is silent loses its place, with `pinned_client`.
   * @default 2m
   */
  priorityTimeout: duration.optional(),
};

/** Of consumers that send messages to a subject. */
export const pushShape = {
  /**
   * Where messages are sent: no wildcard, no subject of the stream (error 10081).
   * @change while no client is subscribed to the old one (error 10013)
   */
  deliverSubject: subject,
  /**
   * Clients that subscribe in this queue group share the messages.
   * @default none, each gets all
   */
  deliverGroup: assetName.optional(),
  /** Waits for its clients to keep up. Needs `idleHeartbeat`. */
  flowControl: z.boolean().optional(),
  /**
   * Interval of heartbeats while no message is delivered: 100ms at least.
   * @default never
   */
  idleHeartbeat: duration.optional(),
  /**
   * Bits a second.
   * @default no limit
   */
  rateLimitBps: count.optional(),
};

/** How the program treats a consumer, beside its configuration. */
export const consumerManagement = {
  /**
   * What happens to it when it is removed from the program. `retain`: it is protected and stays. `delete-if-empty`: it
   * is deleted if nothing waits for it. `delete`: it is deleted, with its position.
   * @default `retain`; in the local environment `delete`
   */
  deletionPolicy: z.enum(["retain", "delete-if-empty", "delete"]).optional(),
  /**
   * Allows `replace`, which deletes and recreates the durable where the server cannot change it in place, if at most
   * this many messages wait for it. Counted at preview, and again right before.
   */
  allowDataLoss: z
    .array(
      strictObject({
        /** `replace`: the durable is deleted and recreated. */
        change: z.enum(["replace"]),
        /** Messages that may be waiting for it at most. */
        maxMessages: z.int().min(0),
      }),
    )
    .min(1)
    .optional(),
  /**
   * Takes over a durable that is there: `true` one without an ownership mark, or the name of the stack whose mark it
   * has.
   * @default what is there and is not this stack's own is refused
   */
  adopt: z.union([z.literal(true), z.string().min(1)]).optional(),
  /**
   * Fields of JetStream's JSON that this program does not know yet, under JetStream's names, sent as they are.
   * @change whether the server takes them shows at the write
   */
  extraConfig: extraFields({
    ...consumerShape,
    ...pullShape,
    ...pushShape,
    filterSubject: subject,
    filterSubjects: subject,
  }).optional(),
};
