// Pulumi's SDK loads these at its start, for the serialization of functions, which this project does not use: half of
// the time that the SDK takes to load. Here they are loaded when something of them is asked for.
for (const name of ["@npmcli/arborist", "typescript"]) {
  let file;
  try {
    file = require.resolve(name, { paths: [require.resolve("@pulumi/pulumi")] });
  } catch {
    // Another version of the SDK may do without it.
    continue;
  }
  const load = () => {
    if (require.cache[file] === deferred) delete require.cache[file];
    return require(file);
  };
  // Marked as an ES module, it is taken as it is, without being asked for each of its names.
  const get = (_, key) => {
    if (key === "__esModule") return true;
    return key === "default" ? load() : load()[key];
  };
  const deferred = { id: file, filename: file, loaded: true, children: [], exports: new Proxy({}, { get }) };
  require.cache[file] ??= deferred;
}
