import * as z from "zod";
import { bucketName, tenantKeyValue, tenantObjectStore } from "./bucket";
import { consumerShape, consumerManagement, pullShape, pushShape } from "./consumer";
import { listenerNames } from "../listeners";
import { assetName, count, duration, durationLimit, size, sizeLimit, subject, token } from "./values";
import { strictObject } from "../problems";
import { streamManagement, streamShape, streamSource } from "./stream";
import { workerSpec } from "./worker";

/**
 * What one system declares: its streams, consumers and users. Field names are JetStream's own in camel case; what a
 * change of each does is in docs/streams.md.
 */

const { external: _external, consumer: _consumer, ...ofCopies } = streamSource.shape;

/** Limits of a stream and of each of its mirrors. Age and bytes must be set, if only to `"unlimited"`. */
const limits = {
  maxAge: durationLimit,
  maxBytes: sizeLimit,
  maxMsgs: streamShape.maxMsgs,
  maxMsgsPerSubject: streamShape.maxMsgsPerSubject,
};

/** A stream of another tenant, which exports it (`exports.copies`); docs/sharing.md has what each side sees. */
const ofTenant = token;

const streamSpec = strictObject({
  ...streamShape,
  /**
   * Stream of another tenant that it copies, message by message, with their sequences. It needs `subjects: []`; copies
   * of a stream of this tenant in other regions are `mirrors` of that stream.
   */
  mirror: strictObject({ tenant: ofTenant, ...ofCopies }).optional(),
  /** Streams it collects from, beside its own `subjects`: names, or objects; with `tenant`, those of another tenant. */
  sources: z
    .array(z.union([assetName, strictObject({ ...streamSource.shape, tenant: ofTenant.optional() })]))
    .min(1)
    .optional(),
  ...limits,
  ...streamManagement,
  /** Region the stream is placed in. Default: the tenant's. A change moves the stream. */
  home: token.optional(),
  subjects: z.array(subject),
  retention: z.enum(["limits", "interest", "workqueue"]),
  storage: z.enum(["file", "memory"]),
  discard: z.enum(["old", "new"]),
  replicas: z.literal([1, 3, 5]),
  /** Copies in other regions, each with its own limits; named `<STREAM>-<region>`. Only of `limits` streams. */
  mirrors: z
    .record(token, strictObject({ description: streamShape.description, ...limits, ...streamManagement }))
    .optional(),
});

const { deliverPolicy, ...ofEvery } = consumerShape;

/**
 * What a tenant says of a consumer. `maxAckPending` and `rateLimitBps` are what all its durables have together: each
 * gets an equal share.
 */
const ofDurables = {
  ...ofEvery,
  ...consumerManagement,
  /** The streams it reads; a durable of this name is made on each. */
  streams: z.array(assetName).min(1),
  /** Subjects it wants; each stream gets those that overlap its own. Default: all. */
  filterSubjects: z.array(subject).min(1).optional(),
  deliverPolicy: deliverPolicy.unwrap(),
};

const consumerSpec = z.discriminatedUnion("mode", [
  strictObject({ mode: z.literal("pull"), ...ofDurables, ...pullShape }),
  strictObject({ mode: z.literal("push"), ...ofDurables, ...pushShape }),
]);

/**
 * What a user does with a bucket. `get`: reads single entries. `list`: lists keys or objects, and histories. `watch`:
 * lists, and follows changes. `put`: writes entries and deletes them; a conditional write that fails reads the entry,
 * so most users that put also get. `purge`: takes old entries away for good, as `purgeDeletes` of the clients'
 * libraries does; of a store, deletes objects without the right to write any.
 */
export const bucketRight = z.enum(["get", "put", "watch", "list", "purge"]);
const bucketRights = z.union([bucketRight, z.array(bucketRight).min(1)]);

const rules = strictObject({ publish: z.array(subject).optional(), subscribe: z.array(subject).optional() });

/** A service, as the client libraries' `services` makes it (ADR-32 of nats-architecture-and-design). */
const responds = strictObject({
  /** Its name, by which it is found: letters, digits, `-` and `_`. */
  service: z.string().regex(/^[a-zA-Z0-9_-]+$/, "write letters, digits, dashes and underscores"),
  /** Subjects on which it is asked. No stream may store them: its acknowledgement would be the first answer. */
  endpoints: z.array(subject).min(1),
  /** Time it has for its one answer; a later one is dropped by the server. Default: 5s. */
  expires: duration.optional(),
});

/** Ways to log in about which servers ask the auth callout. */
export const calloutLogins = ["token", "certificate"] as const;
export type CalloutLogin = (typeof calloutLogins)[number];

const userSpec = strictObject({
  description: z.string().optional(),
  /**
   * How its clients prove who they are. `password`: by a name and a password. `nkey`: by the signature of a key
   * (Ed25519), of which servers know the public half only, and which never crosses the network. `token`: by a token
   * without a name. `certificate`: by a certificate of its own, in the TLS handshake. The last two need `authCallout`
   * of the environment (docs/logins.md). A change is another login: its clients are refused until they have it.
   * Default: `password`.
   */
  login: z.enum(["password", "nkey", ...calloutLogins]).optional(),
  /** Subjects it publishes to, with or without JetStream's acknowledgement. */
  publishes: z.array(subject).optional(),
  /** Core NATS subjects it subscribes to. */
  subscribes: z.array(subject).optional(),
  /** Durables of this tenant it takes messages from. */
  consumes: z.array(assetName).optional(),
  /** Subjects of services it asks; answers arrive in its own inbox. */
  requests: z.array(subject).optional(),
  /**
   * The service that it is: it may subscribe to the endpoints and to what finds services (`$SRV`), and answer each
   * request once, wherever the answer is wanted.
   */
  responds: responds.optional(),
  /**
   * Key-value buckets of this tenant (their streams are `KV_<bucket>`) that it uses, with its rights on each:
   * `{ profiles: ["get", "watch"] }`. A mirror (`profiles-ams`) is named by itself; it is only read.
   */
  keyValues: z.record(bucketName, bucketRights).optional(),
  /** Object stores of this tenant (their streams are `OBJ_<bucket>`) that it uses, with its rights on each. */
  objectStores: z.record(bucketName, bucketRights).optional(),
  /** Added to what is derived. */
  allow: rules.optional(),
  /** Taken from what is derived. */
  deny: rules.optional(),
  /**
   * By which of the environment's `listeners` it may connect too, e.g. `["websocket"]`; one that an environment has not
   * means nothing there. Default: by none, only by NATS's own protocol.
   */
  listeners: z.array(z.enum(listenerNames)).optional(),
  /**
   * Streams of this tenant that a leaf node that logs in as this user may copy with a JetStream of its own: a mirror or
   * source there has `external: { api: "$JS.<jetstreamDomain>.API", deliver: "_INBOX_<user>.copies" }`. Default: none.
   */
  copies: z.array(assetName).optional(),
  /**
   * `own`: `_INBOX_<user>.>`, for clients that set `inboxPrefix`. `shared`: `_INBOX.>` too, for clients that set none;
   * it can read the answers to others of its account that set none. Default: `own`.
   */
  inbox: z.enum(["own", "shared"]).optional(),
});

/** Messages that workers give up. docs/dead-letters.md has what is derived, and what cannot be kept. */
const deadLetters = strictObject({
  /** Age at which a dead letter is deleted, and with it what it was a copy of is lost. Default: 30d. */
  maxAge: durationLimit.optional(),
  /**
   * Bytes that dead letters may have together, on one replica. Once they have it, no more are taken: their workers keep
   * the messages, and try again. Default: 1GiB.
   */
  maxBytes: size.optional(),
  /**
   * Names of fields, at any depth, and of headers whose values `npm run console` does not show; those with the name of
   * a secret are never shown. Default: none.
   */
  redact: z.array(z.string().min(1)).optional(),
  /** Of the streams that are derived, once this is removed. Default: `retain`; in the local environment `delete`. */
  deletionPolicy: streamManagement.deletionPolicy,
  /** Changes of these limits that may cost dead letters, and how many at most. */
  allowDataLoss: streamManagement.allowDataLoss,
});

/** Limits of an account. What its streams may store is no setting: it follows from their `maxBytes` and replicas. */
const accountLimits = strictObject({
  /**
   * Consumers of each stream, those that applications create included (error 10026): every `watch` of a bucket is one
   * while it lasts, every ordered consumer too. docs/account-limits.md has what one costs. Default: no limit.
   */
  consumers: count.optional(),
  /**
   * Streams, mirrors and the canary included (error 10027). While a release replaces streams, old and new ones count,
   * and the limit is as high as both need. Default: those that exist, and 5 more.
   */
  streams: count.optional(),
  /**
   * Client connections at the same time on all servers of all regions. Connections of a server that crashed count for
   * some minutes more while its clients connect elsewhere, so allow twice what clients need. A limit below what is in
   * use comes into force once fewer are connected; until then each up warns (docs/account-limits.md). Default: no limit
   * but that of each server (65,536).
   */
  connections: count.optional(),
  /**
   * Bytes that MQTT may keep in the account's file storage: messages of QoS 1 and 2 until they are delivered, retained
   * ones, sessions; on one replica. Counts where an environment listens for MQTT and a user may connect by it.
   * Default: 256MiB.
   */
  mqtt: size.optional(),
});

/** Tenants by name, or all that there are and will be. */
const partners = z.union([z.literal("all"), z.array(token).min(1)]);

const exported = z.record(
  subject,
  strictObject({
    description: z.string().optional(),
    /** Tenants that may import it, or `all`. What none of them imports is seen by none. */
    to: partners,
  }),
);

const copied = z.record(
  assetName,
  strictObject({
    description: z.string().optional(),
    to: partners,
    /** Only messages of these subjects; who copies it takes one of them, or a part of one. Default: all. */
    subjects: z.array(subject).min(1).optional(),
  }),
);

/** What other tenants may import. docs/sharing.md has what each side sees. */
const exportsSpec = strictObject({
  /** Subjects that others may subscribe to: what this tenant's users publish on them. Default: none. */
  streams: exported.optional(),
  /** Subjects on which others may ask; a user of this tenant `responds` on them. Default: none. */
  services: exported.optional(),
  /**
   * Streams, by name, that others may copy into streams of their own, by `mirror` or `sources` with `tenant`: messages
   * that are there, and those that come. Only of `limits` streams. Default: none.
   */
  copies: copied.optional(),
});

const importsSpec = strictObject({
  /** First token of the subjects here: `orders.placed` of shop is `shop.orders.placed`. Default: the tenant's name. */
  prefix: token.optional(),
  /** Subjects to subscribe to, each exported by that tenant or part of what it exports. Default: none. */
  streams: z.array(subject).min(1).optional(),
  /** Subjects to ask on, each exported by that tenant or part of what it exports. Default: none. */
  services: z.array(subject).min(1).optional(),
});

/** Where a part of the messages of a subject goes instead. */
const mappedTo = strictObject({
  /**
   * The subject that they get; `{{wildcard(1)}}` is what the first `*` of theirs stands for. It stands once in a list.
   */
  to: z.string().min(1),
  /** Percent of the messages: 1 to 100, and at most 100 together; the rest keeps its subject. */
  weight: z.int().min(1).max(100),
  /** Only what clients publish in this region, for which entries without a region then mean nothing. Default: all. */
  region: token.optional(),
});

export const tenantSpec = strictObject({
  /** The account's name. */
  name: token,
  description: z.string().optional(),
  /**
   * `leaving`: its streams and durables are deleted, its account and users stay until its entry is taken out in a later
   * release (docs/runbooks/remove-a-tenant.md). Default: `present`.
   */
  state: z.enum(["present", "leaving"]).optional(),
  /**
   * Of a tenant that is leaving: messages that each of its streams and mirrors may hold when it is deleted. What a
   * stream says itself counts first. Default: none.
   */
  allowDataLoss: z
    .array(strictObject({ change: z.literal("delete"), maxMessages: z.int().min(0) }))
    .length(1)
    .optional(),
  /** Region its streams are placed in unless they name another. */
  home: token,
  streams: z.record(assetName, streamSpec),
  /** Key-value buckets, by name. Each is the stream `KV_<name>`. Default: none. */
  keyValues: z.record(bucketName, tenantKeyValue).optional(),
  /** Object stores, by name. Each is the stream `OBJ_<name>`. Default: none. */
  objectStores: z.record(bucketName, tenantObjectStore).optional(),
  consumers: z.record(assetName, consumerSpec),
  users: z.record(token, userSpec),
  /**
   * Keeps what workers give up: gives the account the streams DEAD_LETTERS, DEAD_LETTER_EVENTS and REPLAYS, durables
   * and permissions for them, and the users `dead-letters` and `dead-letters-cli` (docs/dead-letters.md). Default: a
   * message that was given up is only in its stream, until that deletes it.
   */
  deadLetters: deadLetters.optional(),
  /**
   * Lanes of subjects, by priority: `{ "sms.send": { high: 6, normal: 3, low: 1 } }`. Wherever this tenant names the
   * subject, `sms.send.high`, `.normal` and `.low` are named too, and a consumer that filters it gets a durable for
   * each lane, `<consumer>-high` and so on; its own durable is that of `normal`, to which `sms.send` itself belongs.
   * The numbers are slots of a worker while all lanes have messages (docs/lanes.md). Default: none.
   */
  lanes: z.record(subject, z.record(token, count)).optional(),
  /**
   * Subjects that may have one token more, which names whom a message is about: with `["email.send"]` also
   * `email.send.*`, wherever this tenant names the subject; with lanes, behind the lane (docs/lanes.md). Default: none.
   */
  routes: z.array(subject).min(1).optional(),
  /** By name: the durable that each reads, or any other name, as `api`. Default: none. */
  workers: z.record(assetName, workerSpec).optional(),
  limits: accountLimits.optional(),
  /** Subjects that other tenants may hear or ask on (docs/sharing.md). Default: nothing is shared. */
  exports: exportsSpec.optional(),
  /**
   * By the name of the tenant that exports it: what this tenant hears of others, and asks them. Its users name the
   * subjects with the prefix: `subscribes: ["shop.orders.placed"]`, `requests: ["shop.price.get"]`. Default: nothing.
   */
  imports: z.record(token, importsSpec).optional(),
  /**
   * Canary releases: messages of a subject, or a part of them, get another one, on which the new version works:
   * `{ "price.get": [{ to: "price.v2.get", weight: 10 }] }`. Publishers and those who ask write what they always do,
   * and may do both (docs/sharing.md). Default: none.
   */
  mappings: z.record(subject, z.array(mappedTo).min(1)).optional(),
});

export type StreamSpec = z.infer<typeof streamSpec>;
export type ConsumerSpec = z.infer<typeof consumerSpec>;
export type UserSpec = z.infer<typeof userSpec>;
export type BucketRight = z.infer<typeof bucketRight>;
export type TenantSpec = z.infer<typeof tenantSpec>;
