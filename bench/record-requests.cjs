// Loaded into every Node process of a run by NODE_OPTIONS: appends how long each JetStream request took to the file named
// by SUPERCLUSTER_REQUESTS. Appended one by one, because the engine ends its plugins without a word.
const { subscribe } = require("node:diagnostics_channel");
const { appendFileSync } = require("node:fs");

const file = process.env.SUPERCLUSTER_REQUESTS;
if (file) subscribe("supercluster:jetstream:request", ({ subject, ms }) => appendFileSync(file, `${subject} ${ms}\n`));
