import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { projectFolder } from "../../support/project-copy";

/** Tests with no one source, and what they are about. */
const exceptions: Record<string, string> = {
  "docs/workflows": ".github/workflows and .ci/summarize, which are not TypeScript",
  "docs/paths": "paths and commands that README.md, CONTRIBUTING.md and docs/ name",
  "docs/renovate": "renovate.json, which is not TypeScript",
  "program-error": "how index.ts, as a process, reports an error",
  "support/layout": "this list",
};

const unit = path.join(projectFolder, "tests/unit");
const tests = fs.globSync("**/*.test.ts", { cwd: unit }).map((file) => file.replace(/\.test\.ts$/, ""));

/** The source at the same path, the folder of that name, or the folder that the test is named after. */
function hasSource(test: string): boolean {
  const root = test.startsWith("support/") ? path.join(projectFolder, "tests") : projectFolder;
  const isFile = ["ts", "mjs", "js", "cjs"].some((ending) => fs.existsSync(path.join(root, `${test}.${ending}`)));
  const isFolder = fs.existsSync(path.join(root, test));
  const { dir, base } = path.parse(test);
  return isFile || isFolder || path.basename(dir) === base;
}

describe("the layout of unit tests", () => {
  it("is that of the sources: tests/unit/<path of the source>.test.ts", () => {
    assert.deepEqual(
      tests.filter((test) => !hasSource(test) && !exceptions[test]),
      [],
    );
  });

  it("has no exception that needs none", () => {
    assert.deepEqual(
      Object.keys(exceptions).filter((test) => !tests.includes(test) || hasSource(test)),
      [],
    );
  });
});
