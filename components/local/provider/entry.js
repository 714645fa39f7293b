// What the engine's state refers to for every local server and worker: this file never moves (docs/adr/0002).
require("../../provider-process");
exports.Server = require("./server-provider.ts").serverProvider;
exports.Worker = require("./worker-provider.ts").workerProvider;
