import assert from "node:assert/strict";
import { milliseconds } from "../../../jetstream/monitoring";

describe("monitoring answers", () => {
  it("have durations in Go's notation, which are read as milliseconds", () => {
    assert.deepEqual(["86.5ms", "1.25s", "640µs", "1m2.5s"].map(milliseconds), [86.5, 1_250, 0.64, 62_500]);
    assert.deepEqual([milliseconds(), milliseconds(""), milliseconds("soon")], [undefined, undefined, undefined]);
  });
});
