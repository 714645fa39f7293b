import * as assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { policies, rules } from "../../policies/registry";

const project = path.join(__dirname, "..", "..");
const names = rules.map(({ name }) => name);

describe("the policy registry", () => {
  it("has every rule's file once, under the rule's name", () => {
    const files = readdirSync(path.join(project, "policies", "rules")).map((file) => path.basename(file, ".ts"));
    assert.deepEqual([...names].sort(), files.sort());
  });

  const manual = readFileSync(path.join(project, "docs", "policies.md"), "utf8");
  for (const [index, rule] of rules.entries()) {
    it(`${rule.name} has a kebab-case name, a description, a remediation, a severity, a manual section and tests`, () => {
      assert.match(rule.name, /^[a-z]+(-[a-z]+)*$/);
      assert.match(rule.description, /^[A-Z].{20,}\.$/);
      assert.match(rule.remediation, /^[A-Z].{10,}[^.]$/);
      assert.ok(["low", "medium", "high", "critical"].includes(rule.severity));
      assert.ok(["advisory", "mandatory"].includes(rule.enforcementLevel));
      assert.ok(manual.includes(`\n## ${rule.name}\n`), "docs/policies.md has its section");
      assert.equal(policies[index]!.url, `docs/policies.md#${rule.name}`);
      assert.ok(existsSync(path.join(__dirname, `${rule.name}.test.ts`)), "it has its tests");
    });
  }
});
