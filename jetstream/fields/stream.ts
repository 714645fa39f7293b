import { canonicalOf, isEmpty } from "./conversions";
import type { Field, Wire } from "./field";
import { streamMonitor } from "./monitor";
import { always, turnedOff, wouldStartEmpty } from "./refusals";

const seconds = 1_000_000_000;
const invalidConfig = 10052;

const isCopy = ({ mirror, sources }: Wire): boolean => !isEmpty(mirror) || !isEmpty(sources);
const sealed = (value: unknown) => (config: Wire) => (config.sealed ? value : undefined);
const hasOwnConsumer = (source: Wire): boolean => !isEmpty(source.consumer);

interface Source extends Wire {
  external?: { api: string };
  consumer?: { name: string };
}

/** What distinguishes two sources for the server: its composeIName. */
const identity = ({ name, filter_subject, subject_transforms, external, consumer }: Source): string =>
  JSON.stringify(
    canonicalOf("source", {
      name,
      filter_subject,
      subject_transforms,
      external: { api: external?.api },
      consumer: { name: consumer?.name },
    }),
  );
const start = ({ opt_start_seq, opt_start_time }: Wire): string =>
  JSON.stringify([opt_start_seq, opt_start_time && Date.parse(opt_start_time)]);
const movesStart = (from: Source[], to: Source[]): boolean =>
  to.some((source) => from.some((before) => identity(before) === identity(source) && start(before) !== start(source)));

/**
 * Fields of a stream, in the order of nats-server's StreamConfig. Sources: server/stream.go, checkStreamCfg and
 * configUpdateCheck.
 */
export const streamFields: Field[] = [
  { arg: "name", wire: "name", kind: "text" },
  { arg: "description", wire: "description", kind: "text" },
  {
    arg: "subjects",
    wire: "subjects",
    kind: "texts",
    default: ({ name, ...config }: Wire) => (isCopy(config) ? undefined : [name]),
  },
  {
    arg: "retention",
    wire: "retention",
    kind: "text",
    default: "limits",
    refused: [
      {
        what: 'to or from "workqueue"',
        when: (from, to) => [from, to].includes("workqueue"),
        reason: wouldStartEmpty,
        error: invalidConfig,
      },
    ],
  },
  {
    arg: "maxConsumers",
    wire: "max_consumers",
    kind: "number",
    default: -1,
    refused: always({ reason: "servers before 2.12.5 cannot change it", error: invalidConfig, until: "2.12.5" }),
  },
  { arg: "maxMsgs", wire: "max_msgs", kind: "number", default: -1 },
  { arg: "maxBytes", wire: "max_bytes", kind: "sizeLimit", default: -1 },
  { arg: "maxAge", wire: "max_age", kind: "durationLimit", default: 0, forced: sealed(0) },
  { arg: "maxMsgsPerSubject", wire: "max_msgs_per_subject", kind: "number", default: -1 },
  { arg: "maxMsgSize", wire: "max_msg_size", kind: "size", default: -1 },
  { arg: "discard", wire: "discard", kind: "text", default: "old", forced: sealed("new") },
  {
    arg: "storage",
    wire: "storage",
    kind: "text",
    default: "file",
    refused: always({ reason: wouldStartEmpty, error: invalidConfig }),
  },
  { arg: "replicas", wire: "num_replicas", kind: "number", default: 1 },
  { arg: "noAck", wire: "no_ack", kind: "flag", default: false },
  {
    arg: "duplicateWindow",
    wire: "duplicate_window",
    kind: "duration",
    default: ({ max_age }: Wire) => Math.min(120 * seconds, max_age! || Infinity),
    // Servers from 2.14 on have none in a stream with sources, unless it is set; those before have the usual one.
    otherDefault: ({ sources }: Wire) => (isEmpty(sources) ? undefined : 0),
    // A mirror in a cluster has none, even if it is set.
    forced: ({ mirror }: Wire) => (isEmpty(mirror) ? undefined : 0),
  },
  { arg: "region", wire: "placement.cluster", kind: "text" },
  { arg: "placementTags", wire: "placement.tags", kind: "texts" },
  {
    arg: "mirror",
    wire: "mirror",
    kind: "source",
    level: (mirror: Wire) => (hasOwnConsumer(mirror) ? 4 : 0),
    refused: [
      {
        what: "setting or changing it",
        when: (_from, to) => !isEmpty(to),
        reason: "a stream can be a mirror only from its creation; removing it makes the mirror a stream of its own",
        error: 10055,
      },
    ],
  },
  {
    arg: "sources",
    wire: "sources",
    kind: "sources",
    level: (sources: Wire[]) => (sources.some(hasOwnConsumer) ? 4 : 0),
    refused: [
      {
        what: "the start of an existing one",
        when: (from, to) => movesStart((from as Source[] | undefined) ?? [], (to as Source[] | undefined) ?? []),
        reason: "the server accepts it and continues from where it was",
      },
    ],
  },
  { arg: "compression", wire: "compression", kind: "text", default: "none" },
  {
    arg: "firstSeq",
    wire: "first_seq",
    kind: "number",
    refused: always({ reason: "the server accepts a change and ignores it" }),
  },
  { arg: "subjectTransform", wire: "subject_transform", kind: "transform" },
  { arg: "republish", wire: "republish", kind: "republish" },
  { arg: "allowDirect", wire: "allow_direct", kind: "flag", default: false },
  { arg: "mirrorDirect", wire: "mirror_direct", kind: "flag", default: false },
  { arg: "discardNewPerSubject", wire: "discard_new_per_subject", kind: "flag" },
  { arg: "sealed", wire: "sealed", kind: "flag", default: false, refused: [turnedOff(invalidConfig)] },
  {
    arg: "denyDelete",
    wire: "deny_delete",
    kind: "flag",
    default: false,
    forced: sealed(true),
    refused: [turnedOff(invalidConfig)],
  },
  {
    arg: "denyPurge",
    wire: "deny_purge",
    kind: "flag",
    default: false,
    forced: sealed(true),
    refused: [turnedOff(invalidConfig)],
  },
  { arg: "allowRollupHdrs", wire: "allow_rollup_hdrs", kind: "flag", default: false, forced: sealed(false) },
  { arg: "consumerLimits", wire: "consumer_limits", kind: "consumerLimits" },
  {
    arg: "allowMsgTtl",
    wire: "allow_msg_ttl",
    kind: "flag",
    default: false,
    level: 1,
    refused: [turnedOff(invalidConfig)],
  },
  { arg: "subjectDeleteMarkerTtl", wire: "subject_delete_marker_ttl", kind: "duration", level: 1, forced: sealed(0) },
  {
    arg: "allowMsgCounter",
    wire: "allow_msg_counter",
    kind: "flag",
    level: 2,
    refused: always({ reason: "either all messages of a stream are counters or none is", error: invalidConfig }),
  },
  { arg: "allowAtomic", wire: "allow_atomic", kind: "flag", level: 2 },
  {
    arg: "allowMsgSchedules",
    wire: "allow_msg_schedules",
    kind: "flag",
    level: 2,
    refused: [turnedOff(invalidConfig)],
  },
  {
    arg: "persistMode",
    wire: "persist_mode",
    kind: "choice",
    level: (mode: string) => (mode === "async" ? 2 : 0),
    refused: always({ reason: wouldStartEmpty, error: invalidConfig }),
  },
  { arg: "allowBatched", wire: "allow_batched", kind: "flag", level: 4 },
  { arg: "metadata", wire: "metadata", kind: "labels", derived: streamMonitor },
];
