// What the engine's state refers to for resources of a region on Kubernetes: this file never moves (docs/adr/0002).
require("../../provider-process");
exports.Rollout = require("./rollout-provider.ts").rolloutProvider();
exports.Objects = require("./objects-provider.ts").objectsProvider;
exports.ClusterGuard = require("./guard-provider.ts").guardProvider();
exports.Volumes = require("../../storage/provider/volumes-provider.ts").volumesProvider();
exports.ScaleDown = require("./scale-down-provider.ts").scaleDownProvider();
exports.StoredIdentity = require("./stored-identity-provider.ts").storedIdentityProvider();
