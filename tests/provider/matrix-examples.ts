import { type AssetKind, consumerKind, streamKind } from "../../jetstream/kinds";
import type { AssetArgs } from "../../jetstream/schemas";
import type { Args } from "../../jetstream/wire";

/**
 * Values of every field of streams and consumers, for the test that walks from each to each other. `NAME` stands for
 * the stream's or consumer's own name, and a value that is `undefined` takes an argument away.
 */
export interface Example {
  /** The row of the table, by its argument. */
  field: string;
  /**
   * What the field is given, with what has to change along. That it is not given at all comes before them, unless it is
   * required.
   */
  values: Args[];
  required?: true;
  /** What is given with every value, and without. */
  beside?: Args;
  /** Of a consumer: the stream it is on. Default: `CONSUMED`. */
  stream?: "REPLICATED" | "ON_DISK";
}

/** A change of one field. */
export interface Step {
  before: AssetArgs;
  after: AssetArgs;
}

/** What is there before anything else: the streams that examples copy and read. `ABSENT` is not there. */
export const surroundings = [
  { name: "ORIGIN", subjects: ["origin.*"], storage: "memory" },
  { name: "CONSUMED", subjects: ["consumed.*"], storage: "memory" },
  { name: "REPLICATED", subjects: ["replicated"], storage: "memory", num_replicas: 3 },
  { name: "ON_DISK", subjects: ["disk"] },
];
/** Published before anything else, in this order. */
export const messages = ["origin.1", "origin.2", "origin.3", "consumed.a", "consumed.b", "consumed.c"];

/** What every stream or consumer is given at least. */
export const base = (kind: AssetKind, stream = "CONSUMED"): AssetArgs =>
  kind === streamKind
    ? { account: "app", name: "NAME", subjects: ["NAME"], storage: "memory" }
    : { account: "app", stream, name: "NAME" };

/** The field left out, then its values. */
export const statesOf = (kind: AssetKind, { required, beside, values, stream }: Example): AssetArgs[] =>
  [...(required ? [] : [{}]), ...values].map((value) => ({ ...base(kind, stream), ...beside, ...value }));

/** From every state to every other one. */
export function stepsOf(kind: AssetKind, example: Example): Step[] {
  const states = statesOf(kind, example);
  return states.flatMap((before) => states.flatMap((after) => (before === after ? [] : [{ before, after }])));
}

/** With a name in the place of `NAME`, and without what is undefined. */
export const named = <A extends object>(args: A, name: string): A =>
  JSON.parse(JSON.stringify(args).replaceAll("NAME", name)) as A;

/** A flag on, and said to be off. */
const flag = (field: string, beside: Args = {}): Example => ({
  field,
  values: [{ [field]: true }, { [field]: false }],
  beside,
});
const values = (field: string, options: unknown[], beside: Args = {}): Example => ({
  field,
  values: options.map((value) => ({ [field]: value })),
  beside,
});

const mirrors = (...options: unknown[]): Args[] => options.map((mirror) => ({ mirror, subjects: undefined }));
const onDisk = { storage: "file" };

const streamExamples: Example[] = [
  values("description", ["orders", "all orders"]),
  values("subjects", [["NAME.a", "NAME.b"], ["NAME.b", "NAME.a"], ["NAME.>"]], {
    subjects: undefined,
    sources: ["ABSENT"],
  }),
  values("retention", ["limits", "interest", "workqueue"]),
  values("maxConsumers", [10, 20]),
  values("maxMsgs", [100, 50]),
  values("maxBytes", ["1MiB", "512KiB", "unlimited"]),
  values("maxAge", ["7d", "1h", "30s", "604800000000001ns", "unlimited"]),
  values("maxMsgsPerSubject", [100, 1]),
  values("maxMsgSize", ["1MiB", "512B"]),
  values("discard", ["old", "new"]),
  values("storage", ["file", "memory"], { storage: undefined }),
  values("replicas", [1, 3]),
  flag("noAck"),
  values("duplicateWindow", ["30s", "1h", "100ms"]),
  values("region", ["iad"]),
  values("placementTags", [["disk:ssd"], ["disk:ssd", "zone:a"], ["zone:a", "disk:ssd"]]),
  {
    field: "mirror",
    values: mirrors(
      "ORIGIN",
      "ABSENT",
      { name: "ORIGIN", filterSubject: "origin.1" },
      { name: "ORIGIN", subjectTransforms: [{ src: "origin.*", dest: "copied.{{wildcard(1)}}" }] },
      { name: "ORIGIN", optStartSeq: 2 },
      { name: "ORIGIN", optStartTime: "2026-01-31T01:00:00+01:00" },
      { name: "ORIGIN", optStartTime: "2026-01-31T00:00:00Z" },
      { name: "ORIGIN", external: { api: "$JS.hub.API", deliver: "hub" } },
      { name: "ORIGIN", consumer: { name: "reader", deliverSubject: "deliver.NAME" } },
    ),
  },
  values("sources", [
    ["ORIGIN"],
    ["ORIGIN", "ABSENT"],
    ["ABSENT", "ORIGIN"],
    [{ name: "ORIGIN", filterSubject: "origin.1" }],
    [{ name: "ORIGIN", subjectTransforms: [{ src: "origin.*", dest: "copied.{{wildcard(1)}}" }] }],
    [{ name: "ORIGIN", optStartSeq: 2 }],
    [{ name: "ORIGIN", optStartSeq: 3 }],
    [{ name: "ORIGIN", optStartTime: "2026-01-31T01:00:00+01:00" }],
    [{ name: "ORIGIN", external: { api: "$JS.hub.API", deliver: "hub" } }],
    [{ name: "ORIGIN", consumer: { name: "reader", deliverSubject: "deliver.NAME" } }],
  ]),
  values("compression", ["none", "s2"], onDisk),
  values("firstSeq", [100, 200]),
  values("subjectTransform", [{ src: "NAME", dest: "stored.NAME" }, { dest: "kept.>" }]),
  values("republish", [
    { src: "NAME", dest: "again.NAME" },
    { src: "NAME", dest: "again.NAME", headersOnly: true },
  ]),
  flag("allowDirect"),
  flag("mirrorDirect", { mirror: "ABSENT", subjects: undefined }),
  flag("discardNewPerSubject", { discard: "new", maxMsgsPerSubject: 10 }),
  flag("sealed", { maxAge: "1h", allowRollupHdrs: true }),
  flag("denyDelete"),
  flag("denyPurge"),
  flag("allowRollupHdrs"),
  values("consumerLimits", [
    { maxAckPending: 100 },
    { inactiveThreshold: "1h" },
    { maxAckPending: 2000, inactiveThreshold: "2h" },
  ]),
  flag("allowMsgTtl"),
  values("subjectDeleteMarkerTtl", ["1s", "1h"], { allowMsgTtl: true, allowRollupHdrs: true }),
  flag("allowMsgCounter"),
  flag("allowAtomic"),
  flag("allowMsgSchedules", { allowRollupHdrs: true }),
  values("persistMode", ["default", "async"], onDisk),
  flag("allowBatched"),
  values("metadata", [{ team: "core" }, { team: "edge", tier: "1" }]),
];

const explicit = { ackPolicy: "explicit" };
const push = { deliverSubject: "deliver.NAME" };
const idle = { ...push, idleHeartbeat: "5s" };
const acknowledgedByFlow = { ...push, ackPolicy: "flow_control", flowControl: true, idleHeartbeat: "1s" };
const startTime = "2026-01-31T00:00:00Z";

const consumerExamples: Example[] = [
  values("description", ["billing", "all billing"], explicit),
  values("deliverPolicy", ["all", "new", "last", "last_per_subject"], { ...explicit, filterSubject: "consumed.a" }),
  {
    field: "optStartSeq",
    values: [2, 3].map((optStartSeq) => ({ deliverPolicy: "by_start_sequence", optStartSeq })),
    beside: explicit,
  },
  {
    field: "optStartTime",
    values: [startTime, "2026-01-31T01:00:00+01:00", "2026-02-01T00:00:00.000Z"].map((optStartTime) => ({
      deliverPolicy: "by_start_time",
      optStartTime,
    })),
    beside: explicit,
  },
  {
    field: "ackPolicy",
    required: true,
    values: [{ ackPolicy: "none" }, { ackPolicy: "all" }, explicit, acknowledgedByFlow],
  },
  values("backoff", [["1s", "2s"], ["3s"]], { ...explicit, maxDeliver: 5 }),
  values("ackWait", ["10s", "1m"], explicit),
  values("maxDeliver", [5, 2], explicit),
  values("attempts", [3, 5], explicit),
  values("filterSubject", ["consumed.a", "consumed.b"], explicit),
  values("filterSubjects", [["consumed.a", "consumed.b"], ["consumed.b", "consumed.a"], ["consumed.c"]], explicit),
  values("replayPolicy", ["instant", "original"], explicit),
  values("rateLimitBps", [80_000, 160_000], { ...explicit, ...push }),
  values("sampleFreq", ["50", "100%"], explicit),
  values("maxWaiting", [512, 10, 20], explicit),
  values("maxAckPending", [100, 1000, "unlimited"], explicit),
  flag("flowControl", { ...explicit, ...idle }),
  flag("headersOnly", explicit),
  values("maxBatch", [10, 20], explicit),
  values("maxExpires", ["10s", "1m"], explicit),
  values("maxBytes", ["1KiB", "1MiB"], explicit),
  values("deliverSubject", ["deliver.NAME", "other.NAME"], explicit),
  values("deliverGroup", ["one", "two"], { ...explicit, ...push }),
  values("idleHeartbeat", ["5s", "10s"], { ...explicit, ...push }),
  values("inactiveThreshold", ["1h", "1d"], explicit),
  { ...values("replicas", [1, 3], explicit), stream: "REPLICATED" },
  { ...flag("memStorage", explicit), stream: "ON_DISK" },
  values("metadata", [{ team: "core" }, { team: "edge", tier: "1" }], explicit),
  values("pauseUntil", ["2040-01-01T00:00:00Z", "2041-01-01T01:00:00+01:00", "2020-01-01T00:00:00Z"], explicit),
  {
    field: "priorityGroups",
    values: [["jobs"], ["work"]].map((priorityGroups) => ({ priorityPolicy: "overflow", priorityGroups })),
    beside: explicit,
  },
  {
    field: "priorityPolicy",
    values: [
      { priorityPolicy: "none" },
      ...["overflow", "pinned_client", "prioritized"].map((priorityPolicy) => ({
        priorityPolicy,
        priorityGroups: ["jobs"],
      })),
    ],
    beside: explicit,
  },
  values("priorityTimeout", ["30s", "2m"], { ...explicit, priorityPolicy: "pinned_client", priorityGroups: ["jobs"] }),
];

export const examples = new Map<AssetKind, Example[]>([
  [streamKind, streamExamples],
  [consumerKind, consumerExamples],
]);

/** Some with as much as goes together. */
const fullStreams: Args[] = [
  {
    description: "orders",
    subjects: ["NAME.a", "NAME.b"],
    retention: "limits",
    storage: "file",
    replicas: 3,
    region: "iad",
    placementTags: ["disk:ssd"],
    maxAge: "7d",
    maxBytes: "1MiB",
    maxMsgs: 1000,
    maxMsgsPerSubject: 10,
    maxMsgSize: "512B",
    maxConsumers: 10,
    discard: "new",
    discardNewPerSubject: true,
    duplicateWindow: "30s",
    noAck: true,
    compression: "s2",
    firstSeq: 100,
    subjectTransform: { src: "NAME.a", dest: "stored.NAME" },
    republish: { src: "NAME.b", dest: "again.NAME", headersOnly: true },
    allowDirect: true,
    denyDelete: true,
    allowRollupHdrs: true,
    consumerLimits: { maxAckPending: 2000, inactiveThreshold: "2h" },
    allowMsgTtl: true,
    subjectDeleteMarkerTtl: "1h",
    allowAtomic: true,
    metadata: { team: "core" },
  },
  {
    sources: [
      { name: "ORIGIN", filterSubject: "origin.1", optStartSeq: 2 },
      {
        name: "ABSENT",
        subjectTransforms: [{ src: "absent.*", dest: "copied.{{wildcard(1)}}" }],
        external: { api: "$JS.hub.API", deliver: "hub" },
      },
    ],
    retention: "workqueue",
    maxAge: "1h",
  },
  { allowMsgSchedules: true, allowMsgTtl: true, allowRollupHdrs: true, allowAtomic: true },
  {
    subjects: undefined,
    mirror: { name: "ABSENT", optStartTime: "2026-01-31T01:00:00+01:00", filterSubject: "absent.1" },
    mirrorDirect: true,
    storage: "file",
    maxAge: "1d",
    denyPurge: true,
  },
  { allowMsgCounter: true, allowDirect: true },
  { persistMode: "async", storage: "file" },
  { allowBatched: true, allowAtomic: true },
  { sealed: true, maxAge: "1h", allowRollupHdrs: true, subjectDeleteMarkerTtl: "1s", allowMsgTtl: true },
];

const fullConsumers: Args[] = [
  {
    description: "billing",
    ackPolicy: "explicit",
    ackWait: "1s",
    maxDeliver: 10,
    attempts: 5,
    backoff: ["1s", "2s"],
    maxAckPending: 100,
    deliverPolicy: "by_start_sequence",
    optStartSeq: 2,
    filterSubjects: ["consumed.a", "consumed.b"],
    replayPolicy: "original",
    sampleFreq: "25%",
    headersOnly: true,
    inactiveThreshold: "1d",
    memStorage: true,
    pauseUntil: "2040-01-01T00:00:00+02:00",
    maxWaiting: 10,
    maxBatch: 100,
    maxExpires: "1m",
    maxBytes: "1MiB",
    priorityPolicy: "pinned_client",
    priorityGroups: ["jobs"],
    priorityTimeout: "30s",
    metadata: { team: "core" },
  },
  {
    ackPolicy: "all",
    deliverPolicy: "by_start_time",
    optStartTime: "2026-01-31T01:00:00+01:00",
    filterSubject: "consumed.a",
    flowControl: true,
    ...idle,
    rateLimitBps: 80_000,
    maxAckPending: 10,
    replicas: 1,
  },
  { ...explicit, ...push, deliverGroup: "one" },
  acknowledgedByFlow,
];

export const full = new Map<AssetKind, AssetArgs[]>(
  (
    [
      [streamKind, fullStreams],
      [consumerKind, fullConsumers],
    ] as const
  ).map(([kind, all]) => [kind, all.map((args) => ({ ...base(kind), ...args }))]),
);
