// Start of a stand-in plugin: node main.js <random|tls> <engine's address>
require("node:module").enableCompileCache?.();
require("../../exit-with-engine.cjs");
require("../../transpile.cjs");

const [name] = process.argv.slice(2);
const { serve } = require("./serve.ts");
const { resources } = require(`./${name}.ts`);
const { version } = require(`@pulumi/${name}/package.json`);

serve({ name, version, resources }).then(
  // The engine reads the port from the first line.
  (port) => process.stdout.write(`${port}\n`),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
