import assert from "node:assert/strict";
import { percentiles } from "../../../config/percentiles";

describe("percentiles", () => {
  it("are values, of any order", () => {
    assert.deepEqual(percentiles([5, 1, 4, 2, 3]), { p50: 3, p95: 5, p99: 5 });
    const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.deepEqual(percentiles(hundred), { p50: 50, p95: 95, p99: 99 });
    assert.deepEqual(percentiles([7]), { p50: 7, p95: 7, p99: 7 });
  });

  it("are NaN where there are none", () => {
    assert.deepEqual(percentiles([]), { p50: NaN, p95: NaN, p99: NaN });
  });
});
