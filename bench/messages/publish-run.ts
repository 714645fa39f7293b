import { jetstream, type JetStreamClient } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";

/** A process that publishes when it is told to. */
export interface PublishRun {
  servers: string[];
  ca: string;
  user: string;
  subject: string;
  /** Each on a connection of its own. */
  clients: number;
  /** Messages of all clients. */
  count: number;
  /** Messages of a client that wait for their acknowledgement: 1 is synchronous. */
  window: number;
  /** Bytes of a message. */
  size: number;
}

/** What it took, from the first message to the last acknowledgement. */
export interface Published {
  seconds: number;
  /** Processor time of this process in that time, in seconds. */
  cpu: number;
  /** Of each message, in milliseconds; only of a synchronous run. */
  latencies: number[];
}

const warmUp = 200;
/** An acknowledgement that takes longer fails the run. */
const timeout = 30_000;

async function publish(client: JetStreamClient, { subject, size, window }: PublishRun, count: number) {
  const body = new Uint8Array(size).fill(120);
  const latencies: number[] = [];
  let left = count;
  const one = async () => {
    while (left-- > 0) {
      const from = performance.now();
      await client.publish(subject, body);
      if (window === 1) latencies.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: window }, one));
  return latencies;
}

async function main(run: PublishRun): Promise<void> {
  const { servers, user, ca, clients, count } = run;
  const connections = await Promise.all(
    Array.from({ length: clients }, () => connect({ servers, user, pass: user, tls: { ca } })),
  );
  const all = connections.map((connection) => jetstream(connection, { timeout }));
  await Promise.all(all.map((client) => publish(client, run, warmUp)));
  process.send!("ready");
  await new Promise((resolve) => process.once("message", resolve));
  const from = { time: performance.now(), cpu: process.cpuUsage() };
  const latencies = await Promise.all(all.map((client) => publish(client, run, Math.ceil(count / clients))));
  const seconds = (performance.now() - from.time) / 1_000;
  const { user: own, system } = process.cpuUsage(from.cpu);
  process.send!({ seconds, cpu: (own + system) / 1e6, latencies: latencies.flat() } satisfies Published);
  await Promise.all(connections.map((connection) => connection.close()));
  process.disconnect();
}

if (require.main === module) process.once("message", (run: PublishRun) => void main(run));
