import assert from "node:assert/strict";
import { lostWithMirror } from "../../../../operations/failover/loss-check";

describe("messages that would be lost with the mirror", () => {
  for (const [what, counts, lost] of [
    ["none where all came back", { own: 12, returned: 12, older: 0 }, 0],
    ["none where some came back twice", { own: 12, returned: 13, older: 0 }, 0],
    ["those that did not come back", { own: 12, returned: 10, older: 0 }, 2],
    ["those that are older than what the stream keeps", { own: 12, returned: 13, older: 5 }, 5],
  ] as const) {
    it(`are ${what}`, () => assert.equal(lostWithMirror(counts), lost));
  }
});
