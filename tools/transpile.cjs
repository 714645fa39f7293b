// Transpiles TypeScript, and keeps each file's result with the hash of its text (docs/adr/0003). Lines stay where they
// are, so stack traces need no source maps.
const { createHash } = require("node:crypto");
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require("node:fs");
const path = require("node:path");
const { addHook } = require("pirates");
const { version } = require("sucrase/package.json");

/** What Node.js has itself stays as it is written, as in the image of the workers. */
const options = { transforms: ["imports", "typescript"], disableESTransforms: true };

const project = path.join(__dirname, "..");
const folder = path.join(path.resolve(project, process.env.SUPERCLUSTER_CACHE || ".cache"), "transpiled");

addHook(
  (code, source) => {
    const name = path.relative(project, source);
    if (name.startsWith("..")) return transpiled(code);
    if (process.env.NODE_V8_COVERAGE && name.startsWith("workers")) return mapped(code, source);
    const file = path.join(folder, name.replaceAll(path.sep, "+"));
    const mark = `\n//${createHash("sha1")
      .update(version + JSON.stringify(options))
      .update(code)
      .digest("hex")}`;
    const kept = read(file);
    return kept?.endsWith(mark) ? kept : keep(file, transpiled(code) + mark);
  },
  { exts: [".ts"] },
);

const transpiled = (code) => require("sucrase").transform(code, options).code;

/** V8 counts in the text that runs; `npm run coverage` reports lines of the source. */
function mapped(code, source) {
  const { code: text, sourceMap } = require("sucrase").transform(code, {
    ...options,
    filePath: source,
    sourceMapOptions: { compiledFilename: source },
  });
  const map = Buffer.from(JSON.stringify({ ...sourceMap, sourcesContent: [code] })).toString("base64");
  return `${text}\n//# sourceMappingURL=data:application/json;base64,${map}`;
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** Another process may be writing the same file, and the folder may be read-only. */
function keep(file, text) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.${process.pid}`, text);
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // It is transpiled again the next time.
  }
  return text;
}
