import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { NodeConnectionOptions } from "@nats-io/transport-node";
import { natsServer } from "../../components/local/provider/binary";
import { pollUntil } from "../../config/poll-until";
import { Failure } from "../../engine/failure";

const startMs = 20_000;

/** A nats-server of its own, on 127.0.0.1, in a temporary folder; both are gone after `stop`. */
export interface ThrowawayServer {
  /** Where it is, and its login. */
  options: NodeConnectionOptions;
  stop(): Promise<void>;
}

/**
 * Starts a nats-server with JetStream and one account on a free port.
 * @throws {Failure} where it does not start within 20 s
 */
export async function startThrowawayServer(): Promise<ThrowawayServer> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-restored-"));
  const password = randomBytes(16).toString("hex");
  const config = path.join(folder, "server.conf");
  fs.writeFileSync(
    config,
    [
      "listen: 127.0.0.1:-1",
      `ports_file_dir: "${folder}"`,
      `jetstream { store_dir: "${folder}/jetstream", max_file_store: 1TB, max_memory_store: 1GB }`,
      `authorization { user: restored, password: "${password}" }`,
    ].join("\n"),
    { mode: 0o600 },
  );
  const log = fs.openSync(path.join(folder, "server.log"), "w", 0o600);
  const child = spawn(natsServer(), ["-c", config], { stdio: ["ignore", log, log] });
  fs.closeSync(log);
  const stop = async () => {
    await ended(child);
    fs.rmSync(folder, { recursive: true, force: true });
  };
  try {
    const url = await pollUntil(() => Promise.resolve(addressIn(folder, child)), startMs);
    if (!url) {
      const said = fs.readFileSync(path.join(folder, "server.log"), "utf8").trim().split("\n").slice(-5).join("\n");
      throw new Failure(`a nats-server to restore into did not start:\n${said}`);
    }
    return { stop, options: { servers: url, user: "restored", pass: password } };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Where it listens, once it does; it writes a file of its addresses. */
function addressIn(folder: string, { exitCode }: ChildProcess): string | undefined {
  const file = fs.readdirSync(folder).find((name) => name.endsWith(".ports"));
  if (!file || exitCode !== null) return undefined;
  try {
    return (JSON.parse(fs.readFileSync(path.join(folder, file), "utf8")) as { nats: string[] }).nats[0];
  } catch {
    return undefined; // It is being written.
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
}
