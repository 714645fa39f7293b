// What the engine's state refers to for every stream and consumer: this file never moves (docs/adr/0002).
require("../../provider-process");
module.exports = require("./provider.ts");
