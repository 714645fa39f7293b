import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { statusPage } from "../../../../docs/generator/status";
import { projectFolder } from "../../../support/project-copy";

describe("docs/status.md", () => {
  it("is what `npm run docs` writes", () => {
    const written = readFileSync(path.join(projectFolder, "docs", "status.md"), "utf8");
    assert.equal(written, statusPage(), "run npm run docs");
  });

  it("has every object that --json prints, with its fields", () => {
    const text = statusPage();
    for (const name of ["Status", "Problem", "RegionStatus", "ConsumerStatus", "StreamStatus", "WorkerStatus", "Alert"])
      assert.ok(text.includes(`### ${name}\n`), name);
    assert.match(text, /^\| `oldestWaiting\?` \| `string` \| When the oldest message was stored /m);
  });
});
