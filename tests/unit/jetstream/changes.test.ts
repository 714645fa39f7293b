import assert from "node:assert/strict";
import * as fc from "fast-check";
import { isAtLeast } from "../../../config/versions";
import { changesOf, firstVersionOf, isVersioned, levelsOf, reasonOf } from "../../../jetstream/changes";
import { consumerFields, streamFields } from "../../../jetstream/fields";
import { type Args, toWire } from "../../../jetstream/wire";

const streams: fc.Arbitrary<Args> = fc
  .record(
    {
      description: fc.constantFrom("x", "y"),
      subjects: fc.uniqueArray(fc.constantFrom("a", "b", "c"), { minLength: 1 }),
      retention: fc.constantFrom("limits", "interest", "workqueue"),
      storage: fc.constantFrom("file", "memory"),
      maxConsumers: fc.constantFrom(10, 20),
      maxAge: fc.constantFrom("60s", "1m", "1h"),
      denyPurge: fc.boolean(),
      allowMsgTtl: fc.boolean(),
      allowAtomic: fc.boolean(),
      allowBatched: fc.boolean(),
      subjectDeleteMarkerTtl: fc.constantFrom("1m"),
      persistMode: fc.constantFrom("default", "async"),
      mirror: fc.constantFrom("M", { name: "M", consumer: { name: "c", deliverSubject: "d" } }),
    },
    { requiredKeys: [], noNullPrototype: true },
  )
  .map((args) => ({ name: "S", ...args }));
const wire = (args: Args) => toWire(streamFields, args);
const versions = ["2.12.1", "2.12.4", "2.12.5", "2.12.10", "2.14.0", "2.14.9", "2.15.3"];

describe("what changes between two configurations", () => {
  it("is shown to the last nanosecond, and as unlimited where that is not the default", () => {
    const week = wire({ name: "S", maxAge: "7d" });
    assert.deepEqual(changesOf(streamFields, { ...week, max_age: week.max_age! + 1 }, week), [
      { field: "maxAge", from: "604800000000001ns", to: "7d" },
    ]);
    assert.deepEqual(changesOf(streamFields, week, wire({ name: "S", maxAge: "unlimited" })), [
      { field: "maxAge", from: "7d", to: undefined },
    ]);
    const consumer = (args: Args) => toWire(consumerFields, { name: "C", ackPolicy: "explicit", ...args });
    const [pending] = changesOf(consumerFields, consumer({}), consumer({ maxAckPending: "unlimited" }));
    assert.deepEqual(pending, { field: "maxAckPending", from: 1000, to: "unlimited" });
  });

  it("is nothing between equal ones, however they are written", () => {
    fc.assert(
      fc.property(streams, (args) =>
        assert.deepEqual(changesOf(streamFields, wire(args), wire(structuredClone(args))), []),
      ),
    );
    assert.deepEqual(
      changesOf(
        streamFields,
        wire({ name: "S", maxAge: "60s", subjects: ["a", "b"] }),
        wire({ name: "S", maxAge: "1m", subjects: ["b", "a"] }),
      ),
      [],
    );
  });

  it("are the same fields there and back, with their values the other way round", () =>
    fc.assert(
      fc.property(streams, streams, (one, other) => {
        const [there, back] = [
          changesOf(streamFields, wire(one), wire(other)),
          changesOf(streamFields, wire(other), wire(one)),
        ];
        assert.deepEqual(
          there.map(({ field, from, to }) => [field, from, to]),
          back.map(({ field, from, to }) => [field, to, from]),
        );
      }),
    ));

  it("is refused by a newer server only where an older one refuses it too, and by none where no version does", () =>
    fc.assert(
      fc.property(streams, streams, (one, other) => {
        const refusedBy = (version?: string) =>
          changesOf(streamFields, wire(one), wire(other), version).flatMap(({ field, refusal }) =>
            refusal ? [field] : [],
          );
        const all = [undefined, ...versions].map(refusedBy);
        for (const [index, refused] of all.slice(1).entries())
          assert.ok(
            refused.every((field) => all[index]!.includes(field)),
            `${versions[index]}: ${refused.join()}`,
          );
      }),
    ));

  it("depends on the server's version where a row says until when", () => {
    const change = (version?: string) =>
      changesOf(
        streamFields,
        wire({ name: "S", maxConsumers: 10 }),
        wire({ name: "S", maxConsumers: 20 }),
        version,
      )[0]!;
    assert.deepEqual(
      [undefined, "2.12.4", "2.12.5", "2.12.10", "2.14.9"].map((version) => change(version).refusal !== undefined),
      [true, true, false, false, false],
    );
    assert.deepEqual([isVersioned(change()), isVersioned(change("2.14.9"))], [true, false]);
    assert.equal(
      reasonOf(change().refusal!),
      "cannot be changed in place (error 10052): servers before 2.12.5 cannot change it",
    );
  });
});

describe("versions and API levels", () => {
  it("rise together", () => {
    const rising = Object.entries(firstVersionOf).sort(([left], [right]) => Number(left) - Number(right));
    for (const [index, [, version]] of rising.slice(1).entries())
      assert.ok(isAtLeast(version, rising[index]![1]) && version !== rising[index]![1]);
  });

  it("of a configuration are highest first, and no further field makes them lower", () =>
    fc.assert(
      fc.property(streams, streams, (one, other) => {
        const levels = (args: Args) => levelsOf(streamFields, wire(args)).map(({ level }) => level);
        assert.deepEqual(
          levels(one),
          levels(one).toSorted((left, right) => right - left),
        );
        assert.ok((levels({ ...other, ...one })[0] ?? 0) >= (levels(one)[0] ?? 0));
      }),
    ));

  it("are known by their first version, for every field that needs one", () => {
    for (const { arg, level } of [...streamFields, ...consumerFields])
      if (typeof level === "number") assert.ok(firstVersionOf[level], arg);
  });
});
