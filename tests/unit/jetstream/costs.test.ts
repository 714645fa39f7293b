import assert from "node:assert/strict";
import * as fc from "fast-check";
import { allowance, type Cost, describe as text, excess } from "../../../jetstream/costs";
import type { Args } from "../../../jetstream/wire";

describe("what a change costs", () => {
  const cost = (change: Partial<Cost> = {}): Cost => ({
    change: "maxAge",
    effect: "drop",
    messages: 812_345,
    of: 1_000_000,
    bytes: 3_328_599_654,
    isEstimate: false,
    behind: [],
    ...change,
  });

  it("is more than is allowed unless that very change is allowed as many messages", () =>
    fc.assert(
      fc.property(
        fc.nat(),
        fc.option(fc.nat(), { nil: undefined }),
        fc.constantFrom("maxAge", "maxMsgs"),
        (messages, maxMessages, change) => {
          const args: Args = maxMessages === undefined ? {} : { allowDataLoss: [{ change, maxMessages }] };
          const isAllowed = change === "maxAge" && maxMessages !== undefined && messages <= maxMessages;
          assert.equal(excess(cost({ messages }), allowance(args, "maxAge")) === undefined, isAllowed);
        },
      ),
    ));

  it("is said with counts, size and who is behind, and what to write", () => {
    const behind = [
      ["ANALYTICS", 40_112],
      ["B", 3],
      ["C", 2],
      ["D", 1],
      ["E", 1],
    ].map(([name, messages]) => ({ name, messages }) as Cost["behind"][0]);
    assert.equal(
      text(cost({ behind: behind.slice(0, 1) })),
      "would drop 812,345 of 1,000,000 messages, 3.1 GiB; consumer ANALYTICS is 40,112 behind",
    );
    assert.match(
      text(cost({ behind })),
      /ANALYTICS is 40,112 behind; consumer B is 3 behind; consumer C is 2 behind; 2 more are behind$/,
    );
    assert.equal(text(cost({ isEstimate: true, bytes: 0 })), "would drop about 812,345 of 1,000,000 messages");
    assert.match(
      excess(cost(), undefined)!,
      /; to allow it: allowDataLoss: \[\{ change: "maxAge", maxMessages: 812345 \}\]$/,
    );
    assert.match(excess(cost(), 812_344)!, /; allowDataLoss allows 812,344$/);
  });
});
