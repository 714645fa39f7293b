import * as z from "zod";
import {
  assetName,
  count,
  duration,
  durationLimit,
  extraFields,
  metadata,
  size,
  sizeLimit,
  startTime,
  subject,
} from "./values";
import { strictObject } from "../problems";

/**
 * Every field of a stream, under JetStream's own name in camel case. Durations and sizes carry their units. Each
 * comment describes what the field means, its unit and its range. Defaults, API levels, and which changes are refused
 * or cost messages are in jetstream/fields/stream.ts and jetstream/losses.ts; docs/streams.md is generated from both.
 * Tags add what those tables lack: `@default` as text, where the value follows from other fields or the server decides
 * it; `@change`, how the server makes a change in place; `@level`, the API level of what has no row there.
 */

const subjectTransform = strictObject({
  /**
   * Subjects it applies to, wildcards allowed.
   * @default all
   */
  src: subject.optional(),
  /** What they become; `{{wildcard(1)}}` stands for what the first wildcard matched, and so on. */
  dest: z.string().min(1),
});

/** Where a copy comes from. */
export const streamSource = strictObject({
  /** The stream. */
  name: assetName,
  /**
   * First sequence that is taken. Not with `optStartTime`.
   * @default the first there is
   */
  optStartSeq: count.optional(),
  /**
   * Takes messages from this time on, RFC 3339. Not with `optStartSeq`.
   * @default the first there is
   */
  optStartTime: startTime.optional(),
  /**
   * Takes only these subjects. Not with `subjectTransforms`.
   * @default all
   */
  filterSubject: subject.optional(),
  /**
   * Takes only the subjects of their `src`, which must not overlap, and renames them. Not with `filterSubject`.
   * @default all, as they are
   */
  subjectTransforms: z.array(subjectTransform).min(1).optional(),
  /**
   * Where it is, if in another account or domain.
   * @default in this account
   */
  external: strictObject({
    /** Prefix of its JetStream API, as `$JS.hub.API`. */
    api: subject,
    /**
     * Prefix of its deliver subjects.
     * @default none
     */
    deliver: subject.optional(),
  }).optional(),
  /**
   * A durable push consumer of the origin to read by, made beforehand with `ackPolicy` `flow_control`; not with
   * `optStartSeq`, `optStartTime` or `filterSubject`.
   * @default the server makes one that is not listed
   * @level 4
   */
  consumer: strictObject({
    /** Its durable name. */
    name: assetName,
    /** Its deliver subject. */
    deliverSubject: subject,
  }).optional(),
});

const source = z.union([assetName, streamSource]);

export const streamShape = {
  /** What it is for, in words: at most 4 KiB. */
  description: z.string().max(4096).optional(),
  /**
   * Subjects it captures, wildcards allowed; none of them may overlap another of the account's streams (error 10065),
   * and `>` needs `noAck` and one replica. Not with `mirror`.
   * @default the stream's name, unless it has a `mirror` or `sources`
   * @change one that another stream gives up moves in the same update (docs/runbooks/move-subjects.md)
   */
  subjects: z.array(subject).min(1).optional(),
  /**
   * Stream it copies, message by message, with their sequences: its name, or an object. Not with `subjects` or
   * `sources`.
   * @change only to take it away; the stream then needs `subjects`
   */
  mirror: source.optional(),
  /** Streams it collects from, beside its own `subjects`: their names, or objects. */
  sources: z.array(source).min(1).optional(),
  /**
   * When messages are deleted: `limits` at a limit, `interest` also once all consumers acknowledged them, `workqueue`
   * also once one did.
   */
  retention: z.enum(["limits", "interest", "workqueue"]).optional(),
  /** Where messages are: `file`, or `memory`, which a power loss of all replicas empties. */
  storage: z.enum(["file", "memory"]).optional(),
  /**
   * Servers of the home region that hold a copy: 1, 3 or 5, not more than the region has (error 10005).
   * @change waits until all are current
   */
  replicas: z.literal([1, 3, 5]).optional(),
  /**
   * Tags that each of its servers must have (error 10005); with `!` before it, one that they must not have. Servers get
   * theirs by `serverTags` of the environment.
   * @change it moves, and is waited for; taking them away moves nothing
   */
  placementTags: z.array(z.string().min(1)).min(1).optional(),
  /**
   * Age at which a message is deleted: 100ms at least, a hundred years at most. `unlimited`: never.
   * @default never
   */
  maxAge: durationLimit.optional(),
  /**
   * Bytes one replica may hold; reserved in the account and on the servers (errors 10047, 10028). `unlimited` reserves
   * nothing.
   */
  maxBytes: sizeLimit.optional(),
  /** Messages it may hold. */
  maxMsgs: count.optional(),
  /** Messages it may hold of one subject. */
  maxMsgsPerSubject: count.optional(),
  /**
   * Largest message, header included; less than 2 GiB, and at most the servers' `maxPayload`.
   * @default the server's `max_payload`
   * @change for new messages
   */
  maxMsgSize: size.optional(),
  /** Consumers it may have. */
  maxConsumers: count.optional(),
  /**
   * At a limit: `old` drops the oldest message, `new` refuses the new one (error 10077).
   * @change from `new` to `old` is a change of `maxMsgs` and `maxBytes`, which then drop what is over them
   */
  discard: z.enum(["old", "new"]).optional(),
  /** `discard: "new"` for each subject by itself. Needs it and `maxMsgsPerSubject`. */
  discardNewPerSubject: z.boolean().optional(),
  /**
   * How long a `Nats-Msg-Id` is remembered: 100ms at least, `maxAge` at most.
   * @default 2m, or `maxAge` where that is less; none for a mirror
   */
  duplicateWindow: duration.optional(),
  /** Publishers get no acknowledgement. */
  noAck: z.boolean().optional(),
  /**
   * Compression of its files: `none` or `s2`.
   * @change for blocks written from then on
   */
  compression: z.enum(["none", "s2"]).optional(),
  /**
   * Sequence of its first message. Not with `mirror`.
   * @default 1
   */
  firstSeq: count.optional(),
  /**
   * Renames subjects before they are stored.
   * @change for new messages
   */
  subjectTransform: subjectTransform.optional(),
  /**
   * Publishes every stored message again, on another subject.
   * @change for new messages
   */
  republish: strictObject({
    /** Subjects it applies to, `>` for all; the server does not fill it in. */
    src: subject.optional(),
    /** What they become; must not come back into the stream. */
    dest: z.string().min(1),
    /**
     * Only headers, and the size of what is left out.
     * @default false
     */
    headersOnly: z.boolean().optional(),
  }).optional(),
  /** Every replica answers reads of single messages, not the leader alone. */
  allowDirect: z.boolean().optional(),
  /** A mirror answers such reads for its origin. Must be what the origin's `allowDirect` is (error 10157). */
  mirrorDirect: z.boolean().optional(),
  /** Closed for good: no message is stored or deleted any more. Cannot be set at creation (error 10052). */
  sealed: z.boolean().optional(),
  /** The API deletes no single messages. */
  denyDelete: z.boolean().optional(),
  /** The API purges nothing. */
  denyPurge: z.boolean().optional(),
  /** A message with the header `Nats-Rollup` replaces those before it. Not with `denyPurge`. */
  allowRollupHdrs: z.boolean().optional(),
  /**
   * What its consumers may have at most; each must then set its own (error 10157).
   * @change while no consumer has more
   */
  consumerLimits: strictObject({
    /**
     * Most messages that are delivered and not acknowledged.
     * @default no limit
     */
    maxAckPending: count.optional(),
    /**
     * Longest time after which an unused consumer is deleted.
     * @default no limit
     */
    inactiveThreshold: duration.optional(),
  }).optional(),
  /** Messages may set by the header `Nats-TTL` when they are deleted. */
  allowMsgTtl: z.boolean().optional(),
  /**
   * Leaves a marker for this long where a limit took the last message of a subject: 1s at least. Needs `allowMsgTtl`
   * and `allowRollupHdrs`; not with `mirror`.
   * @default no markers
   */
  subjectDeleteMarkerTtl: duration.optional(),
  /**
   * Messages are increments of a counter. Needs retention limits and discard old; not with `mirror`, `allowMsgTtl` or
   * `allowMsgSchedules`.
   */
  allowMsgCounter: z.boolean().optional(),
  /** Takes batches that are stored whole or not at all. Not with `mirror`. */
  allowAtomic: z.boolean().optional(),
  /** Takes batches with flow control, for fast publishers. Not with `mirror`. */
  allowBatched: z.boolean().optional(),
  /**
   * Messages may set by header when they are delivered. Needs `allowRollupHdrs` and discard old; not with `mirror` or
   * `sources`.
   */
  allowMsgSchedules: z.boolean().optional(),
  /**
   * `default`, or `async`, which acknowledges before the disk has it and needs file storage, one replica and no
   * `allowAtomic`.
   * @default `default`
   */
  persistMode: z.enum(["default", "async"]).optional(),
  /**
   * Your own labels, at most 128 KiB with those that are added; keys that begin with `_nats`, `supercluster.` or
   * `io.nats.monitor.` are taken.
   * @default who reconciles it, and thresholds for `nats server check`
   */
  metadata: metadata.optional(),
};

/**
 * Changes that can cost messages, by the field; `replace` for all the server refuses in place, `delete` for a stream
 * that is no longer wanted.
 */
const streamLosses = [
  "maxAge",
  "maxBytes",
  "maxMsgs",
  "maxMsgsPerSubject",
  "subjects",
  "retention",
  "replicas",
  "mirror",
  "replace",
  "delete",
] as const;

/** How the program treats a stream, beside its configuration. */
export const streamManagement = {
  /**
   * What happens to it when it is removed from the program. `retain`: it is protected and stays. `delete-if-empty`: its
   * subjects are taken away, and it is deleted if it then holds no message. `delete`: it is deleted, with its messages.
   * @default `retain`; in the local environment `delete`
   */
  deletionPolicy: z.enum(["retain", "delete-if-empty", "delete"]).optional(),
  /**
   * Changes that may cost messages, and how many messages at most; all others that would are refused. Counted at
   * preview, and again right before the write.
   */
  allowDataLoss: z
    .array(
      strictObject({
        /**
         * The field that changes; `replace` where the server cannot change it in place: the stream is deleted and
         * recreated; `delete` with `absent`.
         */
        change: z.enum(streamLosses),
        /** Messages it may cost at most. 0: only if none is there. */
        maxMessages: z.int().min(0),
      }),
    )
    .min(1)
    .optional(),
  /**
   * Takes over a stream that is there: `true` one without an ownership mark, or the name of the stack whose mark it
   * has.
   * @default what is there and is not this stack's own is refused
   */
  adopt: z.union([z.literal(true), z.string().min(1)]).optional(),
  /**
   * Lowers a limit by this much at most, each time the stack is brought up, instead of at once.
   * @default at once
   */
  lowerBy: strictObject({
    /**
     * Age less a run.
     * @default at once
     */
    maxAge: duration.optional(),
    /**
     * Bytes less a run.
     * @default at once
     */
    maxBytes: size.optional(),
    /**
     * Messages less a run.
     * @default at once
     */
    maxMsgs: count.optional(),
    /**
     * Messages of one subject less a run.
     * @default at once
     */
    maxMsgsPerSubject: count.optional(),
  }).optional(),
  /**
   * Folder below which a snapshot is written before a change that costs messages, and before it is deleted while it
   * holds some; relative to the project's. `npm run restore` makes the stream of one again, consumers included. Without
   * a snapshot nothing is done. Needs file storage: servers before 2.15 take none of memory (error 10064).
   */
  snapshotTo: z.string().min(1).optional(),
  /**
   * Fields of JetStream's JSON that this program does not know yet, under JetStream's names, sent as they are.
   * @change whether the server takes them shows at the write
   */
  extraConfig: extraFields({ ...streamShape }).optional(),
};
