// Loaded by NODE_OPTIONS into a provider process that a test drives (breakpoints.ts): holds back a JetStream request
// before it goes out, or its answer, until the test lets it go on; the process does everything else meanwhile. Writes
// down all requests too.
const { subscribe } = require("node:diagnostics_channel");
const { appendFileSync, existsSync, renameSync } = require("node:fs");
const { setTimeout: sleep } = require("node:timers/promises");
const { NatsConnectionImpl } = require("@nats-io/nats-core/internal");

const folder = process.env.SUPERCLUSTER_BREAKPOINTS;
const parent = process.ppid;
const { request } = NatsConnectionImpl.prototype;

NatsConnectionImpl.prototype.request = async function (subject, ...rest) {
  await hold("before", subject);
  try {
    return await request.call(this, subject, ...rest);
  } finally {
    await hold("after", subject);
  }
};

async function hold(moment, subject) {
  const here = `${folder}/${moment} ${subject.replace("$JS.API.", "")}`;
  if (!existsSync(`${here} set`)) return;
  renameSync(`${here} set`, `${here} reached`);
  while (existsSync(`${here} reached`)) {
    await sleep(10);
    // The test that would let it go on is gone.
    if (process.ppid !== parent) process.exit(1);
  }
}

subscribe("supercluster:jetstream:request:start", ({ subject }) =>
  appendFileSync(`${folder}/requests`, `${subject}\n`),
);
