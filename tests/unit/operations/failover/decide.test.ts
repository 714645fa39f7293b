import assert from "node:assert/strict";
import { Failure } from "../../../../engine/failure";
import { decideSettled } from "../../../../operations/failover/decide";
import type { FailoverDecision } from "../../../../operations/failover/steps";

describe("a decision about a failover", () => {
  const deciding = (...decisions: FailoverDecision<"park">[]) => ({
    decisions,
    settled: () => decideSettled(async () => decisions.shift()!, 1),
  });

  it("is taken at once, unless it is a refusal", async () => {
    const { decisions, settled } = deciding({ step: "park" }, { refuse: "not looked at" });
    assert.deepEqual(await settled(), { step: "park" });
    assert.equal(decisions.length, 1);
  });

  it("is no refusal where the state was read in the middle of a change", async () => {
    const { settled } = deciding({ refuse: "S has a failback in progress" }, { step: "nothing" });
    assert.deepEqual(await settled(), { step: "nothing" });
  });

  it("is a refusal, with the reason that still holds, where the second look is refused too", async () => {
    const { settled } = deciding({ refuse: "first" }, { refuse: "second" });
    await assert.rejects(settled(), (error) => error instanceof Failure && error.message === "second");
  });
});
