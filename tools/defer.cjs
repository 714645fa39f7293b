// What Pulumi's SDK loads at its start and this project does not use, half of the time that it takes to load
// (docs/adr/0003).
const { dirname } = require("node:path");

/** Loaded when something of them is asked for. */
const deferred = [
  // For the serialization of functions.
  "@npmcli/arborist",
  "normalize-package-data",
  "typescript",
  "@pulumi/pulumi/runtime/closure/v8Hooks",
  // Commands run the CLI by themselves (docs/adr/0017).
  "@pulumi/pulumi/automation",
  // Messages in other languages.
  "zod/v4/locales",
];

const nothing = () => undefined;

/** Replaced, unless the SDK is asked for traces of its own. */
const replaced = {
  // Lines of stack traces are those of the sources already, and the SDK's maps name files that are not there: it would
  // read megabytes of maps for each stack that it keeps with a resource.
  "source-map-support/register": {},
  ...(!process.env.PULUMI_EXPERIMENTAL && {
    "@pulumi/pulumi/cmd/run/tracing": { newSpan: () => new Proxy({}, { get: () => nothing }) },
  }),
};

/** What is there without loading. */
const known = {
  // The SDK's runner waits for it: a debugger that is told of each file, to find those of serialized functions.
  "@pulumi/pulumi/runtime/closure/v8Hooks": { isInitializedAsync: () => Promise.resolve() },
};

/** Marked as an ES module, it is taken as it is, without being asked for each of its names. */
const lazily = (load, there = {}) =>
  new Proxy(there, {
    get: (_, key) => key === "__esModule" || (there[key] ?? (key === "default" ? load() : load()[key])),
  });

let sdk;
try {
  sdk = dirname(require.resolve("@pulumi/pulumi"));
} catch {
  // Without the SDK there is nothing to defer.
}

/** Puts what `exportsOf` makes for a file into the cache of modules. Another version of the SDK may do without it. */
function put(name, exportsOf) {
  let file;
  try {
    file = require.resolve(name, { paths: [sdk] });
  } catch {
    return;
  }
  require.cache[file] ??= { id: file, filename: file, loaded: true, children: [], exports: exportsOf(file) };
}

if (sdk) {
  for (const name of deferred)
    put(name, (file) => {
      const placeholder = lazily(() => {
        if (require.cache[file]?.exports === placeholder) delete require.cache[file];
        return require(file);
      }, known[name]);
      return placeholder;
    });
  for (const [name, exports] of Object.entries(replaced)) put(name, () => exports);
}
