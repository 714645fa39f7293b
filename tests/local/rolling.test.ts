import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { observe } from "../../components/local/provider/observe";
import { serversMs } from "../support/limits";
import { metaState, startSupercluster, type Supercluster } from "../support/nats";

describe("local servers, one region of three", function () {
  this.timeout(serversMs);

  let cluster: Supercluster;
  let client: NatsConnection;
  before(async () => {
    cluster = await startSupercluster({ regions: ["iad"], servers: 3 });
    client = await cluster.connect();
  });
  after(async () => {
    await client?.close();
    await cluster?.stop();
  });

  const servers = () => Object.values(cluster.inputs());
  const pids = () => Promise.all(servers().map(async (server) => (await observe(server))!.process.pid));

  /** Runs some work, and again and again something beside it. */
  async function meanwhile(work: Promise<unknown>, every: number, look: () => Promise<void>): Promise<void> {
    let working = true;
    const looking = (async () => {
      for (; working; await sleep(every)) await look();
    })();
    await work.finally(() => (working = false));
    await looking;
  }

  it(
    "a new region restarts them one at a time, each when the last is current again, " + "while a stream takes messages",
    async () => {
      const manager = await jetstreamManager(client);
      await manager.streams.add({ name: "ORDERS", subjects: ["orders"], num_replicas: 3 });
      const before = await pids();
      const wanted = Object.entries(cluster.inputs({ regions: ["iad", "ams"] })).filter(([name]) =>
        name.startsWith("iad"),
      );

      const samples: { up: boolean; healthy: boolean; pid?: number }[][] = [];
      let stored = 0;
      const rolling = cluster.ensure(Object.fromEntries(wanted));
      await Promise.all([
        meanwhile(rolling, 50, async () => {
          const states = await Promise.all(servers().map(metaState));
          const running = await Promise.all(servers().map((server) => observe(server)));
          samples.push(
            states.map(({ healthy, peers }, index) => ({
              up: peers !== undefined,
              healthy,
              pid: running[index]?.process.pid,
            })),
          );
        }),
        meanwhile(rolling, 20, async () => {
          const taken = await jetstream(client)
            .publish("orders", "x", { msgID: String(stored), timeout: 500 })
            .catch(() => undefined);
          if (taken) stored++;
        }),
      ]);

      // A server that stays up may be unhealthy for a moment too, while a stream that lost its leader elects another.
      assert.deepEqual(
        samples.filter((states) => states.filter(({ up }) => !up).length > 1),
        [],
        "never two are down",
      );
      // One that is back within a sample shows by its new process only.
      const stopped = (server: number) =>
        samples.findIndex((states) => !states[server]!.up || states[server]!.pid !== before[server]);
      const stops = servers()
        .map((_, server) => ({ server, at: stopped(server) }))
        .sort((one, other) => one.at - other.at);
      assert.ok(
        stops.every(({ at }) => at >= 0),
        "each is restarted",
      );
      stops.slice(1).forEach(({ at }, index) => {
        const last = stops[index]!;
        const between = samples.slice(last.at, at).map((states) => states[last.server]!);
        assert.ok(
          between.some(({ healthy, pid }) => healthy && pid !== before[last.server]),
          "the last is current before the next stops",
        );
      });
      const after = await pids();
      assert.deepEqual(
        after.filter((pid) => before.includes(pid)),
        [],
      );
      assert.ok(stored > 10, `${stored} messages were taken`);
      const { messages } = (await manager.streams.info("ORDERS")).state;
      // The last one may have been stored without an answer in time.
      assert.ok(
        messages === stored || messages === stored + 1,
        `${messages} of ${stored} acknowledged messages are there`,
      );
    },
  );
});
