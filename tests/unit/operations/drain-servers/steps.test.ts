import assert from "node:assert/strict";
import type { HeldAsset, Holdings } from "../../../../jetstream/holdings";
import { mostMoving, mostMovingBytes, nextDrainStep, progressOf } from "../../../../operations/drain-servers/steps";
import { held, holdings, meta } from "../../../support/holdings";

const staying = ["iad-0", "iad-1", "iad-2"];
const all = [...staying, "iad-3", "iad-4"];
const next = (given: Holdings) => nextDrainStep({ region: "iad", staying, leaving: ["iad-4", "iad-3"] }, given);
const moved = (given: Holdings) => {
  const step = next(given);
  return step.do === "move" ? [step.server, ...step.streams.map(({ stream }) => stream)] : step;
};
const waitsFor = (given: Holdings, ...reasons: RegExp[]) => {
  const step = next(given);
  assert.ok(step.do === "wait", JSON.stringify(step));
  assert.equal(step.reasons.length, reasons.length, step.reasons.join("\n"));
  reasons.forEach((reason, index) => assert.match(step.reasons[index]!, reason));
};

describe("draining servers, step by step", () => {
  it("moves the streams of the highest server first, and none that is elsewhere", () => {
    const assets = [
      held("A", ["iad-0", "iad-3", "iad-4"]),
      held("B", ["iad-4"]),
      held("C", ["iad-3"]),
      held("D", ["iad-0"]),
    ];
    assert.deepEqual(moved(holdings(all, assets)), ["iad-4", "A", "B"]);
  });

  it("removes a server from the meta group when nothing is on it and everything in the region is current", () => {
    const rest = [held("C", ["iad-3"]), held("E", ["ams-0", "ams-1"], { missing: ["ams-1"] })];
    assert.deepEqual(next(holdings(all, rest, { behind: { "ams-1": "stream not found" } })), {
      do: "remove",
      server: "iad-4",
    });
  });

  it("continues with the next server, and ends when no leaving server is a peer", () => {
    const without4 = { meta: meta([...staying, "iad-3"]) };
    assert.deepEqual(moved(holdings(all, [held("C", ["iad-3"])], without4)), ["iad-3", "C"]);
    assert.deepEqual(next(holdings(all, [], without4)), { do: "remove", server: "iad-3" });
    assert.deepEqual(next(holdings(staying, [held("C", ["iad-0"])])), { do: "nothing" });
  });

  it("lets another server lead the meta group before the leader is removed", () => {
    const led = { ...meta(all), leader: "iad-4" };
    assert.deepEqual(next(holdings(all, [], { meta: led })), { do: "step-down", leader: "iad-4" });
    assert.deepEqual(moved(holdings(all, [held("A", ["iad-4"])], { meta: led })), ["iad-4", "A"]);
  });

  for (const [what, assets, ...reasons] of [
    [
      "a copy that does not exist yet",
      [held("A", ["iad-0", "iad-1", "iad-4"], { missing: ["iad-1"] })],
      /^stream app\/A is missing on iad-1$/,
    ],
    [
      "a stream without a leader",
      [held("A", ["iad-4"], { leader: undefined })],
      /^stream app\/A has no leader \(copies on iad-4\)$/,
    ],
    [
      "a stream that is being moved",
      [held("A", ["iad-0", "iad-4"], { replicas: 1 }), held("B", ["iad-4"])],
      /^stream app\/A still has copies on iad-0, iad-4$/,
    ],
    [
      "a stream with too few copies",
      [held("A", ["iad-0", "iad-4"], { replicas: 3 })],
      /^stream app\/A has 2 of 3 copies$/,
    ],
    [
      "a consumer that is left",
      [held("A", ["iad-0"]), held("A", ["iad-4"], { consumer: "d" })],
      /^consumer app\/A\/d is on iad-4$/,
    ],
  ] as [string, HeldAsset[], ...RegExp[]][]) {
    it(`waits for ${what}`, () => waitsFor(holdings(all, assets), ...reasons));
  }

  it("moves and removes nothing while a server of the region is not current, and does not end either", () => {
    const behind = { "iad-1": "stream 'app > A' is catching up" };
    const reason = /^iad-1 is not current: stream 'app > A' is catching up$/;
    waitsFor(holdings(all, [held("B", ["iad-4"])], { behind }), reason);
    waitsFor(holdings(all, [], { behind }), reason);
    waitsFor(holdings(staying, [], { behind }), reason);
  });

  it("does not wait for a drained server, which is never current", () =>
    assert.deepEqual(next(holdings(all, [], { meta: meta(staying), behind: { "iad-4": "JetStream not enabled" } })), {
      do: "nothing",
    }));

  it("waits while there is no meta leader, or a server of the region does not answer: it may hold something", () => {
    waitsFor(holdings(all, [], { meta: undefined }), /^the meta group has no leader$/);
    waitsFor(holdings(all, [], { answered: all.filter((name) => name !== "iad-4") }), /^iad-4 did not answer$/);
    waitsFor(holdings(all, [], { answered: all.filter((name) => name !== "iad-1") }), /^iad-1 did not answer$/);
  });

  it("does not wait for a leaving server that has stopped and is no peer any more", () =>
    assert.deepEqual(next(holdings([...staying, "iad-3"])), { do: "remove", server: "iad-3" }));

  it("moves few streams at a time, small ones first, and a large one alone", () => {
    const many = Array.from({ length: mostMoving + 5 }, (_, index) => held(`S${index}`, ["iad-4"]));
    const step = next(holdings(all, many));
    assert.ok(step.do === "move" && step.streams.length === mostMoving);
    const large = [held("L", ["iad-4"], { bytes: 2 * mostMovingBytes }), held("S", ["iad-4"])];
    assert.deepEqual(moved(holdings(all, large)), ["iad-4", "S"]);
    assert.deepEqual(moved(holdings(all, large.slice(0, 1))), ["iad-4", "L"]);
  });

  it("makes progress while members or copies that are waited for change, not by what publishers add", () => {
    const of = (asset: Partial<HeldAsset>, behind = {}) =>
      progressOf(holdings(all, [held("A", ["iad-4"], asset)], { behind }));
    assert.equal(of({ copied: 5 }), of({ copied: 6, bytes: 2_000 }));
    assert.notEqual(of({ copied: 5 }, { "iad-4": "x" }), of({ copied: 6 }, { "iad-4": "x" }), "a server is behind");
    const moving = { replicas: 1, members: ["iad-0", "iad-4"] };
    assert.notEqual(of({ ...moving, copied: 5 }), of({ ...moving, copied: 6 }), "it is being moved");
    assert.notEqual(of({}), of({ missing: ["iad-4"] }));
  });
});
