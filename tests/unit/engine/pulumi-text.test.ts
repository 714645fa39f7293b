import assert from "node:assert/strict";
import {
  causeOf,
  checkFailureOf,
  isFailedNotice,
  isPluginNotice,
  withoutRule,
  withoutSeverity,
} from "../../../engine/pulumi-text";

describe("what Pulumi prints", () => {
  it("is shown without the severity before it", () => {
    assert.equal(withoutSeverity("error: no stack\n"), "no stack");
    assert.equal(withoutSeverity("the error: stays"), "the error: stays");
  });

  it("is left out where it only reports that a run failed, or where a plugin was found", () => {
    assert.deepEqual(["error: preview failed", "update failed\n", "error: update failed because"].map(isFailedNotice), [
      true,
      true,
      false,
    ]);
    assert.equal(isPluginNotice("using pulumi-resource-random from $PATH at /x"), true);
  });

  it("names the property and the reason of a refused check", () => {
    const message =
      "nats:Stream resource 'irisx-SMS': property maxMsgs value {5} has a problem: would drop 96 of 101 messages\n";
    assert.deepEqual(checkFailureOf(message), { property: "maxMsgs", reason: "would drop 96 of 101 messages" });
    assert.equal(checkFailureOf("error: something else"), undefined);
  });

  it("of a rule that could not run is shown without the rule's name", () =>
    assert.equal(withoutRule("can't run policy 'a' from policy pack 'b@1' during preview: why"), "why"));

  for (const [failure, cause] of [
    ["no resource plugin 'pulumi-resource-aws' found", "plugin"],
    ["PULUMI_ACCESS_TOKEN must be set for login", "login"],
    ["incorrect passphrase", "secrets"],
    ["anything else", undefined],
  ] as const)
    it(`has a cause that an operator can fix: ${cause ?? "none"}`, () => assert.equal(causeOf(failure), cause));
});
