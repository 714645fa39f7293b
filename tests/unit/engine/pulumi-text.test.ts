import assert from "node:assert/strict";
import {
  causeOf,
  checkFailureOf,
  isFailedNotice,
  isPluginNotice,
  lockIn,
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
    for (const plugin of ["pulumi-resource-random", "pulumi-language-nodejs"])
      assert.equal(isPluginNotice(`using ${plugin} from $PATH at /x`), true);
  });

  it("names the holders of a lock", () => {
    const url = "s3://bucket/.pulumi/locks/organization/p/iad";
    const text = [
      "error: the stack is currently locked by 2 lock(s). Either wait for the other process(es) to end or ...",
      `  ${url}/1.json: created by ann@runner-3 (pid 7) at 2026-01-01T00:00:00Z`,
      `  ${url}/2.json: created by D\\a@b@host.example (pid 8) at 2026-01-02T00:00:00Z`,
    ].join("\n");
    assert.deepEqual(lockIn(text), [
      { pid: 7, username: "ann", hostname: "runner-3", timestamp: "2026-01-01T00:00:00Z", url: `${url}/1.json` },
      { pid: 8, username: "D\\a@b", hostname: "host.example", timestamp: "2026-01-02T00:00:00Z", url: `${url}/2.json` },
    ]);
    assert.equal(lockIn("error: [409] Conflict: Another update is currently in progress.\nTo learn more"), "update");
    assert.equal(lockIn("error: update failed"), undefined);
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
