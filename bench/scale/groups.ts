import { createDurable, createStream, makeUpTo } from "./assets";
import { idleOf, memoryOf, scraped } from "./limits";
import type { Part } from "./part";
import { connectTo, listing, type Look, lookAt, restart, startExporter, startServers } from "./servers";

const mean = (looks: readonly Look[], of: keyof Look): number =>
  looks.reduce((sum, look) => sum + look[of], 0) / looks.length;

/** What an average server is like. */
export const averages = (looks: Record<string, Look>) => {
  const all = Object.values(looks);
  return {
    "memory of a server, MB": mean(all, "memory"),
    "CPU of a server, idle, %": mean(all, "cpu"),
    "messages that a server sends, idle, a second": mean(all, "sent"),
    "goroutines of a server": mean(all, "goroutines"),
    "threads of a server": mean(all, "threads"),
    "files of a server, MB": mean(all, "disk"),
  };
};

export const groups: Part = {
  of: "replicated streams",
  what: "streams of three replicas with a durable each: two raft groups, on all of a region's three servers",
  sizes: [0, 250, 500],
  limits: [memoryOf("memory of a server, MB"), idleOf("CPU of a server, idle, %"), scraped],
  async start(bench) {
    const cluster = await startServers(bench, { regions: ["iad"], servers: 3 });
    const scrape = await startExporter(bench, cluster, "iad-0");
    let nc = await connectTo(bench, cluster);
    let last = 0;
    return async (count) => {
      const made = await makeUpTo(bench, { from: last, to: count, of: groups.of }, async (index) => {
        await createStream(nc, index, 3);
        await createDurable(nc, index);
      });
      last = count;
      const sample = {
        ...made,
        ...averages(await lookAt(cluster, bench)),
        ...(await listing(nc)),
        ...(await scrape()),
      };
      const again = await restart(cluster, "iad-0");
      nc = await connectTo(bench, cluster);
      return { ...sample, ...again };
    };
  },
};
