// Loaded by NODE_OPTIONS into the Node processes of a run (request-log.ts): writes down every JetStream request and how
// long its answer took, and how much memory the provider process had at most. At once, because the engine ends its
// plugins without a word.
const { subscribe } = require("node:diagnostics_channel");
const { appendFileSync, writeFileSync } = require("node:fs");

const folder = process.env.SUPERCLUSTER_REQUEST_LOG;

subscribe("supercluster:jetstream:request", ({ subject, ms }) =>
  appendFileSync(`${folder}/requests`, `${subject} ${ms}\n`),
);

if (process.argv[1]?.includes("dynamic-provider")) {
  setInterval(() => writeFileSync(`${folder}/peak-${process.pid}`, String(process.resourceUsage().maxRSS)), 50).unref();
}
