import * as z from "zod";
import { assetName, count, duration, metadata, size, startTime, subject } from "./fields";
import { strictObject } from "./problems";

/**
 * Every field of a durable consumer, under JetStream's own name in camel case. What a change does: "In place", or "Refused": the plan
 * fails, because the server would refuse (error 10012) and a new durable would not know what the old one had delivered.
 */

export const consumerFields = {
  /** What it is for. At most 4 KiB (error 10052). In place. */
  description: z.string().max(4096).optional(),
  /** `explicit`: each message by itself; `all`: one acknowledges those before it; `none`: nothing is ever redelivered; `flow_control`: by the flow of a push consumer's messages (API level 4). The server's default is `none`, so it must be said. Refused. */
  ackPolicy: z.enum(["explicit", "all", "none", "flow_control"]),
  /** Time to acknowledge before redelivery. Default: 30s, or `backoff[0]`, which it must equal. In place. */
  ackWait: duration.optional(),
  /** Deliveries of one message in all; at least as many as `backoff` has entries (error 10116). Default: no limit. In place. */
  maxDeliver: count.optional(),
  /** Waits before redeliveries that follow a missing acknowledgement; a plain `nak()` does not wait. In place. */
  backoff: z.array(duration).min(1).optional(),
  /** Messages delivered and not yet acknowledged, over all its clients. Default 1000. In place. */
  maxAckPending: count.optional(),
  /** Where it begins. Default `all`. Refused; `resetTo` moves it. */
  deliverPolicy: z.enum(["all", "new", "last", "last_per_subject", "by_start_sequence", "by_start_time"]).optional(),
  /** With `by_start_sequence`. Refused; `resetTo` moves it. */
  optStartSeq: count.optional(),
  /** With `by_start_time`, RFC 3339. Refused; `resetTo` moves it. */
  optStartTime: startTime.optional(),
  /** `original` delivers in the rhythm in which messages came. Default `instant`. Refused. */
  replayPolicy: z.enum(["instant", "original"]).optional(),
  /** Part of acknowledgements that are reported as samples: `"25%"`. Default: none. In place. */
  sampleFreq: z.string().regex(/^(100|\d{1,2})%?$/, 'write a percentage, e.g. "25%"').optional(),
  /** Delivers headers only, with the size of what is left out. Default false. In place. */
  headersOnly: z.boolean().optional(),
  /** Time after which it goes when nobody uses it. Default: never. In place. */
  inactiveThreshold: duration.optional(),
  /** Copies of its state, at most as many as the stream has (error 10126); as many, for interest and work-queue streams. Default: the stream's. In place. */
  replicas: z.literal([1, 3, 5]).optional(),
  /** Keeps its state in memory. Default: as the stream. Refused. */
  memStorage: z.boolean().optional(),
  /** Delivers nothing until then, RFC 3339. Has an API of its own, which sets and takes it away. API level 1. In place. */
  pauseUntil: startTime.optional(),
  /** Moves it to this sequence, once: when the value is new. What was acknowledged from there on is delivered again. API level 4. In place. */
  resetTo: count.optional(),
  /** Your own labels; keys that begin with `_nats`, `supercluster.` or `io.nats.monitor.` are taken. In place. */
  metadata: metadata.optional(),
};

/** Of consumers whose clients ask for messages. */
export const pullFields = {
  /** Requests waiting at once. Default 512. Refused. */
  maxWaiting: count.optional(),
  /** Most messages one request may ask for. Default: no limit. In place. */
  maxBatch: count.optional(),
  /** Longest time one request may wait: 1ms at least. Default: no limit. In place. */
  maxExpires: duration.optional(),
  /** Most bytes one request may ask for. Default: no limit. In place. */
  maxBytes: size.optional(),
  /** Who of several clients is served: `overflow` past a threshold, `pinned_client` one only, `prioritized` by number. API level 1. Default: all alike. In place. */
  priorityPolicy: z.enum(["none", "overflow", "pinned_client", "prioritized"]).optional(),
  /** Name of its one group; needed with `priorityPolicy`. API level 1. In place. */
  priorityGroups: z.array(assetName).length(1).optional(),
  /** Time after which a pinned client that is silent loses its place. Default 2m, with `pinned_client`. API level 1. In place. */
  priorityTimeout: duration.optional(),
};

/** Of consumers that send messages to a subject. */
export const pushFields = {
  /** Where messages are sent; no wildcard (error 10079). In place while nobody is subscribed. Taking it away or adding it is refused. */
  deliverSubject: subject,
  /** Clients of this group share the messages. In place. */
  deliverGroup: assetName.optional(),
  /** Waits for its clients to keep up. Needs `idleHeartbeat` (error 10108). Default false. Refused. */
  flowControl: z.boolean().optional(),
  /** Time after which a silent stream says that it is alive: 100ms at least (error 10083). Default: never. Refused. */
  idleHeartbeat: duration.optional(),
  /** Bits a second. Default: no limit. In place. */
  rateLimitBps: count.optional(),
};

/** How the program treats a consumer, beside its configuration. */
export const consumerManagement = {
  /**
   * What becomes of it when it is taken out of the program. `retain`: it is protected and stays. `delete-if-empty`: it goes if nothing
   * waits for it. `delete`: it goes, with its position. Default `retain`; in the local environment `delete`.
   */
  deletionPolicy: z.enum(["retain", "delete-if-empty", "delete"]).optional(),
  /** `replace` deletes the durable and makes it anew where the server cannot change it in place, if at most so many messages wait for it. */
  allowDataLoss: z.array(strictObject({ change: z.enum(["replace"]), maxMessages: z.int().min(0) })).min(1).optional(),
  /** Takes over a durable that is there: `true` one that nobody's mark is on, or the name of the stack whose mark it has. Default: refused. */
  adopt: z.union([z.literal(true), z.string().min(1)]).optional(),
  /** Fields of JetStream's JSON that this program does not know yet, sent as they are. */
  extraConfig: z.record(z.string().min(1), z.json()).optional(),
};
