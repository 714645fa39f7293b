import assert from "node:assert/strict";
import { fit, reached } from "../../../../bench/scale/fit";

describe("the model of a cost", () => {
  it("is the line that points lie on", () => {
    const points = [0, 1_000, 5_000].map((n) => [n, 30 + 0.5 * n] as const);
    assert.deepEqual(fit(points), { base: 30, each: 0.5, error: 0 });
  });

  it("has the error of what lies beside it", () => {
    // By hand: each 1.5, base -1/6; missed 1/36 + 4/36 + 1/36 with one point more than a line needs; width 2.
    const { base, each, error } = fit([
      [0, 0],
      [1, 1],
      [2, 3],
    ])!;
    assert.ok(Math.abs(each - 1.5) < 1e-9 && Math.abs(base + 1 / 6) < 1e-9);
    assert.ok(Math.abs(error! - Math.sqrt(1 / 6 / 2)) < 1e-9);
  });

  it("has no error with two points, and is none with one", () => {
    assert.deepEqual(
      fit([
        [10, 5],
        [20, 10],
      ]),
      { base: 0, each: 0.5 },
    );
    assert.equal(fit([[10, 5]]), undefined);
  });

  it("says where a limit is reached, and that it never is by what does not grow", () => {
    assert.deepEqual(reached({ base: 10, each: 2, error: 1 }, 100), { at: 45, from: 30, to: 90 });
    assert.deepEqual(reached({ base: 10, each: 2, error: 2 }, 100), { at: 45, from: 22.5, to: Infinity });
    assert.equal(reached({ base: 10, each: 0 }, 100), undefined);
    assert.equal(reached({ base: 110, each: 1 }, 100), undefined);
  });
});
