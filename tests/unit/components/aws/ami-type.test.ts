import assert from "node:assert/strict";
import { amiType } from "../../../../components/aws/ami-type";

describe("AMI type", () => {
  it("is that of the processors of the instance type", () => {
    const arm = ["m7g.large", "c7gn.xlarge", "im4gn.large", "t4g.medium", "r8gd.large"];
    const intel = ["m7i.large", "g5.xlarge", "t3.medium", "c6a.large", "m7i-flex.large"];
    assert.deepEqual(
      arm.map(amiType),
      arm.map(() => "AL2023_ARM_64_STANDARD"),
    );
    assert.deepEqual(
      intel.map(amiType),
      intel.map(() => "AL2023_x86_64_STANDARD"),
    );
  });
});
