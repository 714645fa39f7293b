import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { startOf } from "../../tools/processes.mjs";
import { claimPorts } from "./ports";
import { runFolder } from "./run";

/** A run of its own that starts processes in each way that tests do, and goes on until it is disconnected. */
async function main(): Promise<void> {
  const start = (env: NodeJS.ProcessEnv) => {
    const child = spawn("sleep", ["300"], { env, detached: true, stdio: "ignore" });
    child.unref();
    return child.pid!;
  };
  const record = (server: string, pid: number, startTime: string) => {
    const folder = path.join(runFolder, "supercluster-x/environments/test/iad", server);
    fs.mkdirSync(folder, { recursive: true });
    fs.writeFileSync(path.join(folder, "server.json"), JSON.stringify({ process: { pid, startTime } }));
  };
  const clean = { PATH: process.env.PATH };
  const [child, server, stranger] = [start(process.env), start(clean), start(clean)];
  record("iad-0", server, startOf(server));
  record("iad-1", stranger, "1");
  const ports = await claimPorts();
  process.send!({ run: runFolder, ports, child, server, stranger });
  process.once("disconnect", () => process.exit());
}

void main();
