import * as z from "zod";
import { assetName, count, duration, metadata, size, startTime, subject } from "./fields";
import { strictObject } from "./problems";

/**
 * Every field of a stream, under JetStream's own name in camel case. Durations and sizes carry their units. Each comment says
 * what it means, its unit and range, its default, and what a change does: "In place", "Refused" (the plan fails, with the
 * server's error) or "Deletes" (in place, but messages go: refused unless `allowDataLoss` names it). docs/streams.md is
 * generated from here and from the tables in components/jetstream/.
 */

const subjectTransform = strictObject({
  /** Subjects it applies to. Default: all. */
  src: subject.optional(),
  /** What they become; `{{wildcard(1)}}` and the like stand for tokens. */
  dest: z.string().min(1),
});

/** Where a copy comes from. */
export const streamSource = strictObject({
  /** Stream it copies. */
  name: assetName,
  /** First sequence it takes. Default: the first there is. Not with `optStartTime`. */
  optStartSeq: count.optional(),
  /** Takes messages from this time on, RFC 3339. Not with `optStartSeq`. */
  optStartTime: startTime.optional(),
  /** Takes only these subjects. Not with `subjectTransforms`. */
  filterSubject: subject.optional(),
  /** Takes only their sources, and renames them. Not with `filterSubject`. */
  subjectTransforms: z.array(subjectTransform).min(1).optional(),
  /** The stream of another account or domain. */
  external: strictObject({
    /** Prefix of its JetStream API. */
    api: subject,
    /** Prefix of its deliver subjects. */
    deliver: subject.optional(),
  }).optional(),
  /** A durable of the origin to read by, made beforehand; otherwise the server makes one that nobody sees. API level 4. */
  consumer: strictObject({ name: assetName, deliverSubject: subject }).optional(),
});

const source = z.union([assetName, streamSource]);

export const streamFields = {
  /** What it is for. At most 4 KiB (error 10052). In place. */
  description: z.string().max(4096).optional(),
  /** Subjects it captures; none for a mirror. In place; messages of a subject taken away stay, later ones are lost. */
  subjects: z.array(subject).min(1).optional(),
  /**
   * Stream it copies, message by message, as they were. Not with `subjects` or `sources` (errors 10033, 10034). Refused, except to
   * take it away, which makes it a stream of its own: it then needs subjects.
   */
  mirror: source.optional(),
  /** Streams it collects from, beside its own subjects. In place. */
  sources: z.array(source).min(1).optional(),
  /** `limits` keeps messages until a limit, `interest` until all consumers acknowledged, `workqueue` until one did. Default `limits`. In place between limits and interest, where interest deletes what nobody wants; to and from `workqueue` refused (error 10052). */
  retention: z.enum(["limits", "interest", "workqueue"]).optional(),
  /** Default `file`. Refused (error 10052). */
  storage: z.enum(["file", "memory"]).optional(),
  /** Servers of the home region that hold a copy: 1, 3 or 5 (the server takes up to 5, error 10074), not more than it has (error 10005). Default 1. In place; down to 1 the next failure loses it, so that is refused unless `allowDataLoss` names it. */
  replicas: z.literal([1, 3, 5]).optional(),
  /** Tags that each of its servers must have. In place: it moves; taking them away moves nothing. */
  placementTags: z.array(z.string().min(1)).min(1).optional(),
  /** Age at which a message goes: at least 100ms (error 10052). Default: never. In place; lower deletes at once. */
  maxAge: duration.optional(),
  /** Bytes one replica may hold; reserved in the account and on the servers (errors 10047, 10028). Default: no limit. In place; lower deletes at once. */
  maxBytes: size.optional(),
  /** Messages it may hold. Default: no limit. In place; lower deletes at once. */
  maxMsgs: count.optional(),
  /** Messages it may hold of one subject. Default: no limit. In place; lower deletes at once. */
  maxMsgsPerSubject: count.optional(),
  /** Largest message, header included, up to 2 GiB. Default: the server's `max_payload`. In place, for new messages. */
  maxMsgSize: size.optional(),
  /** Consumers it may have. Default: no limit. In place from server 2.12.5, refused before (error 10052). */
  maxConsumers: count.optional(),
  /** At a limit drop the oldest message (`old`) or refuse the new one (`new`, error 10077). Default `old`. In place. */
  discard: z.enum(["old", "new"]).optional(),
  /** `discard: "new"` for each subject by itself. Needs it and `maxMsgsPerSubject` (error 10052). Default false. In place. */
  discardNewPerSubject: z.boolean().optional(),
  /** How long a `Nats-Msg-Id` is remembered: 100ms at least, `maxAge` at most (error 10052). Default: 2m, or `maxAge` where that is less; none for a mirror. In place. */
  duplicateWindow: duration.optional(),
  /** Publishers get no acknowledgement. Default false. In place. */
  noAck: z.boolean().optional(),
  /** Compression of its files. Default `none`. In place, for blocks written from then on. */
  compression: z.enum(["none", "s2"]).optional(),
  /** Sequence of its first message. Default 1. Not with `mirror` (error 10143). Refused: the server accepts a change and does nothing. */
  firstSeq: count.optional(),
  /** Renames subjects before they are stored. Not with `mirror`. In place. */
  subjectTransform: subjectTransform.optional(),
  /** Publishes every stored message again, on another subject. In place. */
  republish: strictObject({
    /** Subjects it applies to. Default: all. */
    src: subject.optional(),
    /** What they become. Must not come back into the stream. */
    dest: z.string().min(1),
    /** Only headers, and the size of what is left out. Default false. */
    headersOnly: z.boolean().optional(),
  }).optional(),
  /** Every replica answers reads of single messages. Default false. In place. */
  allowDirect: z.boolean().optional(),
  /** A mirror answers reads for its origin. Needs `allowDirect` there (error 10157). Default false. In place. */
  mirrorDirect: z.boolean().optional(),
  /** Closed for good: nothing comes in, nothing goes. Cannot be set at creation (error 10052). Default false. In place, never back (error 10052). */
  sealed: z.boolean().optional(),
  /** Refuses deletion of single messages. Default false. In place, never back (error 10052). */
  denyDelete: z.boolean().optional(),
  /** Refuses purges. Default false. In place, never back (error 10052). */
  denyPurge: z.boolean().optional(),
  /** A message with the header `Nats-Rollup` replaces those before it. Not with `denyPurge` (error 10052). Default false. In place. */
  allowRollupHdrs: z.boolean().optional(),
  /** What its consumers get if they do not say, and may have at most. In place; under an existing consumer refused (error 10052). */
  consumerLimits: strictObject({
    /** Messages delivered and not acknowledged. Default: no limit. */
    maxAckPending: count.optional(),
    /** Time after which an unused consumer goes. Default: never for durables. */
    inactiveThreshold: duration.optional(),
  }).optional(),
  /** Messages may say by header when they go. API level 1. Default false. In place, never back (error 10052). */
  allowMsgTtl: z.boolean().optional(),
  /** Leaves a marker for this long where a limit took the last message of a subject: 1s at least. Needs `allowMsgTtl` and `allowRollupHdrs` (error 10157). API level 1. Default: no markers. In place. */
  subjectDeleteMarkerTtl: duration.optional(),
  /** Messages are increments of a counter. Needs retention limits and discard old. API level 2. Default false. Refused (error 10052). */
  allowMsgCounter: z.boolean().optional(),
  /** Batches that are stored whole or not at all. API level 2. Default false. In place. */
  allowAtomic: z.boolean().optional(),
  /** Batches with flow control, for fast publishers. API level 4. Default false. In place. */
  allowBatched: z.boolean().optional(),
  /** Messages may say by header when they are delivered. Needs `allowRollupHdrs` (error 10157). API level 2. Default false. In place, never back (error 10052). */
  allowMsgSchedules: z.boolean().optional(),
  /** `async` acknowledges before the disk has it. Needs file storage and one replica. API level 2. Default `default`. Refused (error 10052). */
  persistMode: z.enum(["default", "async"]).optional(),
  /** Your own labels; keys that begin with `_nats`, `supercluster.` or `io.nats.monitor.` are taken. At most 128 KiB in all (error 10052). In place. */
  metadata: metadata.optional(),
};

/** Changes that can cost messages, by the field or, for all the server refuses in place, `replace`. */
export const streamLosses = ["maxAge", "maxBytes", "maxMsgs", "maxMsgsPerSubject", "subjects", "retention", "replicas", "mirror", "replace"] as const;

/** How the program treats a stream, beside its configuration. */
export const streamManagement = {
  /**
   * What becomes of it when it is taken out of the program. `retain`: it is protected and stays. `delete-if-empty`: its subjects are
   * taken away, and it goes if it then holds no message. `delete`: it goes, with its messages. Default `retain`; in the local environment `delete`.
   */
  deletionPolicy: z.enum(["retain", "delete-if-empty", "delete"]).optional(),
  /**
   * Changes that may cost messages, and how many at most; all others that would are refused. Counted at preview, and again right
   * before the change. `replace` deletes the stream and makes it anew where the server cannot change it in place.
   */
  allowDataLoss: z.array(strictObject({ change: z.enum(streamLosses), maxMessages: z.int().min(0) })).min(1).optional(),
  /** Takes over a stream that is there: `true` one that nobody's mark is on, or the name of the stack whose mark it has. Default: refused. */
  adopt: z.union([z.literal(true), z.string().min(1)]).optional(),
  /** Lowers a limit by this much at most, each time it is brought up, instead of at once. */
  lowerBy: strictObject({ maxAge: duration.optional(), maxBytes: size.optional(), maxMsgs: count.optional(), maxMsgsPerSubject: count.optional() }).optional(),
  /** Fields of JetStream's JSON that this program does not know yet, sent as they are. */
  extraConfig: z.record(z.string().min(1), z.json()).optional(),
};
