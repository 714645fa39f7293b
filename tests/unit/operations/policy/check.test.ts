import assert from "node:assert/strict";
import { BadUsage } from "../../../../engine/failure";
import { checkPreviews, checkStateFile } from "../../../../operations/policy/check";

describe("what policies are to check", () => {
  const isBadUsage = (message: RegExp) => (error: unknown) => error instanceof BadUsage && message.test(error.message);

  it("is a stack that has a file: another one is refused, with those there are", () =>
    assert.rejects(
      checkPreviews({ env: "local", stack: "iadd" }),
      isBadUsage(/stack iadd does not exist: there is no Pulumi\.iadd\.yaml .*Stacks: ams, iad, identity/),
    ));

  it("is a state in a file that exists", () =>
    assert.throws(
      () => checkStateFile("/nowhere/state.json"),
      isBadUsage(/does not exist; write it with: pulumi stack export/),
    ));
});
