import assert from "node:assert/strict";
import { CannotSimulate, Failure, Interrupted } from "../../../../engine/failure";
import { boundMs, drillResult, missedOf, notMeasured } from "../../../../operations/drills/report";
import { drillNames } from "../../../../operations/drills/drill";
import type { Publishings } from "../../../../operations/drills/publishers";
import { drills } from "../../../../operations/drills/table";

const from = 1_000_000;
const to = from + 30_000;
const expected = { home: 5, elsewhere: { whileItLasts: 5 } };

/** Of a publisher that was acknowledged each second, but for the seconds `without`. */
function publishings(region: string, stream: string, without: [from: number, to: number] = [0, 0]): Publishings {
  const acknowledgedAt = Array.from({ length: 30 }, (_, second) => second)
    .filter((second) => second <= without[0] || second >= without[1])
    .map((second) => from + second * 1_000);
  const spec = { account: "shop", stream, subject: "orders.new", user: "api", region, interval: 1_000 };
  const recorded = acknowledgedAt.map((_, seq) => ({
    ...{ id: `${region}-${seq}`, subject: "orders.new", stream, seq, ms: 1 },
  }));
  return { spec, recorded: [...recorded, { id: "unanswered", error: "TIMEOUT" }], acknowledgedAt };
}

const found: Parameters<typeof drillResult>[1] = {
  ...{ holdMs: 15_000, measured: { from, to }, region: "iad", losses: [], unmeasured: [], notes: [], ownDelayMs: 3 },
  publishings: [publishings("iad", "ORDERS"), publishings("ams", "ORDERS")],
  kept: () => ({ replicas: 3, storage: "file" }),
  recoveredMs: 2_000,
};
const of = (change: Partial<typeof found> = {}) =>
  drillResult({ name: "server-killed", expected }, { ...found, ...change });

const lost = (stream: string) => [
  {
    ...{ account: "shop", published: 1, acknowledged: 1, unacknowledged: 0, processed: 0, waiting: 0, unread: 0 },
    ...{ deadLetters: 0, missing: [{ id: "a-1", stream, seq: 7, why: "the stream ends with sequence 6" }] },
  },
];

describe("what a drill reports", () => {
  it("has each stream with its worst publisher, in the region of the accident and elsewhere", () => {
    const { streams, home, elsewhere, missed } = of({
      publishings: [
        publishings("iad", "ORDERS", [10, 14]),
        publishings("ams", "ORDERS", [10, 20]),
        publishings("iad", "INVOICES"),
      ],
    });
    assert.deepEqual(
      streams.map(({ stream, kept, home, elsewhere, published, acknowledged }) => [
        ...[stream, kept, home.longest, elsewhere?.longest, published, acknowledged],
      ]),
      [
        ["ORDERS", "R3 file", 4_000, 10_000, 50, 48],
        ["INVOICES", "R3 file", 1_000, undefined, 31, 30],
      ],
    );
    assert.deepEqual(home, { longest: 4_000, unavailable: 4_000 });
    assert.deepEqual(elsewhere, { longest: 10_000, unavailable: 10_000 });
    assert.deepEqual(missed, []);
  });

  it("names a gap that is longer than expected, of each region", () => {
    const { missed } = of({
      publishings: [publishings("iad", "ORDERS", [2, 9]), publishings("ams", "ORDERS", [2, 24])],
    });
    assert.deepEqual(missed, [
      "publishers in iad had a gap of 7.0 s; at most 5.0 s is expected",
      "publishers elsewhere had a gap of 22.0 s; at most 20.0 s is expected",
    ]);
  });

  it("names what a stream of three replicas on file lost; what one in memory lost is only reported", () => {
    assert.deepEqual(of({ losses: lost("ORDERS") }).missed, ["shop/ORDERS lost 1 acknowledged messages"]);
    const memory = of({ losses: lost("ORDERS"), kept: () => ({ replicas: 3, storage: "memory" }) });
    assert.deepEqual(memory.missed, []);
    assert.deepEqual(memory.streams[0]!.lost, [{ id: "a-1", why: "the stream ends with sequence 6" }]);
  });

  it("has the alerts that fired, and names those that should have and did not, or could not in that time", () => {
    const { alerts, missed, notes } = drillResult(
      { name: "two-of-three", expected: { ...expected, alerts: ["NATSClusterQuorumLost", "NATSServerDown"] } },
      {
        ...found,
        holdMs: 130_000,
        alerts: {
          ...{ fired: ["NATSMirrorLate SMS-ams"], before: [] },
          waits: { NATSClusterQuorumLost: 60_000, NATSServerDown: 120_000 },
        },
      },
    );
    assert.deepEqual(alerts, ["NATSMirrorLate SMS-ams"]);
    assert.deepEqual(missed, ["NATSClusterQuorumLost did not fire"]);
    assert.deepEqual(notes, ["too short for NATSServerDown to fire: --hold 180s"]);
    assert.equal(of().alerts, undefined, "no Prometheus is known");
  });

  it("says that the environment is not healthy again", () => {
    assert.deepEqual(of({ recoveredMs: undefined }).missed, ["the environment is not healthy again: npm run status"]);
  });
});

describe("the table of drills", () => {
  it("has every name once, in the order in which all are run, and what each needs to be decided on", () => {
    assert.deepEqual(Object.keys(drills).sort(), [...drillNames].sort());
    for (const name of drillNames) {
      const drill = drills[name];
      assert.equal(drill.name, name);
      for (const text of [drill.does, drill.touches, drill.undo]) assert.ok(text.length > 10, name);
      assert.ok(drill.takesSeconds > drill.holdSeconds, name);
      assert.equal(typeof drill.prepare(), "function", name);
      if (drill.production !== "confirmed") assert.match(drill.production.refused, /\w+/);
    }
  });

  it("expects gaps as long as the accident only where its streams cannot be reached", () => {
    assert.equal(boundMs(5, 15_000), 5_000);
    assert.equal(boundMs({ whileItLasts: 30 }, 15_000), 45_000);
    const lasting = drillNames.filter((name) => typeof drills[name].expected.home !== "number");
    assert.deepEqual(lasting, ["two-of-three", "region-lost"]);
  });
});

describe("a drill of several that ends with an error", () => {
  it("is reported, and the others go on: as missed where it failed, not where this machine cannot do it", () => {
    const failed = notMeasured("gateway-cut", new Failure("gateways went around"))!;
    const impossible = notMeasured("slow-disk", new CannotSimulate("no strace"))!;
    assert.deepEqual(missedOf([of(), failed, impossible]), ["gateway-cut: not measured: gateways went around"]);
  });

  it("ends them all where it was ended by Ctrl-C, or by a fault of the program", () => {
    assert.equal(notMeasured("nothing", new Interrupted("ended early")), undefined);
    assert.equal(notMeasured("nothing", new TypeError("x is undefined")), undefined);
  });
});
