// Loaded by `npm run coverage`: what a file has covered is written when its tests are over. Mocha ends the processes of
// a parallel run within a second, which is too short for writing it then.
const { takeCoverage } = require("node:v8");

exports.mochaHooks = { afterAll: () => takeCoverage() };
