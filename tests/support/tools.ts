import { existsSync } from "node:fs";
import { readToolchain } from "../../tools/toolchain.mjs";

// Read at once: later a test may have put a cache of its own in place of the project's.
const tools = readToolchain();

/** What installs them. */
const commands = {
  "nats-server-oldest": "prestart.mjs --tests",
  "nats-server-previous": "prestart.mjs --tests",
  "toxiproxy-server": "prestart.mjs --tests",
  promtool: "prestart.mjs --tests",
  prometheus: "prestart.mjs --tests",
  alertmanager: "prestart.mjs --tests",
  "prometheus-nats-exporter": "prestart.mjs --tests",
  "redis-server": "prestart.mjs --tests",
  "chromium-headless-shell": "prestart.mjs --tests",
  versitygw: "prestart.mjs --tests",
  helm: "prestart.mjs --kube",
  nats: "toolchain.mjs nats",
};

/** The file of a tool that only tests and benches need. Throws with what to do when it is not there. */
export function testTool(name: keyof typeof commands): string {
  const file = tools[name];
  if (!file || !existsSync(file))
    throw new Error(`${name} is not installed; install it with: node tools/${commands[name]}`);
  return file;
}
