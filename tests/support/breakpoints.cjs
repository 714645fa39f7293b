// Loaded by NODE_OPTIONS into a provider process that a test drives (breakpoints.ts): stops it, event loop and all, before a
// JetStream request goes out or after its answer came, until the test lets it go on. Writes down all requests too.
const { subscribe } = require("node:diagnostics_channel");
const { appendFileSync, existsSync, readFileSync, renameSync } = require("node:fs");

const folder = process.env.SUPERCLUSTER_BREAKPOINTS;
const parent = process.ppid;
const clock = new Int32Array(new SharedArrayBuffer(4));

const stopAt = (moment) => ({ subject }) => {
  if (!isSet(`${moment} ${subject}`)) return;
  renameSync(`${folder}/set`, `${folder}/reached`);
  while (existsSync(`${folder}/reached`)) {
    Atomics.wait(clock, 0, 0, 5);
    // Whoever would let it go on is gone.
    if (process.ppid !== parent) process.exit(1);
  }
};

const isSet = (here) => existsSync(`${folder}/set`) && here.startsWith(readFileSync(`${folder}/set`, "utf8"));

subscribe("supercluster:jetstream:request:start", ({ subject }) => appendFileSync(`${folder}/requests`, `${subject}\n`));
subscribe("supercluster:jetstream:request:start", stopAt("before"));
subscribe("supercluster:jetstream:request", stopAt("after"));
