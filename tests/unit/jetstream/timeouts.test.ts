import assert from "node:assert/strict";
import { timeouts, withTimeouts } from "../../../jetstream/timeouts";

describe("timeouts of one action", () => {
  it("are in force while it runs, and the previous ones after it, also when it fails", async () => {
    const previous = { ...timeouts };
    const failing = withTimeouts({ requestMs: 1 }, async () => {
      assert.deepEqual(timeouts, { ...previous, requestMs: 1 });
      throw new Error("failed");
    });
    await assert.rejects(failing, /failed/);
    assert.deepEqual(timeouts, previous);
    assert.equal(await withTimeouts({ settleMs: 1 }, async () => timeouts.settleMs), 1);
    assert.deepEqual(timeouts, previous);
  });
});
