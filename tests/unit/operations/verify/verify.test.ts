import assert from "node:assert/strict";
import { failedChecks } from "../../../../operations/verify/verify";
import type { Check } from "../../../../operations/verify/checks";

const check = (result: Check["result"]): Check => ({ name: result, result, detail: "" });

describe("a verification", () => {
  it("fails by what failed, not by what was skipped or is a known risk", () => {
    const checks = (["ok", "skipped", "failed", "warning"] as const).map(check);
    assert.deepEqual(failedChecks({ checks }), [check("failed")]);
    assert.deepEqual(failedChecks({ checks: [check("skipped"), check("warning")] }), []);
  });
});
