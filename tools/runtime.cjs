// Loaded first by every process that runs the TypeScript of this project.
require("./transpile.cjs");
require("./defer.cjs");
