// Start of every provider process: loads TypeScript, and exits with its engine.
require("../tools/runtime.cjs");
require("../tools/exit-with-engine.cjs");
