import assert from "node:assert/strict";
import { finding } from "../../../../operations/policy/findings";
import type { Policy } from "../../../../operations/policy/pack";

describe("a finding", () => {
  const rule = {
    name: "bounded",
    description: "A stream has limits.",
    remediationSteps: "Write maxAge.",
    severity: "high",
    enforcementLevel: "mandatory",
    url: "docs/policies.md#bounded",
  } as Policy;
  const urn = "urn:pulumi:s::p::t::irisx-SMS";

  it("has the rule's level, remedy and page, and the resource's name", () =>
    assert.deepEqual(finding(rule, urn, "SMS has none"), {
      rule: "bounded",
      level: "mandatory",
      severity: "high",
      resource: "irisx-SMS",
      urn,
      what: "SMS has none",
      fix: "Write maxAge.",
      url: "docs/policies.md#bounded",
    }));

  it("is advice only of an advisory rule: every other level stops a deployment", () => {
    const levelOf = (enforcementLevel: Policy["enforcementLevel"]) =>
      finding({ ...rule, enforcementLevel }, urn, "").level;
    assert.deepEqual(
      [levelOf("advisory"), levelOf(undefined), levelOf("remediate")],
      ["advisory", "mandatory", "mandatory"],
    );
  });

  for (const [what, message, expected] of [
    ["without description and remedy", "A stream has limits.\nSMS has none. Write maxAge.", "SMS has none"],
    ["as they are where there is nothing around them", "SMS has none", "SMS has none"],
    ["the description where there are no others", "A stream has limits.\n", "A stream has limits."],
  ] as const)
    it(`has its own words, ${what}`, () => assert.equal(finding(rule, urn, message).what, expected));
});
