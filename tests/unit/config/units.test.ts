import assert from "node:assert/strict";
import fc from "fast-check";
import { fromBytes, fromNanoseconds, toBytes, toMilliseconds, toNanoseconds } from "../../../config/units";

const tenYears = 10 * 365 * 86_400_000;

describe("durations", () => {
  it("are the milliseconds of their unit", () => {
    const cases = { "250ms": 250, "30s": 30_000, "5m": 300_000, "12h": 43_200_000, "7d": 604_800_000, "1.5s": 1500 };
    assert.deepEqual(Object.fromEntries(Object.keys(cases).map((text) => [text, toMilliseconds(text)])), cases);
  });

  it("come back from nanoseconds as they were, for every millisecond up to ten years", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: tenYears }), (milliseconds) => {
        assert.equal(toMilliseconds(fromNanoseconds(toNanoseconds(`${milliseconds}ms`))), milliseconds);
      }),
    );
  });

  it("are exact nanoseconds up to ten years, in JSON too, although these are past 2^53", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: tenYears }), (milliseconds) => {
        const nanoseconds = toNanoseconds(`${milliseconds}ms`);
        assert.equal(BigInt(nanoseconds), BigInt(milliseconds) * 1_000_000n);
        assert.equal(JSON.stringify(nanoseconds), String(BigInt(milliseconds) * 1_000_000n));
      }),
    );
    assert.equal(JSON.stringify(toNanoseconds("365d")), "31536000000000000");
  });

  it("are written in the largest unit that is exact", () => {
    assert.deepEqual([7 * 86_400e9, 90e9, 250e6, 0].map(fromNanoseconds), ["7d", "90s", "250ms", "0ms"]);
  });

  it("in other words are refused with what to write", () => {
    const cases = {
      "7 days": "7d",
      "5min": "5m",
      "2 hours": "2h",
      "30": "30s",
      soon: "30s",
      "": "30s",
      "-5s": "30s",
      "1e3s": "30s",
    };
    for (const [text, instead] of Object.entries(cases)) {
      assert.throws(() => toMilliseconds(text), {
        message: `${JSON.stringify(text)} is not a duration; write "${instead}"`,
      });
    }
  });

  it("below a whole millisecond are refused", () =>
    assert.throws(() => toMilliseconds("0.5ms"), /not a whole number of milliseconds/));
});

describe("sizes", () => {
  it("are powers of 1024", () => {
    const cases = {
      "512B": 512,
      "8KiB": 8192,
      "64MiB": 67_108_864,
      "10GiB": 10_737_418_240,
      "1TiB": 1_099_511_627_776,
      "1.5KiB": 1536,
    };
    assert.deepEqual(Object.fromEntries(Object.keys(cases).map((text) => [text, toBytes(text)])), cases);
  });

  it("come back from bytes as they were", () => {
    fc.assert(fc.property(fc.maxSafeNat(), (bytes) => assert.equal(toBytes(fromBytes(bytes)), bytes)));
  });

  it("in other words are refused with what to write", () => {
    for (const [text, instead] of Object.entries({
      "10GB": "10GiB",
      "5 gb": "5GiB",
      "100": "10GiB",
      "64M": "64MiB",
      big: "10GiB",
    })) {
      assert.throws(() => toBytes(text), { message: `${JSON.stringify(text)} is not a size; write "${instead}"` });
    }
  });
});
