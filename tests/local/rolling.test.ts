import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { observe } from "../../components/local/provider/observe";
import { metaState, startSupercluster, type Supercluster } from "../support/nats";

describe("local servers, one region of three", function () {
  this.timeout(90_000);

  let cluster: Supercluster;
  let client: NatsConnection;
  before(async () => {
    cluster = await startSupercluster({ regions: ["iad"], servers: 3, basePort: 25320 });
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

  it("a new region restarts them one at a time, each when the last is current again, while a stream takes messages", async () => {
    const manager = await jetstreamManager(client);
    await manager.streams.add({ name: "ORDERS", subjects: ["orders"], num_replicas: 3 });
    const before = await pids();
    const wanted = Object.entries(cluster.inputs({ regions: ["iad", "ams"] })).filter(([name]) => name.startsWith("iad"));

    const behind: string[][] = [];
    let stored = 0;
    const rolling = cluster.ensure(Object.fromEntries(wanted));
    await Promise.all([
      meanwhile(rolling, 50, async () => {
        const states = await Promise.all(servers().map(metaState));
        behind.push(servers().flatMap(({ name }, index) => (states[index]!.healthy ? [] : [name])));
      }),
      meanwhile(rolling, 20, async () => {
        const taken = await jetstream(client)
          .publish("orders", "x", { msgID: String(stored), timeout: 500 })
          .catch(() => undefined);
        if (taken) stored++;
      }),
    ]);

    assert.deepEqual(
      behind.filter((names) => names.length > 1),
      [],
    );
    assert.deepEqual([...new Set(behind.flat())].sort(), ["iad-0", "iad-1", "iad-2"]);
    const after = await pids();
    assert.deepEqual(
      after.filter((pid) => before.includes(pid)),
      [],
    );
    assert.ok(stored > 100, `${stored} messages were taken`);
    assert.equal((await manager.streams.info("ORDERS")).state.messages, stored);
  });
});
