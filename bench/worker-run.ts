import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { Worker } from "bullmq";
import { BaseNatsConsumer } from "../workers/messaging";

/** One measured run, in a process of its own. */
export interface Run {
  /** `runtime`: a worker of workers/messaging; `bare`: the client library's own loop. */
  side: "runtime" | "bare" | "bullmq";
  /** Messages in all. */
  count: number;
  /** Messages at a time. */
  concurrency: number;
  servers: string[];
  ca?: string;
  user?: string;
  stream: string;
  durable: string;
  /** Of Redis. */
  port?: number;
}

/** What it took, from the first message until the last acknowledgement had reached the server. */
export interface Measured {
  seconds: number;
  /** Processor time of this process, in seconds, in the same time. */
  cpu: number;
  /** Memory of this process at the end, in MiB. */
  memory: number;
}

const quiet = {
  debug() {},
  info() {},
  warn() {},
  error: (fields: object, text: string) => console.error(text, fields),
};

/** Counts messages; resolves with the measurement when all are there and `flush` has confirmed it. */
function meter(count: number, flush: () => Promise<unknown>) {
  let left = count;
  let from = { time: 0, cpu: process.cpuUsage() };
  let done!: (measured: Measured) => void;
  const finished = new Promise<Measured>((resolve) => (done = resolve));
  const end = async () => {
    await flush();
    const { user, system } = process.cpuUsage(from.cpu);
    done({
      seconds: (performance.now() - from.time) / 1_000,
      cpu: (user + system) / 1e6,
      memory: process.memoryUsage.rss() / 2 ** 20,
    });
  };
  const tick = () => {
    if (left === count) from = { time: performance.now(), cpu: process.cpuUsage() };
    if (--left === 0) setImmediate(() => void end());
  };
  return { tick, finished };
}

async function nats({ side, count, concurrency, servers, ca, user, stream, durable }: Run): Promise<Measured> {
  const connection = await connect({ servers, user, pass: user, ...(ca && { tls: { ca } }) });
  const client = jetstream(connection);
  const { tick, finished } = meter(count, () => connection.flush());
  if (side === "bare") {
    const handle = async () => tick();
    const consumer = await client.consumers.get(stream, durable);
    const messages = await consumer.consume({ max_messages: concurrency });
    void (async () => {
      for await (const message of messages) {
        JSON.parse(message.string());
        await handle();
        message.ack();
      }
    })();
    const measured = await finished;
    await messages.close();
    await connection.close();
    return measured;
  }
  class Empty extends BaseNatsConsumer<unknown> {
    async processMessage() {
      tick();
      return { success: true };
    }
  }
  const worker = new Empty({ stream, durable, concurrency, log: quiet });
  await worker.start(client);
  const measured = await finished;
  await worker.stop();
  await connection.close();
  return measured;
}

async function bullmq({ count, concurrency, port, stream }: Run): Promise<Measured> {
  const { tick, finished } = meter(count, async () => undefined);
  const worker = new Worker(stream, async () => tick(), {
    concurrency,
    connection: { host: "127.0.0.1", port },
    removeOnComplete: { count: 0 },
  });
  const measured = await finished;
  await worker.close();
  return measured;
}

async function main(run: Run): Promise<void> {
  process.send!(await (run.side === "bullmq" ? bullmq(run) : nats(run)));
  process.disconnect();
}

if (require.main === module) process.once("message", (run: Run) => void main(run));
