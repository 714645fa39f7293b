// Start of every provider process: loads TypeScript, and exits with its engine.
require("sucrase/register/ts");
require("../tools/exit-with-engine.cjs");
