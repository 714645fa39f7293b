import * as assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { policies, rules } from "../../policies/registry";
import { settings } from "../../policies/settings";

const folder = path.join(__dirname, "..", "..", "policies");
const names = rules.map(({ name }) => name);

describe("the policy registry", () => {
  it("has every rule's file once, under the rule's name", () => {
    const files = readdirSync(path.join(folder, "rules")).map((file) => path.basename(file, ".ts"));
    assert.deepEqual([...names].sort(), files.sort());
  });

  for (const [index, rule] of rules.entries()) {
    it(`${rule.name} has a kebab-case name, its words, a level, a link, types and what it may be set to`, () => {
      assert.match(rule.name, /^[a-z]+(-[a-z]+)+$/);
      assert.match(rule.description, /^[A-Z].{20,}[^.]\.$/);
      assert.match(rule.why, /^[A-Z0-9].{40,}\.$/);
      assert.match(rule.remediation, /^[A-Z].{10,}[^.]$/);
      assert.ok(["low", "medium", "high", "critical"].includes(rule.severity));
      assert.ok(["advisory", "mandatory"].includes(rule.enforcementLevel));
      assert.notDeepEqual(rule.types, []);
      const { url, configSchema, severity, enforcementLevel, remediationSteps, ...policy } = policies[index]!;
      assert.equal(url, `docs/policies.md#${rule.name}`);
      assert.deepEqual(
        [severity, enforcementLevel, remediationSteps],
        [rule.severity, rule.enforcementLevel, rule.remediation],
      );
      assert.deepEqual(Object.keys(configSchema?.properties ?? {}), rule.setting ? [rule.setting.name] : []);
      assert.equal("validateStack" in policy, !("violations" in rule));
      if (!rule.setting) return;
      assert.match(rule.setting.description, /^[A-Z].+\.$/);
      assert.ok(isOf(rule.setting.schema.type, rule.setting.default), "its default is of its type");
      if (rule.name in settings)
        assert.ok(isOf(rule.setting.schema.type, settings[rule.name]), "so is what it is set to here");
    });
  }

  it("sets nothing of rules that are not there, or that cannot be set", () => {
    assert.deepEqual(
      Object.keys(settings).filter((name) => !rules.some((rule) => rule.name === name && rule.setting)),
      [],
    );
  });

  it("loads little at the start of each preview: its own files, and what of config/ loads no library", () => {
    const seen = new Set<string>();
    const libraries = new Set<string>();
    const visit = (file: string) => {
      if (seen.has(file)) return;
      seen.add(file);
      for (const [, from] of readFileSync(file, "utf8").matchAll(/^import (?!type )[^;]*? from "([^"]+)"/gms)) {
        if (from!.startsWith(".")) visit(path.join(path.dirname(file), `${from}.ts`));
        else libraries.add(from!);
      }
    };
    visit(path.join(folder, "index.ts"));
    const outside = [...seen]
      .map((file) => path.relative(path.dirname(folder), file))
      .filter((file) => !file.startsWith("policies"));
    assert.deepEqual(outside.sort(), [
      "config/assets/copies.ts",
      "config/assets/standard.ts",
      "config/monitoring.ts",
      "config/plural.ts",
      "config/reserved-subjects.ts",
      "config/rules/server-overhead.ts",
      "config/server-problems.ts",
      "config/sizes.ts",
      "config/subject-transform.ts",
      "config/subjects.ts",
      "config/units.ts",
      "config/unknown-value.ts",
      "config/versions.ts",
    ]);
    assert.deepEqual([...libraries], ["@pulumi/policy"]);
    assert.ok(existsSync(path.join(folder, "PulumiPolicy.yaml")));
  });
});

const isOf = (type: unknown, value: unknown): boolean =>
  type === "array" ? Array.isArray(value) : type === "integer" ? Number.isInteger(value) : typeof value === type;
