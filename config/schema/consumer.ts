import * as z from "zod";
import { assetName, count, duration, extraFields, metadata, size, startTime, subject } from "./values";
import { strictObject } from "../problems";

/**
 * Every field of a durable consumer, under JetStream's own name in camel case, in the form of stream-fields.ts.
 * "Refused": the plan fails, because the server would refuse, and a new durable would not know what the old one has
 * delivered.
 */

export const consumerShape = {
  /** What it is for, in words: at most 4 KiB (error 10107). Default: none. In place. */
  description: z.string().max(4096).optional(),
  /**
   * `explicit`: each message by itself; `all`: one acknowledges those before it; `none`: nothing is ever redelivered;
   * `flow_control`: by the flow of a push consumer's messages, which needs `flowControl`, `idleHeartbeat` 1s and
   * `maxAckPending`, and no `ackWait`, `backoff` or `maxDeliver` (API level 4). The server's default is `none`, so it
   * must be said. Refused (error 10012).
   */
  ackPolicy: z.enum(["explicit", "all", "none", "flow_control"]),
  /**
   * Time to acknowledge before redelivery. Default: 30s, or `backoff[0]`, which it must equal (error 10157). In place.
   */
  ackWait: duration.optional(),
  /**
   * Deliveries of one message in all; at least as many as `backoff` has entries (error 10116). Default: no limit. In
   * place.
   */
  maxDeliver: count.optional(),
  /**
   * Waits before redeliveries that follow a missing acknowledgement; a plain `nak()` does not wait. Default: none. In
   * place.
   */
  backoff: z.array(duration).min(1).optional(),
  /**
   * Messages delivered and not yet acknowledged, over all its clients. Default 1000; none with `ackPolicy` `none`. In
   * place.
   */
  maxAckPending: count.optional(),
  /**
   * Where it begins: `all` there is, what is `new`, the `last` message, the `last_per_subject`, `by_start_sequence` or
   * `by_start_time`. Default `all`. Refused (error 10012); `resetTo` moves it.
   */
  deliverPolicy: z.enum(["all", "new", "last", "last_per_subject", "by_start_sequence", "by_start_time"]).optional(),
  /** First sequence, with `by_start_sequence`. Default: none. Refused (error 10012); `resetTo` moves it. */
  optStartSeq: count.optional(),
  /** First time, RFC 3339, with `by_start_time`. Default: none. Refused (error 10012); `resetTo` moves it. */
  optStartTime: startTime.optional(),
  /**
   * `instant`, or `original`, which delivers in the rhythm in which messages came. Default `instant`. Refused (error
   * 10012).
   */
  replayPolicy: z.enum(["instant", "original"]).optional(),
  /** Part of acknowledgements that are reported as samples: `"25%"`. Default: none. In place. */
  sampleFreq: z
    .string()
    .regex(/^(100|\d{1,2})%?$/, 'write a percentage, e.g. "25%"')
    .optional(),
  /** Delivers headers only, with the size of what is left out. Default false. In place. */
  headersOnly: z.boolean().optional(),
  /** Time after which it is deleted when no client uses it. Default: never. In place. */
  inactiveThreshold: duration.optional(),
  /**
   * Copies of its state: 1, 3 or 5, at most as many as the stream has (error 10126), and as many for interest and
   * work-queue streams (error 10134). Default: the stream's. In place.
   */
  replicas: z.literal([1, 3, 5]).optional(),
  /**
   * Keeps its state in memory. Default false: as the stream. Refused (error 10012): servers before 2.14.4 accept a
   * change and do nothing.
   */
  memStorage: z.boolean().optional(),
  /** Delivers nothing until then, RFC 3339. API level 1. Default: not paused. In place, by a request of its own. */
  pauseUntil: startTime.optional(),
  /**
   * Moves it to this sequence, once: when the value is new. What was acknowledged from there on is delivered again. API
   * level 4. Default: stays where it is. In place, by a request of its own.
   */
  resetTo: count.optional(),
  /**
   * Your own labels, at most 128 KiB with those that are added (error 10135); keys that begin with `_nats`,
   * `supercluster.` or `io.nats.monitor.` are taken. Default: who reconciles it, and thresholds for `nats server
   * check`. In place.
   */
  metadata: metadata.optional(),
};

/** Of consumers whose clients ask for messages. */
export const pullShape = {
  /** Requests waiting at once. Default 512. Refused (error 10012). */
  maxWaiting: count.optional(),
  /** Most messages one request may ask for. Default: no limit. In place. */
  maxBatch: count.optional(),
  /** Longest time one request may wait: 1ms at least. Default: no limit. In place. */
  maxExpires: duration.optional(),
  /** Most bytes one request may ask for. Default: no limit. In place. */
  maxBytes: size.optional(),
  /**
   * Which of several clients is served: with `none` all alike, with `overflow` those past a threshold of their own,
   * with `pinned_client` one only, with `prioritized` (server 2.12.0) the lowest number. Needs `priorityGroups`. API
   * level 1. Default `none`. In place.
   */
  priorityPolicy: z.enum(["none", "overflow", "pinned_client", "prioritized"]).optional(),
  /**
   * Name of its one group, with `priorityPolicy`: at most 16 letters, digits and `_ = -` (error 10162). API level 1.
   * Default: none. In place.
   */
  priorityGroups: z.array(assetName).length(1).optional(),
  /**
   * Time after which a pinned client that is silent loses its place, with `pinned_client`. API level 1. Default: 2m. In
   * place.
   */
  priorityTimeout: duration.optional(),
};

/** Of consumers that send messages to a subject. */
export const pushShape = {
  /**
   * Where messages are sent: no wildcard (error 10079), no subject of the stream (error 10081). In place while no
   * client is subscribed to the old one (error 10013); from push to pull, or pull to push, is refused (error 10012).
   */
  deliverSubject: subject,
  /** Clients that subscribe in this queue group share the messages. Default: none, each gets all. In place. */
  deliverGroup: assetName.optional(),
  /** Waits for its clients to keep up. Needs `idleHeartbeat` (error 10108). Default false. Refused (error 10012). */
  flowControl: z.boolean().optional(),
  /**
   * Time after which a silent stream says that it is alive: 100ms at least (error 10083). Default: never. Refused
   * (error 10012).
   */
  idleHeartbeat: duration.optional(),
  /** Bits a second. Default: no limit. In place. */
  rateLimitBps: count.optional(),
};

/** How the program treats a consumer, beside its configuration. */
export const consumerManagement = {
  /**
   * What becomes of it when it is taken out of the program. `retain`: it is protected and stays. `delete-if-empty`: it
   * goes if nothing waits for it. `delete`: it goes, with its position. Default `retain`; in the local environment
   * `delete`. In place: nothing is sent to the server.
   */
  deletionPolicy: z.enum(["retain", "delete-if-empty", "delete"]).optional(),
  /**
   * Allows `replace`, which deletes and recreates the durable where the server cannot change it in place, if at most
   * this many messages wait for it. Counted at preview, and again right before. Default: none. In place: nothing is
   * sent to the server.
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
   * has. Default: what is there and is not this stack's own is refused. In place: nothing is sent to the server.
   */
  adopt: z.union([z.literal(true), z.string().min(1)]).optional(),
  /**
   * Fields of JetStream's JSON that this program does not know yet, under JetStream's names, sent as they are. Default:
   * none. In place: whether the server takes them shows at the write.
   */
  extraConfig: extraFields({
    ...consumerShape,
    ...pullShape,
    ...pushShape,
    filterSubject: subject,
    filterSubjects: subject,
  }).optional(),
};
