import * as fc from "fast-check";
import type { Args } from "../../jetstream/wire";
import type { ArgumentRule } from "../../config/rules/arguments/argument-rule";
import { exampleConsumer } from "../../config/rules/arguments/consumer-rule";
import { exampleStream } from "../../config/rules/arguments/stream-rule";

/** A stream and a consumer with all that is required, and nothing wrong: the examples of rules are changes of these. */
export const plainStream: Args = { account: "app", region: "iad", ...exampleStream };
export const plainConsumer: Args = { account: "app", stream: exampleStream.name, ...exampleConsumer };

/** A rule about either. */
export type AnyRule = Pick<ArgumentRule<never>, "error" | "findings"> & { example: object };

/** Arguments that break a rule and no other. */
export function exampleOf(plain: Args, { example }: AnyRule): Args {
  return Object.fromEntries(Object.entries({ ...plain, ...example }).filter(([, value]) => value !== undefined));
}

const duration = fc.constantFrom("50ms", "1s", "30s", "1h");
const size = fc.constantFrom("1KiB", "1MiB");
const count = fc.constantFrom(1, 5, 2000);
const flag = fc.boolean();
const subject = fc.constantFrom(
  "example.a",
  "example.*",
  "example.>",
  "other.>",
  "$JS.API.>",
  "$JS.EVENT.ADVISORY.>",
  ">",
);
const destination = fc.constantFrom(
  "copy.a",
  "copy.>",
  "copy.*",
  "copy.{{wildcard(1)}}",
  "copy.{{partition(3,1)}}",
  "copy.$2",
  "copy.{{shout(1)}}",
  "example.>",
  "copy.{{random(5)}}",
  "copy..a",
);
const time = fc.constant("2026-01-31T00:00:00Z");
const transform = fc.record({ src: subject, dest: destination }, { requiredKeys: ["dest"] });
const origin = fc.oneof(
  fc.constantFrom("ORIGIN", "OTHER", "EXAMPLE"),
  fc.record(
    {
      name: fc.constantFrom("ORIGIN", "EXAMPLE"),
      optStartSeq: count,
      optStartTime: time,
      filterSubject: subject,
      subjectTransforms: fc.array(transform, { minLength: 1, maxLength: 2 }),
      external: fc.record(
        {
          api: fc.constantFrom("$JS.hub.API", "$JS.API", "hub.*"),
          deliver: fc.constantFrom("deliver.hub", "deliver.*"),
        },
        { requiredKeys: ["api"] },
      ),
      consumer: fc.record({
        name: fc.constantFrom("one", "two"),
        deliverSubject: fc.constantFrom("deliver.one", "deliver.*"),
      }),
    },
    { requiredKeys: ["name"] },
  ),
);

/** Some of these fields, and not too many: with all of them, everything would be wrong at once. */
const someOf = (fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Args> =>
  fc
    .uniqueArray(fc.constantFrom(...Object.keys(fields)), { maxLength: 6 })
    .chain((keys) => fc.record(Object.fromEntries(keys.map((key) => [key, fields[key]!]))));

/** Streams that pass the schema, right and wrong; nothing that depends on the servers there are or on other streams. */
export const anyStream: fc.Arbitrary<Args> = someOf({
  subjects: fc.uniqueArray(subject, { minLength: 1, maxLength: 3 }),
  mirror: origin,
  sources: fc.array(origin, { minLength: 1, maxLength: 3 }),
  retention: fc.constantFrom("limits", "interest", "workqueue"),
  storage: fc.constantFrom("file", "memory"),
  maxAge: duration,
  maxBytes: size,
  maxMsgs: count,
  maxMsgsPerSubject: count,
  maxMsgSize: size,
  maxConsumers: count,
  discard: fc.constantFrom("old", "new"),
  discardNewPerSubject: flag,
  duplicateWindow: duration,
  noAck: flag,
  compression: fc.constantFrom("none", "s2"),
  firstSeq: count,
  subjectTransform: transform,
  republish: fc.record({ src: subject, dest: destination, headersOnly: flag }, { requiredKeys: ["dest"] }),
  allowDirect: flag,
  mirrorDirect: flag,
  denyDelete: flag,
  denyPurge: flag,
  allowRollupHdrs: flag,
  consumerLimits: fc.record({ maxAckPending: count, inactiveThreshold: duration }, { requiredKeys: [] }),
  allowMsgTtl: flag,
  subjectDeleteMarkerTtl: duration,
  allowMsgCounter: flag,
  allowAtomic: flag,
  allowBatched: flag,
  allowMsgSchedules: flag,
  persistMode: fc.constantFrom("default", "async"),
}).map((args) => ({ ...plainStream, ...("mirror" in args && { subjects: undefined }), ...args }));

const ofEveryConsumer = {
  ackPolicy: fc.constantFrom("explicit", "all", "none"),
  ackWait: duration,
  maxDeliver: count,
  backoff: fc.array(duration, { minLength: 1, maxLength: 3 }),
  maxAckPending: count,
  deliverPolicy: fc.constantFrom("all", "new", "last", "last_per_subject", "by_start_sequence", "by_start_time"),
  optStartSeq: count,
  optStartTime: time,
  replayPolicy: fc.constantFrom("instant", "original"),
  sampleFreq: fc.constantFrom("25%", "100"),
  headersOnly: flag,
  inactiveThreshold: duration,
  replicas: fc.constant(1),
  memStorage: flag,
  filterSubject: subject,
  filterSubjects: fc.uniqueArray(subject, { minLength: 1, maxLength: 3 }),
};

/** Consumers that pass the schema, right and wrong. */
export const anyConsumer: fc.Arbitrary<Args> = fc
  .oneof(
    someOf({
      ...ofEveryConsumer,
      maxWaiting: count,
      maxBatch: count,
      maxExpires: duration,
      maxBytes: size,
      priorityPolicy: fc.constantFrom("none", "overflow", "pinned_client", "prioritized"),
      priorityGroups: fc.constantFrom(["workers"], ["no!group"]),
      priorityTimeout: duration,
    }),
    fc
      .tuple(
        fc.constantFrom("deliver.a", "deliver.*"),
        someOf({
          ...ofEveryConsumer,
          ackPolicy: fc.constantFrom("explicit", "none", "flow_control"),
          deliverGroup: fc.constant("group"),
          flowControl: flag,
          idleHeartbeat: duration,
          rateLimitBps: count,
        }),
      )
      .map(([deliverSubject, args]) => ({ deliverSubject, ...args })),
  )
  .map((args) => ({ ...plainConsumer, ...args }));
