import assert from "node:assert/strict";
import * as path from "node:path";
import { RandomPassword } from "@pulumi/random";
import { type ResourceValidationPolicy, validateResourceOfType } from "@pulumi/policy";
import { concerns, isStackRule, rules, withPack } from "../../../../operations/policy/pack";

describe("the policy pack", () => {
  const rule = (validateResource: ResourceValidationPolicy["validateResource"]): ResourceValidationPolicy => ({
    name: "example",
    description: "An example.",
    validateResource,
  });

  it("has rules about one resource and about whole stacks", () => {
    const ofStacks = rules.filter(isStackRule);
    assert.ok(ofStacks.length > 0 && ofStacks.length < rules.length);
  });

  it("has rules that concern every resource, or those of one type", () => {
    const type = "random:index/randomPassword:RandomPassword";
    const ofPasswords = rule(validateResourceOfType(RandomPassword, () => undefined));
    assert.deepEqual(
      [
        concerns(
          rule(() => undefined),
          type,
        ),
        concerns(rule(undefined), type),
      ],
      [true, true],
    );
    assert.deepEqual([concerns(ofPasswords, type), concerns(ofPasswords, "aws:s3/bucket:Bucket")], [true, false]);
  });

  it("is found by the engine behind everything else on PATH", () => {
    const { PATH, HOME } = withPack({ PATH: "/bin", HOME: "/home" });
    const [first, pack] = PATH!.split(path.delimiter);
    assert.deepEqual([first, path.basename(pack!), HOME], ["/bin", "policy-pack", "/home"]);
  });
});
