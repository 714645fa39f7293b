import assert from "node:assert/strict";
import { renderStack, verdictOf } from "../../../../cli/render/policy";
import { finding, type StackFindings } from "../../../../operations/policy/findings";
import { bounded, small, urnOf } from "../../../support/example-policies";

describe("the report", () => {
  const clean: StackFindings = {
    stack: "local-iad",
    resources: 7,
    rules: ["stack-is-small", "stream-is-bounded"],
    violations: [],
    notJudged: [],
    failures: [],
  };
  const broken: StackFindings = {
    ...{ stack: "local-jetstream", resources: 55, rules: ["stack-is-small", "stream-is-bounded"], failures: [] },
    violations: [finding(small, urnOf("B"), "55 resources"), finding(bounded, urnOf("A"), "stream A has no limit")],
    notJudged: [finding(bounded, urnOf("C"), "reads maxAge"), finding(bounded, urnOf("D"), "reads maxAge")],
  };

  it("has what stops a deployment first, each with how to fix it, and what was not judged", () => {
    assert.equal(
      renderStack(broken),
      [
        "local-jetstream: 55 resources, 2 rules",
        "  mandatory high  stream-is-bounded  A",
        "    stream A has no limit",
        "    fix: Set maxAge (docs/policies.md#here)",
        "  advisory high  stack-is-small  B",
        "    55 resources",
        "    fix: Set maxAge (docs/policies.md#here)",
        "  not judged  stream-is-bounded  C, D",
        "    reads maxAge",
      ].join("\n"),
    );
    assert.equal(
      renderStack({ ...clean, failures: ["one", "two"] }),
      "local-iad: 7 resources, 2 rules\n  not fully checked\n    one\n    two",
    );
    assert.equal(renderStack(clean), "local-iad: 7 resources, 2 rules, nothing violated");
  });

  it("counts in one line, and is good only without mandatory violations and failures", () => {
    const verdict = verdictOf([clean, broken]);
    assert.equal(verdict.summary, "2 stacks, 2 rules: 1 mandatory violation, 1 advisory, 2 not judged");
    assert.ok(!verdict.ok);
    assert.ok(verdictOf([clean, { ...broken, violations: broken.violations.slice(0, 1) }]).ok);
    const failed = verdictOf([{ ...clean, failures: ["the engine ran no policy pack"] }]);
    assert.deepEqual(
      [failed.ok, failed.summary],
      [false, "1 stack, 2 rules: 0 mandatory violations, 0 advisory, not fully checked: local-iad"],
    );
  });
});
