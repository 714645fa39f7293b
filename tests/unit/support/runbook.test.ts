import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { projectFolder } from "../../support/project-copy";
import { blocksOf, runbooks, settingsOf, spansOf } from "../../support/runbook";

/** What the tests on a real Kubernetes run of the runbooks: a page that changes is found without one. */
const source = readFileSync(path.join(projectFolder, "tests", "kube", "runbooks.test.ts"), "utf8");
const named = [...source.matchAll(/"([a-z-]+\.md[,:] [^"]+)"|'([a-z-]+\.md[,:] [^']+)'/g)]
  .map(([, double, single]) => double ?? single!)
  // Titles of tests begin with the page too.
  .filter((id) => /, \d+$/.test(id) || /: (npm|pulumi|kubectl) /.test(id));
const blocks = runbooks().flatMap((page) => blocksOf(page));
const spans = runbooks().flatMap((page) => spansOf(page));

describe("commands of runbooks", () => {
  it("are those that tests/kube/runbooks.test.ts runs, or says why it does not", () => {
    const known = [...blocks, ...spans].map(({ id }) => id);
    assert.deepEqual(
      named.filter((id) => !known.includes(id)),
      [],
      "are on no page",
    );
    assert.deepEqual(
      blocks.map(({ id }) => id).filter((id) => !named.includes(id)),
      [],
      "are in no test",
    );
  });

  it("are read from the page: blocks without the indentation of a list, spans outside of blocks", () => {
    const page = [
      "# Page",
      "Run `npm run plan` or `not a command`:",
      "## First",
      "1. ```sh",
      "   one \\",
      "     two",
      "   ```",
      "```yaml",
      "npm: run",
      "```",
      "```sh",
      "pulumi up",
      "```",
      "| 1 | `authorities: { peers: 1 }` | `npm start` |",
    ].join("\n");
    assert.deepEqual(blocksOf("page.md", page), [
      { id: "page.md, First, 1", text: "one \\\n  two" },
      { id: "page.md, First, 2", text: "pulumi up" },
    ]);
    assert.deepEqual(
      spansOf("page.md", page).map(({ text }) => text),
      ["npm run plan", "npm start"],
    );
    assert.deepEqual(settingsOf("page.md", "authorities", page), ["authorities: { peers: 1 }"]);
  });
});
