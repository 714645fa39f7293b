// Where Pulumi's own runner starts the pack. The loader that it has registered checks all types, of the project too, at
// every preview; `npm run types` has done that (docs/adr/0003).
const { readFileSync } = require("node:fs");
const { transform } = require("sucrase");

require.extensions[".ts"] = (module, file) => {
  const { code } = transform(readFileSync(file, "utf8"), { transforms: ["imports", "typescript"], filePath: file });
  module._compile(code, file);
};
require("./index");
