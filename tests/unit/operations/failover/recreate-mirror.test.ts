import assert from "node:assert/strict";
import { ApiError } from "../../../../jetstream/errors";
import { isCycle } from "../../../../operations/failover/recreate-mirror";

describe("a refusal to create the mirror", () => {
  it("is waited out only while a server still knows the old source", () => {
    const refusal = (errCode: number, text: string) => new ApiError("STREAM.CREATE.S-ams", 400, errCode, text);
    assert.ok(isCycle(refusal(10052, "detected cycle")));
    assert.ok(!isCycle(refusal(10052, "invalid")));
    assert.ok(!isCycle(refusal(10058, "detected cycle")));
    assert.ok(!isCycle(new Error("detected cycle")));
  });
});
