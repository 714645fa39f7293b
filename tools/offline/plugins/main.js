// Start of a stand-in plugin: node main.js <random|tls> <engine's address>
require("node:module").enableCompileCache?.();
require("sucrase/register/ts");

const [name] = process.argv.slice(2);
const { serve } = require("./serve.ts");
const { resources } = require(`./${name}.ts`);
const { version } = require(`@pulumi/${name}/package.json`);

// A killed engine cannot stop its plugins; they notice that their parent has changed.
const engine = process.ppid;
setInterval(() => process.ppid !== engine && process.exit(1), 1_000).unref();

serve({ name, version, resources }).then(
  // The engine reads the port from the first line.
  (port) => process.stdout.write(`${port}\n`),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
