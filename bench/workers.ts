import { spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { Queue } from "bullmq";
import { table } from "../cli/render/table";
import { pollUntil } from "../config/poll-until";
import { claimPorts } from "../tests/support/ports";
import { startSupercluster, type Supercluster } from "../tests/support/nats";
import { messageOf, projectCache, startChild } from "./child";
import { countsOf } from "./counts";
import { median, spread } from "./statistics";
import type { Measured, Run } from "./worker-run";

const user = "app";
const least = 0.8;

const help = `Measures what the runtime of workers (workers/messaging) costs beside the client library's own loop, with
an empty handler: the same messages, messages at a time and acknowledgements, each run in a process of its own, the two
alternating. Target: at least ${least} of the loop's messages a second, as the median of the pairs' ratios. Streams are
R3 on three servers of one region, with TLS and encryption at rest.

Beside it, a queue of BullMQ on Redis (append-only file, fsync every second, no replicas, no TLS, no encryption) and the
runtime on an R1 stream, where redis-server is on the PATH. It is no comparison of equals: R1 confirms what is written
to the file, before it is synchronised; Redis may lose the last second.

  npm run bench:workers              5 pairs, 20,000 messages
  npm run bench:workers -- 9 50000   9 pairs, 50,000 messages
`;

async function main([pairs = 5, count = 20_000]: number[]): Promise<void> {
  const cluster = await startSupercluster({ regions: ["iad"], servers: 3 });
  const connection = await cluster.connect(user);
  try {
    process.stdout.write(
      `${os.cpus().length} x ${os.cpus()[0]?.model}, node ${process.version}, load ${os.loadavg()[0]!.toFixed(1)}; ` +
        `${count} messages of 100 bytes, ${pairs} pairs: median (least-most)\n\n`,
    );
    const rows: string[][] = [];
    const ratios: number[] = [];
    for (const storage of ["file", "memory"] as const) {
      const stream = await fill(connection, `R3_${storage.toUpperCase()}`, storage, 3, count);
      for (const concurrency of [10, 100]) {
        const measured = await alternate(pairs, ["bare", "runtime"] as const, (side) =>
          runNats(cluster, connection, { side, count, concurrency, stream }),
        );
        const ratio = measured.map(([bare, runtime]) => bare!.seconds / runtime!.seconds);
        ratios.push(median(ratio));
        rows.push([
          `R3 ${storage}, ${concurrency} at a time`,
          ...measured[0]!.map((_, side) => speed(measured, side, count)),
          spread(ratio, "x", 2),
          ...usage(measured, 1, count),
        ]);
      }
    }
    rows.push(...(await besideRedis(cluster, connection, pairs, count)));
    const titles = ["", "bare loop or BullMQ", "runtime", "ratio", "CPU a message", "memory"];
    const verdict = ratios.every((ratio) => ratio >= least) ? `at least ${least}` : `LESS THAN ${least}`;
    process.stdout.write(`${table(titles, rows)}\n\nCPU and memory are those of the runtime's process.\n${verdict}\n`);
  } finally {
    await connection.close();
    await cluster.stop();
  }
}

/** Each pair with another side first. */
async function alternate<S>(
  pairs: number,
  sides: readonly S[],
  run: (side: S) => Promise<Measured>,
): Promise<Measured[][]> {
  for (const side of sides) await run(side);
  const measured: Measured[][] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const results: Measured[] = [];
    for (const index of pair % 2 ? [1, 0] : [0, 1]) results[index] = await run(sides[index]!);
    measured.push(results);
  }
  return measured;
}

const speed = (measured: Measured[][], side: number, count: number): string =>
  spread(
    measured.map((pair) => count / pair[side]!.seconds / 1_000),
    "k/s",
  );

const usage = (measured: Measured[][], side: number, count: number): string[] => [
  `${median(measured.map((pair) => (pair[side]!.cpu / count) * 1e6)).toFixed(0)} us`,
  `${median(measured.map((pair) => pair[side]!.memory)).toFixed(0)} MiB`,
];

const body = JSON.stringify({ text: "x".repeat(89) });

async function fill(
  connection: NatsConnection,
  name: string,
  storage: "file" | "memory",
  replicas: number,
  count: number,
): Promise<string> {
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name, subjects: [name], storage, num_replicas: replicas });
  const client = jetstream(connection, { timeout: 30_000 });
  for (let sent = 0; sent < count; sent += 500)
    await Promise.all(Array.from({ length: Math.min(500, count - sent) }, () => client.publish(name, body)));
  return name;
}

let runs = 0;

/** The messages of a stream, by a durable of its own. */
async function runNats(
  cluster: Supercluster,
  connection: NatsConnection,
  run: Pick<Run, "side" | "count" | "concurrency" | "stream">,
): Promise<Measured> {
  const manager = await jetstreamManager(connection);
  const durable = `run-${++runs}`;
  await manager.consumers.add(run.stream, { durable_name: durable, ack_policy: "explicit" });
  try {
    const { clientCa } = cluster.identity;
    return await inProcess({ ...run, durable, user, servers: cluster.urls("iad"), ca: clientCa });
  } finally {
    await manager.consumers.delete(run.stream, durable);
  }
}

async function inProcess(run: Run): Promise<Measured> {
  const child = startChild(path.join(__dirname, "worker-run.ts"), projectCache);
  child.send(run);
  const measured = await messageOf<Measured>(child);
  if (child.exitCode === null) await once(child, "exit");
  return measured;
}

async function besideRedis(
  cluster: Supercluster,
  connection: NatsConnection,
  pairs: number,
  count: number,
): Promise<string[][]> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-redis-"));
  const port = await claimPorts();
  const settings = { port, bind: "127.0.0.1", dir: folder, appendonly: "yes", appendfsync: "everysec", save: "" };
  const options = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const redis = spawn("redis-server", options, { stdio: "ignore" });
  try {
    const isThere = await once(redis, "spawn").then(
      () => true,
      () => false,
    );
    if (!isThere) return [["BullMQ: redis-server is not on the PATH", "", "", "", "", ""]];
    const at = { host: "127.0.0.1", port };
    const queue = new Queue("bench", { connection: at });
    const stream = await fill(connection, "R1_FILE", "file", 1, count);
    const rows: string[][] = [];
    for (const concurrency of [10, 100]) {
      const measured = await alternate(pairs, ["bullmq", "runtime"] as const, async (side) => {
        if (side === "runtime") return runNats(cluster, connection, { side, count, concurrency, stream });
        await queue.drain();
        for (let sent = 0; sent < count; sent += 500)
          await queue.addBulk(Array.from({ length: 500 }, () => ({ name: "job", data: { text: "x".repeat(89) } })));
        return inProcess({ side, count, concurrency, port, stream: "bench", durable: "", servers: [] });
      });
      rows.push([
        `BullMQ beside R1 file, ${concurrency} at a time`,
        ...measured[0]!.map((_, side) => speed(measured, side, count)),
        spread(
          measured.map(([other, runtime]) => other!.seconds / runtime!.seconds),
          "x",
          2,
        ),
        ...usage(measured, 1, count),
      ]);
    }
    await queue.close();
    return rows;
  } finally {
    redis.kill();
    if (redis.pid && redis.exitCode === null) await pollUntil(() => redis.exitCode !== null || redis.killed, 5_000);
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

const counts = countsOf(help);
if (counts) void main(counts);
