import { median } from "../statistics";
import { createStream } from "./assets";
import { averages } from "./groups";
import { Closing, type Part } from "./part";
import { connectTo, lookAt, startServers } from "./servers";

const names = ["iad", "ams", "syd", "sin", "sfo", "jnb"];
const created = 20;

export const regions: Part = {
  of: "regions",
  what: `regions of three servers each, at most ${names.length}, idle, on this machine alone`,
  sizes: [1, 3, 6],
  async start(bench) {
    let closing = new Closing();
    bench.closing.add(() => closing.close());
    return async (count) => {
      if (!(count >= 1 && count <= names.length)) throw new RangeError(`${count}: write 1 to ${names.length} regions`);
      await closing.close();
      closing = new Closing();
      const own = { ...bench, closing };
      const started = performance.now();
      const cluster = await startServers(own, { regions: names.slice(0, count), servers: 3 });
      const ready = (performance.now() - started) / 1_000;
      bench.log(`${count} regions are ready`);
      const looks = await lookAt(cluster, own);
      const nc = await connectTo(own, cluster, "app", { servers: cluster.urls("iad") });
      const times: number[] = [];
      for (let index = 0; index < created; index++) {
        const began = performance.now();
        await createStream(nc, index, 3);
        times.push(performance.now() - began);
      }
      return {
        "from nothing until the meta group is whole, s": ready,
        ...averages(looks),
        "connections of gateways, of a server": looks["iad-0"]!.gateways,
        [`a replicated stream is created, ms (median of ${created})`]: median(times),
      };
    };
  },
};
