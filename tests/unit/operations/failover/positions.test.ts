import assert from "node:assert/strict";
import fc from "fast-check";
import { type Position, resumeAt, startAfter, startOf } from "../../../../operations/failover/positions";

const at = (floor: number, isDone = false): Position => ({ floor, isDone });
/** The two are the same up to 10; up to 15 follows what only home had. */
const sections = { common: 10, own: 15 };
const resume = (home: Position, from: number | string, mirror: Position, last = 30) =>
  resumeAt(home, { from, position: mirror, last }, sections);

describe("where a durable begins on the mirror", () => {
  it("is behind what was acknowledged at home, and never behind what the mirror has", () => {
    assert.deepEqual(
      [startAfter({ floor: 7 }, 10), startAfter({ floor: 12 }, 10), startAfter({ floor: 0 }, 0)],
      [8, 11, 1],
    );
  });

  it("is told by how it was made", () => {
    assert.equal(startOf({ deliver_policy: "all" }), "all");
    assert.equal(startOf({ deliver_policy: "new" }), "new");
    assert.equal(startOf({ deliver_policy: "by_start_sequence", opt_start_seq: 8 }), 8);
    assert.equal(
      startOf({ deliver_policy: "by_start_time", opt_start_time: "2026-01-01T00:00:00Z" }),
      "2026-01-01T00:00:00Z",
    );
  });
});

describe("where a durable goes on at home", () => {
  for (const [what, found, expected] of [
    ["behind what was acknowledged on the mirror, of what both have", resume(at(4), "all", at(8)), { at: 9 }],
    ["where it was, if it was further than on the mirror", resume(at(9), "all", at(8)), "where it was"],
    ["with what only home had, if the mirror's durable had gone past it", resume(at(4), "all", at(20)), { at: 11 }],
    [
      "behind what came back and was acknowledged, if it had all that only home had",
      resume(at(15), "all", at(20)),
      { behind: 20 },
    ],
    [
      "behind all that came back, if the mirror's durable had nothing left to do",
      resume(at(15), "all", at(12, true)),
      { behind: 30 },
    ],
    ["with the first that came back, if nothing of it was acknowledged", resume(at(15), "all", at(10)), "where it was"],
    ["where it was, if the one on the mirror began later", resume(at(4), 9, at(20)), "where it was"],
    [
      "where it was, if the one on the mirror began with what was new, or with a time",
      resume(at(4), "new", at(20)),
      "where it was",
    ],
  ] as const) {
    it(`is ${what}`, () => assert.deepEqual(found, expected));
  }

  it("is never past a message that is not acknowledged, and never before its own place", () => {
    const position = fc.record({ floor: fc.nat(40), isDone: fc.boolean() });
    fc.assert(
      fc.property(
        fc.nat(20),
        fc.nat(10),
        fc.nat(20),
        fc.nat(20),
        position,
        fc.constantFrom<number | "all">("all", 3, 8),
        (common, own, more, homeFloor, mirror, from) => {
          const two = { common, own: common + own };
          const last = common + more;
          const home = at(Math.min(homeFloor, two.own));
          const there = { ...mirror, floor: Math.min(mirror.floor, last) };
          const found = resumeAt(home, { from, position: there, last }, two);
          if (found === "where it was") return;
          const done = there.isDone ? last : there.floor;
          const first = from === "all" ? 1 : from;
          const isDone = (seq: number) => seq <= home.floor || (seq <= common && seq <= done && seq >= first);
          if ("at" in found) {
            assert.ok(found.at > home.floor + 1);
            for (let seq = 1; seq < found.at; seq++) assert.ok(isDone(seq), `${seq} before ${found.at}`);
          } else {
            assert.ok(found.behind <= done);
            for (let seq = 1; seq <= two.own; seq++) assert.ok(isDone(seq), `${seq} of home`);
          }
        },
      ),
    );
  });
});
