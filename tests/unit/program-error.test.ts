import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { stripVTControlCharacters } from "node:util";
import { waitMs } from "../support/limits";

describe("an error of the program", () => {
  it("is shown at once, coloured as Pulumi does it, with files that are there", () => {
    const script =
      'const print = (error) => process.stdout.write(require("node:util").inspect(error, { colors: true }));\n' +
      'require("./index")().catch(print);';
    const { stdout, stderr, error } = spawnSync(
      process.execPath,
      ["-r", "./tools/runtime.cjs", "-r", "source-map-support/register", "-e", script],
      {
        cwd: path.join(__dirname, "..", ".."),
        encoding: "utf8",
        timeout: waitMs,
      },
    );
    assert.ifError(error);
    assert.match(stdout, /Missing required configuration variable/, stderr);
    const shown = stripVTControlCharacters(stdout);
    assert.match(shown, /@pulumi\/pulumi\/config\.js/);
    assert.doesNotMatch(shown, /@pulumi\/config/);
  });
});
