import assert from "node:assert/strict";
import fc from "fast-check";
import {
  fromBytes,
  fromNanoseconds,
  limitInBytes,
  limitInMilliseconds,
  limitInNumber,
  toBytes,
  toMilliseconds,
  toNanoseconds,
} from "../../../config/units";

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

  it("in other words are refused with what was meant", () => {
    const cases: [unknown, string][] = [
      ["7 days", "7d"],
      ["5min", "5m"],
      ["2 hours", "2h"],
      ["1w", "7d"],
      ["2 weeks", "14d"],
      ["1 year", "365d"],
      ["168h0m0s", "7d"],
      ["1h30m", "90m"],
      ["1d 12h", "36h"],
      ["P7D", "7d"],
      ["PT1H30M", "90m"],
      ["30µs", "30us"],
      ["7D", "7d"],
      // A bare number: seconds, milliseconds where these would be years, nanoseconds where those would be, too.
      ["30", "30s"],
      [30, "30s"],
      [604_800, "7d"],
      [2_592_000_000, "30d"],
      [604_800_000_000_000, "7d"],
      ["soon", "30s"],
      ["", "30s"],
      ["-5s", "30s"],
      ["1e3s", "30s"],
      ["5 parsecs", "30s"],
      ["1d of work", "30s"],
      ["0 days", "30s"],
      [null, "30s"],
    ];
    for (const [text, instead] of cases)
      assert.throws(() => toMilliseconds(text as string), {
        message: `${JSON.stringify(text)} is not a duration; write "${instead}"`,
      });
  });

  it("are exact below a millisecond, down to whole nanoseconds", () => {
    assert.deepEqual(["0.5ms", "1.5us", "604800000000001ns"].map(toNanoseconds), [500_000, 1_500, 604_800_000_000_001]);
    assert.deepEqual([500_000, 604_800_000_000_001].map(fromNanoseconds), ["500us", "604800000000001ns"]);
    assert.throws(() => toMilliseconds("0.5ns"), {
      message: '"0.5ns" is not a whole number of nanoseconds; write "1ns"',
    });
    assert.throws(() => toMilliseconds("1.0000000001s"), /whole number of nanoseconds; write "1s"/);
  });

  it("come back from the nanoseconds of any server, as the same number", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (nanoseconds) => {
        assert.equal(toNanoseconds(fromNanoseconds(Number(nanoseconds))), Number(nanoseconds));
      }),
    );
  });

  it("beyond what 64 bits hold are refused", () =>
    assert.throws(() => toNanoseconds("365000d"), {
      message: '"365000d" is more than a duration can be; write "36500d" or less',
    }));
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

  it("in other words are refused with what was meant", () => {
    const cases: [unknown, string][] = [
      ["10GB", "10GiB"],
      ["5 gb", "5GiB"],
      ["10Gi", "10GiB"],
      ["64M", "64MiB"],
      ["2 gigabytes", "2GiB"],
      ["1.5G", "1536MiB"],
      ["100", "100B"],
      [10_737_418_240, "10GiB"],
      ["big", "10GiB"],
    ];
    for (const [text, instead] of cases)
      assert.throws(() => toBytes(text as string), {
        message: `${JSON.stringify(text)} is not a size; write "${instead}"`,
      });
    assert.throws(() => toBytes("1.3GiB"), {
      message: '"1.3GiB" is not a whole number of bytes; write "1331MiB"',
    });
  });

  it("beyond what 64 bits hold are refused", () =>
    assert.throws(() => toBytes("8388609TiB"), {
      message: '"8388609TiB" is more than a size can be; write "8191TiB" or less',
    }));
});

describe("limits", () => {
  it("are without end where there is none", () => {
    assert.deepEqual(
      [limitInMilliseconds("unlimited"), limitInBytes(undefined), limitInNumber("unlimited"), limitInNumber(5)],
      [Infinity, Infinity, Infinity, 5],
    );
  });
});
