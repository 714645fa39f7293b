import * as fc from "fast-check";
import type { TenantSpec } from "../../config/schema/tenant";
import { fromBytes, fromNanoseconds } from "../../config/units";

const duration = (from: number, to: number) =>
  fc.integer({ min: from, max: to }).map((milliseconds) => fromNanoseconds(milliseconds * 1e6));
const size = fc.integer({ min: 1, max: 2 ** 40 }).map(fromBytes);
const count = fc.integer({ min: 1, max: 400 });
const labels = fc.dictionary(fc.constantFrom("team", "cost-centre", "note"), fc.string(), {
  minKeys: 1,
  noNullPrototype: true,
});
const limits = { maxAge: duration(60_000, 1e10), maxBytes: size, maxMsgs: count, maxMsgsPerSubject: count };
const bounded: ("maxAge" | "maxBytes")[] = ["maxAge", "maxBytes"];
/** Of each stream; a durable's filter is about one of them. */
const subjectsOf = (stream: string) => [
  `${stream.toLowerCase()}.a`,
  `${stream.toLowerCase()}.b.*`,
  `${stream.toLowerCase()}.c.>`,
];

const mirror = fc.record(limits, { requiredKeys: bounded, noNullPrototype: true });
const mirrors = fc
  .record({ syd: mirror, ams: mirror }, { requiredKeys: [], noNullPrototype: true })
  .filter((copies) => Object.keys(copies).length > 0);
const stream = (name: string) =>
  fc.record(
    {
      description: fc.string({ minLength: 1 }),
      subjects: fc.uniqueArray(fc.constantFrom(...subjectsOf(name)), { minLength: 1 }),
      retention: fc.constantFrom("limits", "interest", "workqueue"),
      storage: fc.constantFrom("file", "memory"),
      replicas: fc.constantFrom(1, 3, 5),
      discard: fc.constantFrom("old", "new"),
      ...limits,
      maxMsgSize: size,
      duplicateWindow: duration(100, 59_000),
      compression: fc.constant("s2"),
      allowDirect: fc.constant(true),
      denyDelete: fc.constant(true),
      subjectTransform: fc.record(
        { src: fc.constantFrom(...subjectsOf(name)), dest: fc.constant("renamed.>") },
        { noNullPrototype: true },
      ),
      republish: fc.record(
        { src: fc.constantFrom(...subjectsOf(name)), dest: fc.constant("again.>"), headersOnly: fc.constant(true) },
        { requiredKeys: ["dest"], noNullPrototype: true },
      ),
      consumerLimits: fc.record(
        { maxAckPending: count, inactiveThreshold: duration(1, 1e9) },
        { noNullPrototype: true },
      ),
      placementTags: fc.constant(["ssd", "fast"]),
      metadata: labels,
      extraConfig: fc.constant({ newer_field: { anything: [1] } }),
      mirrors,
    },
    { requiredKeys: ["subjects", "retention", "storage", "replicas", "discard", ...bounded], noNullPrototype: true },
  );

const streams = fc.record(
  { A: stream("A"), B: stream("B"), C: stream("C") },
  { requiredKeys: ["A"], noNullPrototype: true },
);
const ofDurables = {
  description: fc.string({ minLength: 1 }),
  ackPolicy: fc.constantFrom("explicit", "all"),
  maxAckPending: count,
  sampleFreq: fc.constant("25%"),
  headersOnly: fc.constant(true),
  inactiveThreshold: duration(1, 1e9),
  replicas: fc.constantFrom(1, 3),
  memStorage: fc.constant(true),
  replayPolicy: fc.constant("original"),
  metadata: labels,
};
const redelivery = fc.oneof(
  fc.record({ ackWait: duration(1, 29_000), maxDeliver: count }, { requiredKeys: [], noNullPrototype: true }),
  fc.record(
    { backoff: fc.array(duration(1, 1e6), { minLength: 1, maxLength: 3 }), maxDeliver: fc.constant(7) },
    { noNullPrototype: true },
  ),
);
const start = fc.constantFrom(
  { deliverPolicy: "all" },
  { deliverPolicy: "new" },
  { deliverPolicy: "by_start_sequence", optStartSeq: 7 },
  { deliverPolicy: "by_start_time", optStartTime: "2026-01-31T00:00:00Z" },
);
const mode = fc.oneof(
  fc.record(
    { mode: fc.constant("pull"), maxWaiting: count, maxBatch: count, maxExpires: duration(1, 1e6), maxBytes: size },
    { requiredKeys: ["mode"], noNullPrototype: true },
  ),
  fc.record(
    {
      mode: fc.constant("push"),
      deliverSubject: fc.constant("deliver.here"),
      deliverGroup: fc.constant("workers"),
      idleHeartbeat: duration(100, 1e6),
      rateLimitBps: count,
    },
    { requiredKeys: ["mode", "deliverSubject"], noNullPrototype: true },
  ),
);

/** Any tenant that can be declared, as far as an import goes. */
export const tenants: fc.Arbitrary<TenantSpec> = streams.chain((declared) => {
  const readable = Object.entries(declared).flatMap(([name, { mirrors: copies = {} }]) => [
    name,
    ...Object.keys(copies).map((region) => `${name}-${region}`),
  ]);
  const durable = fc
    .tuple(
      fc.record(ofDurables, { requiredKeys: ["ackPolicy"], noNullPrototype: true }),
      redelivery,
      start,
      mode,
      fc.subarray(readable, { minLength: 1 }),
      fc.boolean(),
    )
    .chain(([spec, again, from, how, on, isFiltered]) => {
      const about = [...new Set(on.map((name) => name[0]!))].flatMap((name) => declared[name as "A"].subjects);
      const filters = isFiltered ? { filterSubjects: fc.subarray(about, { minLength: 1 }) } : {};
      return fc
        .record(filters, { noNullPrototype: true })
        .map((filtered) => ({ ...spec, ...again, ...from, ...how, streams: on, ...filtered }));
    });
  return fc
    .dictionary(fc.constantFrom("billing", "shipping", "audit"), durable, { noNullPrototype: true })
    .map(
      (consumers) => ({ name: "shop", home: "iad", streams: declared, consumers, users: {} }) as unknown as TenantSpec,
    );
});
