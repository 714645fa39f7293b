// What the engine's state refers to for everything local: this file never moves (docs/adr/0002).
require("../../provider-process");
exports.Server = require("./server-provider.ts").serverProvider;
exports.Worker = require("./worker-provider.ts").workerProvider;
exports.Database = require("./database-provider.ts").databaseProvider;
exports.Program = require("./program-provider.ts").programProvider;
exports.Files = require("./files-provider.ts").filesProvider;
