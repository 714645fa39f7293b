import assert from "node:assert/strict";
import fc from "fast-check";
import { fewEnough } from "../../../../operations/stream/wait-for-copy";
import {
  type MigrationFacts,
  nextMigrationStep,
  type MigrationStep,
  migrationSteps,
  type StreamProgress,
} from "../../../../operations/migrate/steps";

const home = (change: Partial<StreamProgress> = {}): StreamProgress => ({
  retention: "workqueue",
  isCollecting: false,
  isLifted: false,
  isMarked: false,
  ...change,
});

/** What each step leaves behind, as far as the decisions go. */
const effects: Record<MigrationStep, (facts: MigrationFacts) => unknown> = {
  lift: (facts) => (facts.home!.isLifted = true),
  release: (facts) => (facts.durables = []),
  shadow: (facts) => (facts.shadow = home({ retention: "limits", mirrorOf: "S", isLifted: true, isMarked: true })),
  drain: (facts) => (facts.behind = 0),
  "hand-over": (facts) => (facts.shadow!.mirrorOf = undefined),
  stragglers: (facts) => ((facts.stragglers = 0), (facts.home!.isCollecting = facts.shadow!.isCollecting = false)),
  delete: (facts) => (facts.home = undefined),
  recreate: (facts) =>
    (facts.home = home({ retention: "limits", mirrorOf: "S--shadow", isLifted: true, isMarked: true })),
  fill: (facts) => (facts.behind = 0),
  "hand-back": (facts) => (facts.home!.mirrorOf = undefined),
  durables: (facts) => ((facts.durables = [...facts.durables, ...facts.missing]), (facts.missing = [])),
  "clean-up": (facts) => (facts.shadow = undefined),
  finish: (facts) => ((facts.home!.isMarked = false), (facts.home!.isLifted = false)),
};

const facts = (change: Partial<MigrationFacts> = {}): MigrationFacts => ({
  stream: "S",
  home: home(),
  wanted: "limits",
  durables: ["worker"],
  missing: [],
  behind: 0,
  stragglers: 0,
  ...change,
});

function run(there: MigrationFacts, atMost = 40): string[] {
  const taken: string[] = [];
  while (taken.length < atMost) {
    const next = nextMigrationStep(there);
    if ("refuse" in next) return [...taken, `refused: ${next.refuse}`];
    if (next.step === "nothing") return [...taken, "nothing"];
    taken.push(next.step);
    if (next.step === "release") there.missing = there.durables;
    effects[next.step](there);
  }
  return taken;
}

describe("the steps from a work queue to limits", () => {
  it("are all of them, in their order, where there is something to wait for", () => {
    const there = facts();
    const taken = run(there, 3);
    there.behind = fewEnough + 1;
    taken.push(...run(there, 2));
    there.stragglers = 1;
    taken.push(...run(there, 3));
    there.behind = fewEnough + 1;
    taken.push(...run(there));
    assert.deepEqual(taken, [...migrationSteps, "nothing"]);
  });

  it("end from wherever they are cut off, whatever comes late", () => {
    const trouble = fc.record({ steps: fc.nat(6), behind: fc.constantFrom(0, fewEnough + 1), stragglers: fc.nat(1) });
    fc.assert(
      fc.property(fc.array(trouble, { maxLength: 6 }), (troubles) => {
        const there = facts();
        for (const { steps, behind, stragglers } of troubles) {
          run(there, steps);
          if (there.home && there.shadow) there.behind = behind;
          if (there.home && there.shadow && !there.home.mirrorOf && !there.shadow.mirrorOf)
            there.stragglers = stragglers;
        }
        assert.equal(run(there).at(-1), "nothing");
        assert.deepEqual(
          [there.home?.retention, there.shadow, there.durables, there.missing],
          ["limits", undefined, ["worker"], []],
        );
      }),
    );
  });

  for (const [what, change, expected] of [
    ["that is not there", { home: undefined }, /S does not exist/],
    ["that is a mirror", { home: home({ mirrorOf: "T" }) }, /S is a mirror of T/],
    [
      "that is to become a work queue",
      { home: home({ retention: "limits" }), wanted: "workqueue" },
      /would be delivered again/,
    ],
    ["that servers change in place", { home: home({ retention: "interest" }) }, /pulumi up does it/],
    [
      "that was deleted before all was copied",
      { home: undefined, shadow: home({ mirrorOf: "S" }) },
      /deleted while its shadow was still copying/,
    ],
  ] as const) {
    it(`are refused for a stream ${what}`, () => assert.match(run(facts(change)).at(-1)!, expected));
  }
});
