import { waitMs } from "../../tests/support/limits";
import { makeUpTo } from "./assets";
import { idleOf, memoryOf } from "./limits";
import type { Part } from "./part";
import { connectTo, lookAt, startServers } from "./servers";

export const connections: Part = {
  of: "connections",
  what: "clients over TLS with a subscription each, of the only server of one of two regions",
  sizes: [0, 1_000, 5_000],
  limits: [
    memoryOf("memory of its server, MB"),
    idleOf("CPU of its server, idle, %"),
    { measure: "open files of its server", at: 65_536, why: "connections that a server accepts (max_connections)" },
  ],
  async start(bench) {
    const cluster = await startServers(bench, { regions: ["iad", "ams"] });
    const servers = cluster.urls("iad");
    let last = 0;
    return async (count) => {
      const made = await makeUpTo(bench, { from: last, to: count, of: connections.of }, async (index) => {
        const nc = await connectTo(bench, cluster, "app", { servers, timeout: waitMs });
        nc.subscribe(`clients.${index}`, { callback: () => undefined });
      });
      last = count;
      const looks = await lookAt(cluster, bench);
      const [its, others] = [looks["iad-0"]!, looks["ams-0"]!];
      return {
        ...made,
        "memory of its server, MB": its.memory,
        "CPU of its server, idle, %": its.cpu,
        "goroutines of its server": its.goroutines,
        "threads of its server": its.threads,
        "open files of its server": its.openFiles,
        "memory of the other region's server, MB": others.memory,
        "subjects wanted, known to the other region's gateway": others.interest,
      };
    };
  },
};
