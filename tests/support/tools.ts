import { existsSync } from "node:fs";
import { readToolchain } from "../../tools/toolchain.mjs";

// Read at once: later a test may have put a cache of its own in place of the project's.
const tools = readToolchain();

/** Options of tools/prestart.mjs that install them. */
const options = {
  "nats-server-oldest": "--tests",
  "toxiproxy-server": "--tests",
  promtool: "--tests",
  prometheus: "--tests",
  "prometheus-nats-exporter": "--tests",
  "redis-server": "--tests",
  helm: "--kube",
};

/** The file of a tool that only tests and benches need. Throws with what to do when it is not there. */
export function testTool(name: keyof typeof options): string {
  const file = tools[name];
  if (!file || !existsSync(file))
    throw new Error(`${name} is not installed; install it with: node tools/prestart.mjs ${options[name]}`);
  return file;
}
