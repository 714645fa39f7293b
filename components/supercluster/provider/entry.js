// What the engine's state refers to for every rollout: this file never moves (docs/adr/0002).
require("../../provider-process");
exports.Rollout = require("./rollout-provider.ts").rolloutProvider;
