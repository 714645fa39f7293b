import * as assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { policiesPage } from "../../docs/generator/policies";
import { rules } from "../../policies/registry";

const manual = readFileSync(path.join(__dirname, "..", "..", "docs", "policies.md"), "utf8");

describe("docs/policies.md", () => {
  it("is what `npm run docs` writes", () => assert.equal(manual, policiesPage(), "run npm run docs"));

  it("has, once, the section that each rule's link leads to", () => {
    for (const { name } of rules) assert.equal(manual.split(`\n### ${name}\n`).length, 2, name);
  });
});
