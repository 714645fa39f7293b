import { existsSync } from "node:fs";
import { readToolchain } from "../../tools/toolchain.mjs";

// Read at once: later a test may have put a cache of its own in place of the project's.
const tools = readToolchain();

/** The file of a tool that only tests and benches need. Throws with what to do when it is not there. */
export function testTool(name: "nats-server-oldest" | "toxiproxy-server"): string {
  const file = tools[name];
  if (!file || !existsSync(file)) throw new Error(`${name} is not installed; install it with: node tools/prestart.mjs --tests`);
  return file;
}
