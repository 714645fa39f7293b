import assert from "node:assert/strict";
import fc from "fast-check";
import { growingDelay, retryDelay } from "../../../../../workers/messaging/consumer/backoff";
import { answeredOf, mayRun, outcomeOf } from "../../../../../workers/messaging/consumer/outcome";

const failure = new Error("x");
const delays = fc.array(fc.integer({ min: 1, max: 3_600_000 }), { maxLength: 6 });
const limits = fc.record({
  attempts: fc.integer({ min: 1, max: 20 }),
  spare: fc.integer({ min: 0, max: 10 }),
  backoff: delays,
});
const delivery = fc.integer({ min: 1, max: 60 });
const results = fc.record({ success: fc.boolean(), retryable: fc.boolean(), unavailable: fc.boolean() });

describe("outcome of a message", () => {
  it("each result has one outcome: success, then unavailable, then retryable decide", () => {
    fc.assert(
      fc.property(results, delivery, limits, (result, count, limit) => {
        const { kind } = outcomeOf({ ...result, error: failure }, count, limit);
        const expected = result.success
          ? "ack"
          : result.unavailable
            ? "hold"
            : result.retryable && count < limit.attempts
              ? "nak"
              : "dead";
        assert.equal(kind, expected);
      }),
    );
  });

  it("a result shows that what it needs answers, unless it is unavailable or was not called", () => {
    const called = fc.option(fc.boolean(), { nil: undefined });
    fc.assert(
      fc.property(results, called, delivery, limits, (result, dependencyCalled, count, limit) => {
        const given = { ...result, dependencyCalled };
        const { kind } = outcomeOf(given, count, limit);
        assert.equal(kind, outcomeOf(result, count, limit).kind, "it decides about the breaker alone");
        assert.equal(answeredOf(given), kind === "hold" ? false : dependencyCalled === false ? undefined : true);
      }),
    );
  });

  it("a message that always fails runs exactly as often as it has attempts, and then becomes a dead letter", () => {
    fc.assert(
      fc.property(limits, (limit) => {
        for (let count = 1; ; count++) {
          assert.equal(mayRun(count, limit), true);
          const outcome = outcomeOf({ success: false, retryable: true, error: failure }, count, limit);
          if (outcome.kind === "nak") continue;
          assert.deepEqual(outcome, { kind: "dead", reason: "attempts", error: failure });
          assert.equal(count, limit.attempts);
          return;
        }
      }),
    );
  });

  it("one that fails waits as long as its handler asks, else as its durable says", () => {
    const result = { success: false, retryable: true, error: failure };
    const limit = { attempts: 5, spare: 3, backoff: [30_000] };
    assert.deepEqual(outcomeOf(result, 1, limit), { kind: "nak", delay: 30_000 });
    for (const retryAfter of [0, 1_234])
      assert.deepEqual(outcomeOf({ ...result, retryAfter }, 1, limit), { kind: "nak", delay: retryAfter });
    const unavailable = { ...result, unavailable: true, retryAfter: 1_234 };
    assert.deepEqual(outcomeOf(unavailable, 1, limit), { kind: "hold", error: failure, wait: 1_234 });
  });

  it("one whose workers end runs beyond its attempts alone, then not at all", () => {
    fc.assert(
      fc.property(limits, delivery, (limit, count) => {
        const { attempts, spare } = limit;
        const expected = count <= attempts ? true : count <= attempts + spare ? "alone" : false;
        assert.equal(mayRun(count, limit), expected);
      }),
    );
  });

  it("an outage uses up no delivery, however often it was tried", () => {
    fc.assert(
      fc.property(delivery, limits, (count, limit) => {
        const outcome = outcomeOf({ success: false, unavailable: true, retryable: true, error: failure }, count, limit);
        assert.deepEqual(outcome, { kind: "hold", error: failure });
      }),
    );
  });
});

describe("backoff", () => {
  const random = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

  it("is the durable's, whose last entry repeats", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 3_600_000 }), { minLength: 1, maxLength: 6 }),
        delivery,
        random,
        (backoff, count, part) => {
          assert.equal(retryDelay(count, backoff, part), backoff[Math.min(count, backoff.length) - 1]);
        },
      ),
    );
  });

  it("is otherwise from 5 s, doubled, at most 5 min, with up to a quarter more", () => {
    assert.deepEqual(
      [1, 2, 3, 6, 7, 8, 60].map((count) => retryDelay(count, [], 0)),
      [5_000, 10_000, 20_000, 160_000, 300_000, 300_000, 300_000],
    );
    fc.assert(
      fc.property(delivery, random, (count, part) => {
        const least = retryDelay(count, [], 0);
        const delay = retryDelay(count, [], part);
        assert.ok(delay >= least && delay <= least * 1.25, `${delay}`);
      }),
    );
  });

  it("grows with the failures, never beyond its longest, and is a delay for any number of them", () => {
    const growth = fc.record({
      first: fc.integer({ min: 1, max: 10_000 }),
      most: fc.integer({ min: 1, max: 100_000 }),
    });
    fc.assert(
      fc.property(growth, fc.integer({ min: 1, max: 100_000 }), (delays, failures) => {
        const now = growingDelay(failures, delays, 0);
        const next = growingDelay(failures + 1, delays, 0);
        assert.ok(Number.isFinite(now) && now > 0 && now <= next && next <= delays.most, `${now} ${next}`);
      }),
    );
  });
});
