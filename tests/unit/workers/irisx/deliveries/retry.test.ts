import assert from "node:assert/strict";
import fc from "fast-check";
import { early, next, webhookWaits } from "../../../../../workers/irisx/deliveries/retry";

describe("attempts of a webhook", () => {
  it("are five, with waits that are the durable's backoff", () => {
    const attempts = [{ attempt: 1, notBefore: 0 }];
    for (let now = 0; ; now = attempts.at(-1)!.notBefore) {
      const following = next(attempts.at(-1)!.attempt, now);
      if (!following) break;
      attempts.push(following);
    }
    assert.deepEqual(
      attempts.map(({ attempt, notBefore }) => [attempt, notBefore]),
      [
        [1, 0],
        [2, 30_000],
        [3, 90_000],
        [4, 210_000],
        [5, 450_000],
      ],
    );
  });

  it("wait as long as the receiver asks, never less than planned, and end whatever it asks", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(10_000_000), (attempt, asked) => {
        const following = next(attempt, 1_000, asked);
        if (attempt > webhookWaits.length) return following === undefined;
        return following?.notBefore === 1_000 + Math.max(asked, webhookWaits[attempt - 1]!);
      }),
    );
  });

  it("are due at once the first time, and after the wait of their number without the header", () => {
    assert.ok(early({ attempt: 1, published: 5_000 }, 5_000) <= 0);
    assert.equal(early({ attempt: 2, published: 5_000 }, 6_000), 29_000);
    assert.equal(early({ attempt: 2, notBefore: 9_000, published: 5_000 }, 6_000), 3_000);
  });
});
