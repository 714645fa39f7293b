import assert from "node:assert/strict";
import { retryAfter } from "../../../workers/retry-after";

const now = Date.parse("2026-01-01T00:00:00Z");

describe("Retry-After", () => {
  for (const [header, ms] of [
    [undefined, undefined],
    [null, undefined],
    ["", undefined],
    ["soon", undefined],
    ["-1", undefined],
    ["0", 0],
    ["120", 120_000],
    ["999999999", 3_600_000],
    ["Thu, 01 Jan 2026 00:00:30 GMT", 30_000],
    ["Wed, 31 Dec 2025 23:00:00 GMT", 0],
  ] as const)
    it(`${JSON.stringify(header)} is ${ms} ms`, () => assert.equal(retryAfter(header, now), ms));
});
