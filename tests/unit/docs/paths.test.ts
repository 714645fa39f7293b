import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { projectFolder } from "../../support/project-copy";

const unversioned = new Set([".git", ".cache", "node_modules"]);
const roots = new Set(fs.readdirSync(projectFolder).filter((name) => !unversioned.has(name)));

/** A decision stays as it was written: a path that it names may have moved since, if this follows. */
const moved = /^ \((formerly|now [^)]+|removed)\)/;

/** Paths that a text links to, relative to its folder; without addresses, and without sections of the same page. */
const linked = (text: string): string[] =>
  [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!.split("#")[0]!)
    .filter((target) => target && !/^[a-z]+:/.test(target));

/** Paths in backticks that begin with a file or folder of the project. `<name>`, `{a,b}` and `X` stand for any text. */
const quoted = (text: string): string[] =>
  [...text.matchAll(/`([\w.@-]+(?:\/[\w.@<>{},*-]+)+\/?)`/g)]
    .filter(({ index, 0: quote }) => !moved.test(text.slice(index + quote.length)))
    .map(([, name]) => name!)
    .filter((name) => roots.has(name.split("/")[0]!));

const exists = (name: string): boolean =>
  fs.globSync(name.replace(/<[^>]*>|\{[^}]*\}|\bX\b/g, "*"), { cwd: projectFolder }).length > 0;

const read = (file: string): string => fs.readFileSync(path.join(projectFolder, file), "utf8");

/** `<document>: <path>` of each that does not exist. */
function missing(document: string): string[] {
  const text = read(document).replace(/```[\s\S]*?```/g, "");
  const links = linked(text).map((target) => path.join(path.dirname(document), target));
  return [...links, ...quoted(text)].filter((name) => !exists(name)).map((name) => `${document}: ${name}`);
}

const documents = ["README.md", "CONTRIBUTING.md", ...fs.globSync("docs/**/*.md", { cwd: projectFolder })];

describe("paths in documents", () => {
  it("exist, linked or in backticks", () => {
    assert.ok(documents.length > 30, "documents were found");
    assert.deepEqual(documents.flatMap(missing).sort(), []);
  });

  it("are found", () => {
    const text =
      "[a](adr/x.md#y) [b](https://example.com) [c](#d) `docs/adr` `a/b` `docs/old.ts` (removed) `docs/<n>.md`";
    assert.deepEqual(linked(text), ["adr/x.md"]);
    assert.deepEqual(quoted(text), ["docs/adr", "docs/<n>.md"]);
  });
});

describe("commands in documents", () => {
  // A system may have an entry of its own, which its documents had.
  const files = ["package.json", "workers/arrakis/package.json"];
  const scripts = Object.assign(
    {},
    ...files.map((file) => (JSON.parse(read(file)) as { scripts: Record<string, string> }).scripts),
  ) as Record<string, string>;

  it("are scripts of package.json", () => {
    const commands = documents.flatMap((document) =>
      [...read(document).matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)].map(([, script]) => ({ document, script: script! })),
    );
    assert.ok(commands.length > 30, "commands were found");
    assert.deepEqual(
      commands.filter(({ script }) => !(script in scripts)),
      [],
    );
  });
});
