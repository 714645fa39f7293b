import assert from "node:assert/strict";
import { secretSizeRefusal } from "../../../../components/aws/secret-size";

describe("size of a secret", () => {
  it("is refused when it is more than Secrets Manager accepts", () => {
    assert.equal(secretSizeRefusal("test/iad/identity", "x".repeat(65_536)), undefined);
    assert.match(
      secretSizeRefusal("test/iad/identity", "x".repeat(65_537))!,
      /^secret test\/iad\/identity would have 65537 bytes, and Secrets Manager accepts 65536/,
    );
  });

  it("is counted in bytes, not in characters", () => {
    assert.equal(secretSizeRefusal("a", "é".repeat(32_768)), undefined);
    assert.match(secretSizeRefusal("a", "é".repeat(32_769))!, /would have 65538 bytes/);
  });
});
