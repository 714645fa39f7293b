import assert from "node:assert/strict";
import * as fc from "fast-check";
import { changesOf } from "../../../jetstream/changes";
import { consumerFields, streamFields } from "../../../jetstream/fields";
import { type Args, differences, fromWire, merge, toWire, unknownFields } from "../../../jetstream/wire";

const duration = fc
  .tuple(fc.integer({ min: 1, max: 999 }), fc.constantFrom("ms", "s", "m", "h", "d"))
  .map(([amount, unit]) => `${amount}${unit}`);
const size = fc
  .tuple(fc.integer({ min: 1, max: 999 }), fc.constantFrom("B", "KiB", "MiB", "GiB"))
  .map(([amount, unit]) => `${amount}${unit}`);
const count = fc.integer({ min: 1, max: 1_000_000 });

const streams: fc.Arbitrary<Args> = fc.record(
  {
    name: fc.constant("S"),
    region: fc.constantFrom("iad", "ams"),
    description: fc.string({ minLength: 1 }),
    subjects: fc.uniqueArray(fc.constantFrom("a", "b.*", "c.>"), { minLength: 1 }),
    retention: fc.constantFrom("limits", "interest", "workqueue"),
    storage: fc.constantFrom("file", "memory"),
    replicas: fc.constantFrom(1, 3, 5),
    maxAge: duration,
    maxBytes: size,
    maxMsgs: count,
    maxMsgSize: size,
    maxMsgsPerSubject: count,
    discard: fc.constantFrom("old", "new"),
    duplicateWindow: duration,
    denyDelete: fc.boolean(),
  },
  { requiredKeys: ["name"], noNullPrototype: true },
);
const consumers: fc.Arbitrary<Args> = fc.record(
  {
    name: fc.constant("C"),
    ackPolicy: fc.constantFrom("explicit", "all", "none"),
    ackWait: duration,
    backoff: fc.array(duration, { minLength: 1, maxLength: 4 }),
    maxDeliver: count,
    maxAckPending: count,
    filterSubjects: fc.uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 1 }),
    attempts: count,
    metadata: fc.constant({ team: "billing" }),
    deliverSubject: fc.constant("d"),
    idleHeartbeat: duration,
  },
  { requiredKeys: ["name", "ackPolicy"], noNullPrototype: true },
);
const kinds: [string, typeof streamFields, fc.Arbitrary<Args>][] = [
  ["streams", streamFields, streams],
  ["consumers", consumerFields, consumers],
];

for (const [what, fields, args] of kinds) {
  describe(`the table of fields of ${what}`, () => {
    it("finds no difference in what it wrote itself, whatever the server leaves out as empty", () =>
      fc.assert(
        fc.property(args, (wanted) => {
          const found = Object.fromEntries(
            Object.entries(toWire(fields, wanted)).filter(([, value]) => value !== false && value !== 0),
          );
          assert.deepEqual(differences(fields, wanted, found), []);
          assert.deepEqual(fromWire(fields, found, wanted), wanted, "and a refresh keeps every text as it was written");
        }),
      ));

    it("brings any configuration to any other: unsets what is not asked for, keeps marks and unknown fields", () =>
      fc.assert(
        fc.property(args, args, (before, after) => {
          const merged = merge(fields, toWire(fields, after), {
            ...toWire(fields, before),
            newer_field: 1,
            metadata: { theirs: "x", "supercluster.nonce": "n" },
          });
          assert.deepEqual(differences(fields, after, merged), []);
          const metadata = merged.metadata as Record<string, string>;
          assert.deepEqual([merged.newer_field, metadata["supercluster.nonce"], metadata.theirs], [1, "n", undefined]);
        }),
      ));

    it("shows a refresh exactly what was changed by another client", () =>
      fc.assert(
        fc.property(args, args, (mine, theirs) => {
          const found = toWire(fields, theirs);
          assert.deepEqual(differences(fields, fromWire(fields, found, mine), found), []);
        }),
      ));
  });
}

describe("fields that a later server has", () => {
  it("are named, unless extraConfig has them, and stay as they are in an update", () => {
    const args = { name: "S", subjects: ["a"], sources: ["O"] };
    const found = { ...toWire(streamFields, args), allow_more: true, later: { deep: 1 } };
    assert.deepEqual(unknownFields(streamFields, found, args), ["allow_more", "later"]);
    assert.deepEqual(unknownFields(streamFields, found, { ...args, extraConfig: { allow_more: true } }), ["later"]);
    const consumer = toWire(consumerFields, { name: "C", ackPolicy: "explicit", filterSubjects: ["a"] });
    assert.deepEqual(unknownFields(consumerFields, { ...consumer, filter_subject: "a" }, {}), []);
    const merged = merge(streamFields, toWire(streamFields, { ...args, description: "x" }), found);
    assert.deepEqual([merged.allow_more, merged.later], [true, { deep: 1 }]);
  });
});

describe("one filter subject", () => {
  const [one, list] = [
    { name: "C", ackPolicy: "explicit", filterSubject: "a" },
    { name: "C", ackPolicy: "explicit", filterSubjects: ["a"] },
  ];

  it("is the same by itself and in a list: nothing is written, and a refresh keeps it as it was", () => {
    for (const [mine, theirs] of [
      [one, list],
      [list, one],
    ] as const) {
      const found = toWire(consumerFields, theirs);
      assert.deepEqual(differences(consumerFields, mine, found), []);
      assert.deepEqual(changesOf(consumerFields, found, toWire(consumerFields, mine)), []);
      assert.deepEqual(fromWire(consumerFields, found, mine), mine);
    }
  });

  it("that another client changed is shown as it was written", () => {
    const found = toWire(consumerFields, { ...one, filterSubject: "b" });
    assert.deepEqual(fromWire(consumerFields, found, list), { ...list, filterSubjects: ["b"] });
    assert.deepEqual(differences(consumerFields, list, found), [
      { field: "filterSubjects", expected: ["a"], found: ["b"] },
    ]);
  });

  it("is sent in one spelling alone", () => {
    const sent = merge(
      consumerFields,
      toWire(consumerFields, { ...one, filterSubject: "b" }),
      toWire(consumerFields, list),
    );
    assert.deepEqual([sent.filter_subject, sent.filter_subjects], ["b", undefined]);
  });
});

describe("defaults that servers couple to other fields", () => {
  const window = (args: Args) => toWire(streamFields, { name: "S", ...args }).duplicate_window;
  const seconds = 1e9;

  it("remember message ids for two minutes, for maxAge where that is less, and not at all in a mirror", () => {
    assert.equal(window({}), 120 * seconds);
    assert.equal(window({ maxAge: "60s" }), 60 * seconds);
    assert.equal(window({ maxAge: "7d" }), 120 * seconds);
    assert.equal(window({ mirror: "ORIGIN" }), 0);
  });

  it("wait for an acknowledgement as long as the first backoff", () => {
    assert.equal(toWire(consumerFields, { name: "C", ackPolicy: "explicit", backoff: ["1s", "5s"] }).ack_wait, seconds);
    assert.equal(toWire(consumerFields, { name: "C", ackPolicy: "explicit" }).ack_wait, 30 * seconds);
    assert.equal(toWire(consumerFields, { name: "C", ackPolicy: "none" }).ack_wait, undefined);
  });
});
