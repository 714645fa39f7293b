import { connect, type NatsConnection } from "@nats-io/transport-node";
import pLimit from "p-limit";

/** What a process of clients is sent. Secret. */
export interface Storm {
  servers: string[];
  user: string;
  pass: string;
  inboxPrefix: string;
  ca: string;
  clients: number;
}

/** What it answers once each has connected or was refused. */
export interface StormResult {
  connected: number;
  seconds: number;
  /** Attempts that failed, by reason; clients try again until all have had three minutes. */
  refused: Record<string, number>;
}

/** Handshakes of one process at the same time: with more, a process of its own is the bottleneck, and all time out. */
const atOnce = 50;
/** For one attempt, and for all, in milliseconds. */
const connectMs = 20_000;
const allMs = 180_000;

async function connectAll({ clients, ca, ...login }: Storm): Promise<StormResult> {
  const started = performance.now();
  const open: NatsConnection[] = [];
  const refused: Record<string, number> = {};
  const deadline = Date.now() + allMs;
  const options = { reconnect: false, ignoreClusterUpdates: true, timeout: connectMs };
  const one = async () => {
    while (Date.now() < deadline)
      try {
        return open.push(await connect({ ...login, ...options, tls: { ca }, name: "supercluster drill: storm" }));
      } catch (error) {
        const { message } = error as Error;
        refused[message] = (refused[message] ?? 0) + 1;
      }
  };
  await pLimit(atOnce).map(
    Array.from({ length: clients }, () => undefined),
    one,
  );
  return { connected: open.length, seconds: (performance.now() - started) / 1_000, refused };
}

if (require.main === module) {
  process.once("message", (storm: Storm) => void connectAll(storm).then((result) => process.send!(result)));
  // The drill has ended, however.
  process.once("disconnect", () => process.exit());
}
