import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { programOf, sourcesOf } from "../../../../../components/local/provider/worker-record";
import { projectFolder } from "../../../../support/project-copy";

/** Files of workers/ that a file loads, itself among them. */
function loadedBy(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  const text = fs.readFileSync(path.join(projectFolder, file), "utf8");
  for (const [, target] of text.matchAll(/(?:from|import|require)\s*\(?"(\.{1,2}\/[^"]+|\.{1,2})"/g)) {
    const base = path.join(path.dirname(file), target!);
    const loaded = [`${base}.ts`, path.join(base, "index.ts")].find((name) =>
      fs.existsSync(path.join(projectFolder, name)),
    );
    if (loaded?.startsWith("workers/")) loadedBy(loaded, found);
  }
  return found;
}

describe("the program of a local worker", () => {
  for (const system of ["aigentflow", "arrakis", "covenant", "dead-letters", "irisx", "probe"])
    it(`${system}: its fingerprint covers every file that it loads, and no file of another system's program`, () => {
      const sources = sourcesOf(system);
      const loaded = [...loadedBy(programOf(system))];
      assert.ok(loaded.length > 10, "the imports were followed");
      assert.deepEqual(
        loaded.filter((file) => !sources.includes(file)),
        [],
      );
      assert.deepEqual(
        sources.filter((file) => /^workers\/[^/]+\/main\.ts$/.test(file)),
        [programOf(system)],
      );
    });
});
