import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { dashboardFiles } from "../../../../observability/dashboards/render";
import { writeDashboards } from "../../../../operations/monitoring/dashboards";
import { checkedEnvironment } from "../../../../operations/settings/checked-environment";

describe("the files of dashboards", () => {
  const checked = checkedEnvironment("local");
  let folder: string;
  before(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "dashboards-"))));
  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  it("are written into a folder, which is made, beside files of others", () => {
    const out = path.join(folder, "a", "b");
    const files = dashboardFiles(checked.environment);
    const written = writeDashboards(checked, out);
    assert.deepEqual(
      written,
      Object.keys(files).map((name) => path.join(out, name)),
    );
    fs.writeFileSync(path.join(out, "own.json"), "{}");
    fs.writeFileSync(written[0]!, "old");
    writeDashboards(checked, out);
    assert.deepEqual(fs.readdirSync(out).sort(), [...Object.keys(files), "own.json"].sort());
    for (const [name, json] of Object.entries(files)) assert.equal(fs.readFileSync(path.join(out, name), "utf8"), json);
  });

  it("are not written where a file has the folder's name", () => {
    const file = path.join(folder, "file");
    fs.writeFileSync(file, "");
    assert.throws(() => writeDashboards(checked, file), /--out .*file is a file; name a folder/);
  });
});
