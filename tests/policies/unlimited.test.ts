import assert from "node:assert/strict";
import { streamType } from "../../policies/jetstream-resources";
import type { Resource } from "../../policies/resource";
import { unlimitedHasAReason } from "../../policies/rules/unlimited-has-a-reason";

describe("a stream that is unlimited", () => {
  const stream = (args: object) =>
    ({
      type: streamType,
      name: "app/ORDERS",
      inputs: { account: "app", name: "ORDERS", ...args },
    }) as unknown as Resource;
  const found = (args: object, reasons: Record<string, string> = {}) =>
    unlimitedHasAReason.violations(stream(args), reasons);

  it("needs a reason, by its name or by a pattern; what is only left out needs none here", () => {
    const unlimited = { maxAge: "unlimited", maxBytes: "unlimited" };
    assert.deepEqual(found(unlimited), [
      "stream app/ORDERS has an unlimited maxAge and maxBytes, and no reason is given",
    ]);
    assert.deepEqual(found(unlimited, { "app/ORDERS": "an audit trail, archived every month" }), []);
    assert.deepEqual(found(unlimited, { "*/ORDERS": "an audit trail" }), []);
    assert.equal(found(unlimited, { "app/OTHER": "an audit trail" }).length, 1);
    assert.deepEqual(found({}), []);
    assert.deepEqual(found({ maxAge: "7d", maxBytes: "1GiB" }), []);
  });
});
