// Loaded first by each process that Pulumi's engine starts from this project: it exits when the engine is gone. A
// killed engine leaves its plugins behind, and an orphan would go on waiting for servers or hold connections open.
//
// What is watched is the engine itself, by a connection to the address that every plugin is given: a parent says
// little, because scripts stand between the two, and an engine may be dead before the plugin looks for it.
const { connect } = require("node:http2");

const address = process.argv.find((argument) => /^127\.0\.0\.1:\d+$/.test(argument));
const parent = process.ppid;

if (address) {
  // HTTP/2, as gRPC is: the engine would close another connection after a while, and wait for it at its end.
  const session = connect(`http://${address}`);
  session.on("error", () => undefined);
  session.on("close", () => process.exit(1));
  session.unref();
} else {
  // Started without an engine, by a test.
  setInterval(() => process.ppid === parent || process.exit(1), 1_000).unref();
}
