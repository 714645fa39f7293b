import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { listenersPage } from "../../../../docs/generator/listeners";
import { projectFolder } from "../../../support/project-copy";

describe("docs/listeners.md", () => {
  it("is what `npm run docs` writes", () => {
    const written = readFileSync(path.join(projectFolder, "docs", "listeners.md"), "utf8");
    assert.equal(written, listenersPage(), "run npm run docs");
  });

  it("says of every setting what it is", () =>
    assert.deepEqual(
      listenersPage()
        .split("\n")
        .filter((line) => /^\| `[\w.]+` \| +\|$/.test(line)),
      [],
    ));
});
