import * as z from "zod";
import { assetName, count, duration, size, subject, token } from "./fields";
import { strictObject } from "./problems";

/**
 * What one system declares: its streams, consumers and users. Field names are JetStream's own in camel case; what a
 * change of each does is in docs/streams.md.
 */

const limits = {
  /** Age at which a message goes. At least 100 ms (error 10052). Changes in place; lowering it deletes at once. */
  maxAge: duration,
  /** Bytes one replica may hold; reserved in the account and on the servers. Changes in place; lowering it deletes at once. */
  maxBytes: size,
  /** Messages the stream may hold. Default: no limit. Changes in place; lowering it deletes at once. */
  maxMsgs: count.optional(),
};

export const streamSpec = strictObject({
  description: z.string().max(4096).optional(),
  /** Region the stream is placed in. Default: the tenant's. A change moves the stream. */
  home: token.optional(),
  subjects: z.array(subject).min(1),
  /** `limits` keeps messages until a limit, `interest` until all consumers acknowledged, `workqueue` until one did. */
  retention: z.enum(["limits", "interest", "workqueue"]),
  storage: z.enum(["file", "memory"]),
  ...limits,
  /** Largest message. Default: the server's `max_payload`. */
  maxMsgSize: size.optional(),
  maxMsgsPerSubject: count.optional(),
  /** At a limit: drop the oldest message (`old`) or refuse the new one (`new`, error 10077). */
  discard: z.enum(["old", "new"]),
  /** Servers of the home region that hold a copy. 1, 3 or 5. */
  replicas: z.literal([1, 3, 5]),
  /** How long a `Nats-Msg-Id` is remembered. Default: 2 minutes, or `maxAge` where that is less. */
  duplicateWindow: duration.optional(),
  denyDelete: z.boolean().optional(),
  denyPurge: z.boolean().optional(),
  /** Copies in other regions, each with its own limits; named `<STREAM>-<region>`. Only of `limits` streams. */
  mirrors: z.record(token, strictObject(limits)).optional(),
});

const consumerFields = {
  description: z.string().max(4096).optional(),
  /** The streams it reads; a durable of this name is made on each. */
  streams: z.array(assetName).min(1),
  /** Subjects it wants; each stream gets those that overlap its own. Default: all. */
  filterSubjects: z.array(subject).min(1).optional(),
  /** Left out, the server's default is `none`, which silently disables redelivery: so it must be said. */
  ackPolicy: z.enum(["explicit", "all", "none"]),
  /** Time to acknowledge before redelivery. Default: 30s, or `backoff[0]`. */
  ackWait: duration.optional(),
  /** Deliveries of one message in all. Default: no limit. At least as many as `backoff` has entries (error 10116). */
  maxDeliver: count.optional(),
  /** Waits before redeliveries that follow a missing acknowledgement (a plain `nak()` does not wait). */
  backoff: z.array(duration).min(1).optional(),
  /** Messages delivered and not yet acknowledged, over all clients of the durable. Default: 1000. */
  maxAckPending: count.optional(),
  deliverPolicy: z.enum(["all", "new", "last", "last_per_subject"]),
  replayPolicy: z.enum(["instant", "original"]).optional(),
};

export const consumerSpec = z.discriminatedUnion("mode", [
  strictObject({
    mode: z.literal("pull"),
    ...consumerFields,
    /** Pull requests waiting at once. Default: 512. */
    maxWaiting: count.optional(),
  }),
  strictObject({
    mode: z.literal("push"),
    ...consumerFields,
    /** Subject the messages are sent to. */
    deliverSubject: subject,
    deliverGroup: assetName.optional(),
    /** Needs `idleHeartbeat` (error 10108). */
    flowControl: z.boolean().optional(),
    /** At least 100 ms (error 10083). */
    idleHeartbeat: duration.optional(),
    /** Bits (not bytes) a second. */
    rateLimitBps: count.optional(),
  }),
]);

const rules = strictObject({ publish: z.array(subject).optional(), subscribe: z.array(subject).optional() });

export const userSpec = strictObject({
  description: z.string().optional(),
  /** Subjects it publishes to, with or without JetStream's acknowledgement. */
  publishes: z.array(subject).optional(),
  /** Core NATS subjects it subscribes to. */
  subscribes: z.array(subject).optional(),
  /** Durables of this tenant it takes messages from. */
  consumes: z.array(assetName).optional(),
  /** Subjects of services it asks; answers arrive in its own inbox. */
  requests: z.array(subject).optional(),
  /** Added to what is derived. */
  allow: rules.optional(),
  /** Taken from what is derived. */
  deny: rules.optional(),
  /** `own`: `_INBOX_<user>.>`, for clients that set `inboxPrefix`. `shared`: `_INBOX.>`, where users can read each other's answers. Default: `own`. */
  inbox: z.enum(["own", "shared"]).optional(),
  /** Connections at once that the account's limit counts with. Default: 50. */
  connections: count.optional(),
});

export const tenantSpec = strictObject({
  /** The account's name. */
  name: token,
  description: z.string().optional(),
  /** Region its streams are placed in unless they say another. */
  home: token,
  streams: z.record(assetName, streamSpec),
  consumers: z.record(assetName, consumerSpec),
  users: z.record(token, userSpec),
});

export type StreamSpec = z.infer<typeof streamSpec>;
export type ConsumerSpec = z.infer<typeof consumerSpec>;
export type UserSpec = z.infer<typeof userSpec>;
export type TenantSpec = z.infer<typeof tenantSpec>;
