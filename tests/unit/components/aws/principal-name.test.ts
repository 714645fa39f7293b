import assert from "node:assert/strict";
import { principalName } from "../../../../components/aws/principal-name";

describe("name of a principal", () => {
  it("is its account and its name, with dashes", () => {
    assert.equal(principalName("arn:aws:iam::123456789012:role/deploy"), "123456789012-role-deploy");
    assert.equal(
      principalName("arn:aws-cn:sts::123456789012:assumed-role/ci.deploy/run@1"),
      "123456789012-assumed-role-ci-deploy-run-1",
    );
  });

  it("differs by account", () => {
    const names = ["123456789012", "210987654321"].map((account) => principalName(`arn:aws:iam::${account}:user/a`));
    assert.equal(new Set(names).size, 2);
  });
});
