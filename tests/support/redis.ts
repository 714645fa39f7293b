import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { createClient } from "redis";
import { pollUntil } from "../../config/poll-until";
import type { Certificate } from "./certificates";
import { waitMs } from "./limits";
import { claimPorts } from "./ports";
import { runFolder } from "./run";
import { testTool } from "./tools";

/** A Redis server of a test. */
export interface RedisServer {
  /** With its password. */
  url: string;
  /** Ends it; `start` starts it again with what it stored. */
  pause(): Promise<void>;
  start(): Promise<void>;
  /** Lets it run no more while its connections stay open, and run again. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
}

/** Starts a server with a password on 127.0.0.1, which keeps what it stores on disk; with TLS where `tls` is given. */
export async function startRedis(tls?: Certificate & { ca: string }): Promise<RedisServer> {
  const folder = fs.mkdtempSync(path.join(runFolder, "redis-"));
  const port = String(await claimPorts());
  const password = randomBytes(16).toString("hex");
  const url = `${tls ? "rediss" : "redis"}://:${password}@127.0.0.1:${port}`;
  const write = (name: string, text: string) => {
    const file = path.join(folder, name);
    fs.writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const listening = tls
    ? [
        `port 0\ntls-port ${port}\ntls-auth-clients no`,
        `tls-cert-file ${write("cert.pem", tls.cert)}`,
        `tls-key-file ${write("key.pem", tls.key)}`,
        `tls-ca-cert-file ${write("ca.pem", tls.ca)}`,
      ]
    : [`port ${port}`];
  // Written before it answers: it is ended by SIGKILL, and with fsync each second a busy disk puts writes off.
  const durable = ['save ""', "appendonly yes", "appendfsync always"];
  const settings = ["bind 127.0.0.1", `requirepass ${password}`, `dir ${folder}`, ...durable];
  const file = write("redis.conf", [...listening, ...settings].join("\n"));
  let child: ReturnType<typeof spawn>;
  let ended: Promise<unknown>;
  const answers = async (): Promise<boolean> => {
    const client = createClient({ url, socket: { reconnectStrategy: false, ...(tls && { tls: true, ca: tls.ca }) } });
    client.on("error", () => undefined);
    // Both are refused while it loads what it stored.
    return client
      .connect()
      .then(() => client.ping())
      .then(
        () => true,
        () => false,
      )
      .finally(() => client.destroy());
  };
  const start = async () => {
    child = spawn(testTool("redis-server"), [file], { stdio: "ignore" });
    ended = once(child, "exit");
    if (!(await pollUntil(() => child.exitCode === null && answers(), waitMs)))
      throw new Error(`redis-server did not start; it ended with ${child.exitCode}`);
  };
  const pause = async () => {
    child.kill("SIGCONT");
    child.kill("SIGKILL");
    await ended;
  };
  await start();
  return {
    url,
    pause,
    start,
    freeze: () => void child.kill("SIGSTOP"),
    thaw: () => void child.kill("SIGCONT"),
    stop: async () => {
      await pause();
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}
