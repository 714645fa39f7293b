import type { NatsConnection } from "@nats-io/transport-node";
import { jetstreamManager } from "@nats-io/jetstream";
import { type Percentiles, percentiles } from "../../config/percentiles";
import { startSupercluster, type Supercluster } from "../../tests/support/nats";
import { officialBench } from "./official";
import { publishFromProcesses, serversCpu } from "./processes";
import type { PublishRun } from "./publish-run";

const user = "app";
/** Bytes of a message. */
const size = 128;
/** Messages of an asynchronous client that wait for their acknowledgement: the default batch of `nats bench`. */
export const window = 500;

/** How a stream keeps its messages. */
export interface Kind {
  name: string;
  replicas: 1 | 3;
  storage: "file" | "memory";
  syncInterval: "2m" | "always";
}

const kinds: readonly Kind[] = [
  { name: "R3 file", replicas: 3, storage: "file", syncInterval: "2m" },
  { name: "R3 memory", replicas: 3, storage: "memory", syncInterval: "2m" },
  { name: "R1 file", replicas: 1, storage: "file", syncInterval: "2m" },
  { name: "R3 file, each write synchronised", replicas: 3, storage: "file", syncInterval: "always" },
  { name: "R1 file, each write synchronised", replicas: 1, storage: "file", syncInterval: "always" },
];

/** One run of a number of clients that publish to one stream. */
export interface PublishSample {
  kind: string;
  clients: number;
  mode: "sync" | "async";
  /** A second. */
  messages: number;
  /** Of the official `nats bench` in the same mode, a second. */
  official: number;
  /** Of a publish until its acknowledgement, in milliseconds; of synchronous runs. */
  latency?: Percentiles;
  /** Processors in use while it ran: 1 is one of them, wholly. */
  clientCpu: number;
  serverCpu?: number;
}

/** Messages of a run. What is synchronised each time is ten times as slow. */
const countOf = (mode: PublishSample["mode"], { syncInterval }: Kind, scale: number): number =>
  Math.round((mode === "sync" ? 4_000 : syncInterval === "always" ? 20_000 : 100_000) * scale);

/**
 * Publishes to a stream of each kind on the three servers of one region, with TLS and encryption at rest, with one
 * client and with eight, synchronously and asynchronously; `nats bench` does the same beside it, in turn.
 *
 * @param runs of each
 * @param scale of the numbers of messages; 1 is the usual
 */
export async function measurePublishing(runs: number, scale: number, log: (line: string) => void) {
  const samples: PublishSample[] = [];
  for (const syncInterval of ["2m", "always"] as const) {
    const settings = { syncInterval, storage: { file: "4GiB", memory: "1GiB" } } as const;
    const cluster = await startSupercluster({ regions: ["iad"], servers: 3, settings });
    const connection = await cluster.connect(user);
    try {
      for (const kind of kinds.filter((one) => one.syncInterval === syncInterval))
        for (const mode of ["sync", "async"] as const)
          for (const clients of [1, 8]) {
            log(`${kind.name}, ${mode}, ${clients === 1 ? "1 client" : `${clients} clients`}`);
            for (let run = 0; run < runs; run++)
              samples.push(await measure(cluster, connection, kind, mode, clients, scale, run % 2 === 1));
          }
    } finally {
      await connection.close();
      await cluster.stop();
    }
  }
  return samples;
}

async function measure(
  cluster: Supercluster,
  connection: NatsConnection,
  kind: Kind,
  mode: PublishSample["mode"],
  clients: number,
  scale: number,
  officialFirst: boolean,
): Promise<PublishSample> {
  const { streams } = await jetstreamManager(connection, { timeout: 30_000 });
  const run: PublishRun = {
    servers: cluster.urls("iad"),
    ca: cluster.identity.clientCa,
    user,
    subject: "bench",
    clients,
    count: countOf(mode, kind, scale),
    window: mode === "sync" ? 1 : window,
    size,
  };
  /** Each on a stream of its own: what one left does not slow the next. */
  const onNewStream = async <R>(publish: () => Promise<R>): Promise<R> => {
    const { replicas: num_replicas, storage } = kind;
    await streams.add({ name: "BENCH", subjects: ["bench"], storage, num_replicas });
    try {
      return await publish();
    } finally {
      await streams.delete("BENCH");
    }
  };
  const own = () =>
    onNewStream(async () => {
      const before = await serversCpu(cluster);
      const published = await publishFromProcesses(run);
      const after = await serversCpu(cluster);
      return { ...published, serverCpu: before === undefined || after === undefined ? undefined : after - before };
    });
  const other = () => onNewStream(() => officialBench("BENCH", run));
  let official = officialFirst ? await other() : 0;
  const published = await own();
  official ||= await other();
  const { seconds, latencies, cpu, serverCpu } = published;
  return {
    kind: kind.name,
    clients,
    mode,
    messages: run.count / seconds,
    official,
    ...(latencies.length > 0 && {
      latency: percentiles(latencies),
    }),
    clientCpu: cpu / seconds,
    ...(serverCpu !== undefined && { serverCpu: serverCpu / seconds }),
  };
}
