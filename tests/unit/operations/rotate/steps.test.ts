import assert from "node:assert/strict";
import { loginOfGeneration } from "../../../../config/assets/standard";
import type { Passwords } from "../../../../config/schema/passwords";
import { type Goal, rotationSteps } from "../../../../operations/rotate/steps";

const settings = (now: Passwords, goal: Goal) =>
  rotationSteps(now, goal).map(({ setting: { accepted, given }, unused }) => [accepted, given, unused]);

const first: Passwords = { accepted: [1], given: 1 };
const both = (given: number): Passwords => ({ accepted: [1, 2], given });

/** Every state that an interrupted command can leave, with every goal. */
const cases: [what: string, now: Passwords, goal: Goal, expected: unknown[]][] = [
  [
    "a rotation: accepted everywhere, then given out",
    first,
    "rotate",
    [
      [[1, 2], 1, undefined],
      [[1, 2], 2, undefined],
    ],
  ],
  [
    "one more after the first",
    { accepted: [4], given: 4 },
    "rotate",
    [
      [[4, 5], 4, undefined],
      [[4, 5], 5, undefined],
    ],
  ],
  [
    "one that was cut before it was given out",
    both(1),
    "rotate",
    [
      [[1, 2], 1, undefined],
      [[1, 2], 2, undefined],
    ],
  ],
  ["one that was cut while it was given out", both(2), "rotate", [[[1, 2], 2, undefined]]],
  [
    "the end: given out everywhere, then unused",
    both(2),
    "finish",
    [
      [[1, 2], 2, undefined],
      [[2], 2, 1],
    ],
  ],
  ["an end that was cut", { accepted: [2], given: 2 }, "finish", [[[2], 2, undefined]]],
  [
    "the way back, once it was given out",
    both(2),
    "abort",
    [
      [[1, 2], 1, undefined],
      [[1], 1, 2],
    ],
  ],
  [
    "the way back before that",
    both(1),
    "abort",
    [
      [[1, 2], 1, undefined],
      [[1], 1, 2],
    ],
  ],
  ["a way back that was cut", first, "abort", [[[1], 1, undefined]]],
];

describe("the steps of a rotation", () => {
  for (const [what, now, goal, expected] of cases)
    it(`are, of ${what}`, () => assert.deepEqual(settings(now, goal), expected));

  it("never give out a password that servers may not accept yet, or take away one that is given out", () => {
    for (const [, now, goal] of cases) {
      let before = now;
      for (const { setting } of rotationSteps(now, goal)) {
        assert.ok(before.accepted.includes(setting.given), JSON.stringify([now, goal, setting]));
        assert.ok(setting.accepted.includes(before.given) || before.given !== setting.given);
        before = setting;
      }
    }
  });

  it("do not end before the new one was given out, with what to do", () =>
    assert.throws(() => rotationSteps(both(1), "finish"), /was not given out yet; run the command without --finish/));

  it("use a login of its own for each password after the first", () =>
    assert.deepEqual(
      [1, 2, 3].map((generation) => loginOfGeneration("irisx-api", generation)),
      ["irisx-api", "irisx-api.2", "irisx-api.3"],
    ));
});
