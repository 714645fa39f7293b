import assert from "node:assert/strict";
import * as fc from "fast-check";
import { streamFields, type Wire } from "../../../jetstream/fields";
import { droppedSubjects, isCaptured, streamLosses } from "../../../jetstream/losses";
import { lossRules } from "../../../jetstream/costs";
import { consumerKind, streamKind } from "../../../jetstream/kinds";
import { type Args, toWire } from "../../../jetstream/wire";
import { covers } from "../../../config/subjects";

const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const subjects: fc.Arbitrary<string[]> = fc.uniqueArray(fc.constantFrom("a", "a.b", "a.*", "a.>", "c", "c.d"), {
  minLength: 1,
  maxLength: 3,
});
const streams: fc.Arbitrary<Args> = fc
  .record(
    {
      subjects: optional(subjects),
      retention: optional(fc.constantFrom("limits", "interest", "workqueue")),
      discard: optional(fc.constantFrom("old", "new")),
      replicas: optional(fc.constantFrom(1, 3, 5)),
      maxAge: optional(fc.constantFrom("1m", "1h", "1d")),
      maxBytes: optional(fc.constantFrom("1KiB", "1MiB", "1GiB")),
      maxMsgs: optional(fc.constantFrom(1, 10, 100)),
      maxMsgsPerSubject: optional(fc.constantFrom(1, 10)),
    },
    { noNullPrototype: true },
  )
  .map((args) => ({ name: "S", ...args }));
const wire = (args: Args) => toWire(streamFields, args);
const changesThatCost = (from: Args, to: Args) =>
  lossRules(streamKind, wire(from), wire(to)).map(({ change }) => change);

describe("changes that cost messages", () => {
  it("are none where nothing changes, and never both a change and its way back, except for subjects", () =>
    fc.assert(
      fc.property(streams, streams, (one, other) => {
        assert.deepEqual(changesThatCost(one, one), []);
        const back = changesThatCost(other, one);
        const both = changesThatCost(one, other).filter((change) => back.includes(change));
        assert.deepEqual(
          both.filter((change) => change !== "subjects"),
          [],
        );
      }),
    ));

  it("are those of a limit when it is lowered or set, and not when it is raised or taken away", () => {
    const values = {
      maxAge: ["1h", "1d"],
      maxBytes: ["1KiB", "1MiB"],
      maxMsgs: [10, 100],
      maxMsgsPerSubject: [1, 10],
    } as const;
    for (const [limit, [low, high]] of Object.entries(values)) {
      const at = (value?: unknown): Args => ({ name: "S", [limit]: value });
      for (const [from, to] of [
        [high, low],
        [undefined, high],
      ])
        assert.deepEqual(changesThatCost(at(from), at(to)), [limit]);
      for (const [from, to] of [
        [low, high],
        [high, undefined],
      ])
        assert.deepEqual(changesThatCost(at(from), at(to)), []);
    }
  });

  it("are not counted for maxMsgs and maxBytes while new messages are refused, but once old ones are discarded", () => {
    const full: Args = { name: "S", discard: "new", maxMsgs: 10, maxBytes: "1KiB" };
    assert.deepEqual(changesThatCost({ name: "S", discard: "new" }, full), []);
    assert.deepEqual(changesThatCost(full, { ...full, discard: "old" }), ["maxBytes", "maxMsgs"]);
    assert.deepEqual(changesThatCost({ ...full, discard: "old" }, { ...full, maxMsgs: 1 }), []);
  });

  it("are those of subjects exactly where one that was captured is not captured in full any more", () =>
    fc.assert(
      fc.property(subjects, subjects, (before, after) => {
        const [from, to] = [before, after].map((own): Wire => ({ name: "S", subjects: own })) as [Wire, Wire];
        const dropped = droppedSubjects(from, to);
        for (const subject of before)
          assert.equal(dropped.includes(subject), !after.some((own) => covers(own, subject)));
        assert.ok(dropped.every((subject) => before.includes(subject) && !isCaptured(to, subject)));
        assert.equal(
          changesThatCost({ name: "S", subjects: before }, { name: "S", subjects: after }).includes("subjects"),
          dropped.length > 0,
        );
      }),
    ));

  it("do not count the subject that a stream is parked under", () =>
    assert.deepEqual(droppedSubjects({ name: "S", subjects: ["parked.S.>"] }, { name: "S", subjects: ["a"] }), []));

  it("are only these of retention, replicas and mirrors", () => {
    const base: Args = { name: "S" };
    const pairs = (field: string, values: unknown[]) =>
      values
        .flatMap((from) => values.map((to) => [from, to] as const))
        .filter(([from, to]) => changesThatCost({ ...base, [field]: from }, { ...base, [field]: to }).includes(field));
    assert.deepEqual(pairs("retention", ["limits", "interest", "workqueue"]), [["limits", "interest"]]);
    assert.deepEqual(pairs("replicas", [1, 3, 5]), [
      [3, 1],
      [5, 1],
    ]);
    assert.deepEqual(pairs("mirror", [undefined, "A"]), [["A", undefined]]);
  });

  it("are none of a consumer's", () => assert.deepEqual(lossRules(consumerKind, { max_age: 2 }, { max_age: 1 }), []));

  it("have names under which allowDataLoss can allow them", () => {
    for (const { change } of streamLosses) {
      const args: Args = { account: "app", name: "S", region: "iad", allowDataLoss: [{ change, maxMessages: 1 }] };
      assert.ok(streamKind.schema(args).safeParse(args).success, change);
    }
  });
});
