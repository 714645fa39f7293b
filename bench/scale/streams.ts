import type { NatsConnection } from "@nats-io/transport-node";
import { createDurable, createStream, makeUpTo } from "./assets";
import { idleOf, memoryOf, scraped } from "./limits";
import type { Bench, Part, Sample } from "./part";
import { connectTo, listing, lookAt, restart, startExporter, startServers } from "./servers";

/** Two regions of one server: all is in the first; the second shows what others bear of it. */
const regions = ["iad", "ams"];
const [home, other] = ["iad-0", "ams-0"] as const;

const memory = memoryOf("memory of its server, MB");
const idle = idleOf("CPU of its server, idle, %");

/** What grows in the one server that has it, and in the other region. */
async function growing(
  bench: Bench,
  {
    of,
    first = 0,
    inFlight,
    make,
  }: {
    of: string;
    /** Streams that are there from the beginning. */
    first?: number;
    inFlight?: number;
    make: (nc: NatsConnection, index: number) => Promise<unknown>;
  },
) {
  const cluster = await startServers(bench, { regions });
  const scrape = await startExporter(bench, cluster, home);
  let nc = await connectTo(bench, cluster, "app", { servers: cluster.urls("iad") });
  for (let index = 0; index < first; index++) await createStream(nc, index, 1);
  let last = 0;
  return async (count: number): Promise<Sample> => {
    const made = await makeUpTo(bench, { from: last, to: count, of, inFlight }, (index) => make(nc, index));
    last = count;
    const looks = await lookAt(cluster, bench);
    const [its, others] = [looks[home]!, looks[other]!];
    const sample = {
      ...made,
      "memory of its server, MB": its.memory,
      "CPU of its server, idle, %": its.cpu,
      "goroutines of its server": its.goroutines,
      "threads of its server": its.threads,
      "files of its server, MB": its.disk,
      "log of the meta group, MB": its.meta,
      "memory of the other region's server, MB": others.memory,
      "subjects wanted, known to the other region's gateway": others.interest,
      ...(await listing(nc)),
      ...(await scrape()),
    };
    const again = await restart(cluster, home);
    nc = await connectTo(bench, cluster, "app", { servers: cluster.urls("iad") });
    return { ...sample, ...again };
  };
}

export const streams: Part = {
  of: "streams",
  what: "streams of one replica, without messages, on the only server of one of two regions",
  sizes: [0, 1_000, 5_000],
  limits: [memory, idle, scraped],
  start: (bench) => growing(bench, { of: "streams", make: (nc, index) => createStream(nc, index, 1) }),
};

const holders = 10;

export const consumers: Part = {
  of: "consumers",
  what: `durables of one replica, of ${holders} streams, without messages; servers as there`,
  sizes: [0, 1_000, 5_000],
  limits: [memory, idle],
  start: (bench) =>
    growing(bench, {
      ...{ of: "consumers", first: holders },
      make: (nc, index) => createDurable(nc, index % holders, `worker-${index}`),
    }),
};

const payload = new Uint8Array(128);

export const messages: Part = {
  of: "messages",
  what: "messages of 128 bytes, each of its own subject, in one stream of one replica; servers as there",
  sizes: [0, 50_000, 200_000],
  limits: [memory],
  async start(bench) {
    const room = { maxBytes: "10GiB", maxAge: "30d" };
    let created: Promise<unknown> | undefined;
    return growing(bench, {
      ...{ of: "messages", inFlight: 256 },
      make: async (nc, index) => {
        await (created ??= createStream(nc, 0, 1, room));
        await nc.request(`s0.${index}`, payload, { timeout: 30_000 });
      },
    });
  },
};
