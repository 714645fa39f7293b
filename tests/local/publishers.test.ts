import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import { observe } from "../../components/local/provider/observe";
import { pollUntil } from "../../config/poll-until";
import { publish } from "../../docs/examples/workers/publish";
import { read } from "../../jetstream/api";
import { addStream } from "../support/accounts";
import { serversMs, waitMs } from "../support/limits";
import { startSupercluster, type Supercluster } from "../support/nats";

const streams = ["A", "B", "C", "D"];

describe("publishers, by the example, while the servers of their streams' region restart", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let owner: NatsConnection;
  before(async () => {
    cluster = await startSupercluster({ regions: ["iad", "ams"], servers: 3 });
    owner = await cluster.connectForever("app");
  });
  after(async () => {
    await owner?.close();
    await cluster?.stop();
  });

  it("notice nothing, in that region and in another one: every message is stored, and once", async () => {
    for (const name of streams)
      await addStream(owner, { name, subjects: [name], num_replicas: 3, placement: { cluster: "iad" } });
    const servers = Object.entries(cluster.inputs({ settings: { syncInterval: "1m" } })).filter(([name]) =>
      name.startsWith("iad"),
    );
    const pids = () => Promise.all(servers.map(async ([, server]) => (await observe(server))!.process.pid));
    const before = await pids();

    let isOver = false;
    const failures: string[] = [];
    const counts = new Map(streams.map((name) => [name, 0]));
    const publishing = ["iad", "ams"].flatMap((region) =>
      streams.map(async (name) => {
        const connection = await cluster.connectForever("app", cluster.urls(region));
        for (let count = 0; !isOver; count++, await sleep(20)) {
          const send = () => publish(connection, name, "", `${region} ${count}`).catch(() => undefined);
          // More attempts than the example's ten, with the same id: an election on a busy machine may outlast them.
          if (await pollUntil(send, waitMs)) counts.set(name, counts.get(name)! + 1);
          else failures.push(`${name} from ${region}`);
        }
        await connection.close();
      }),
    );
    await cluster
      .ensure(Object.fromEntries(servers))
      .then(() => pollUntil(() => [...counts.values()].every((count) => count > 100), waitMs))
      .finally(() => (isOver = true));
    await Promise.all(publishing);

    const after = await pids();
    assert.deepEqual(
      after.filter((pid) => before.includes(pid)),
      [],
      "every server of the region was restarted",
    );
    assert.deepEqual(failures, []);
    for (const name of streams) {
      const { state } = await read<{ state: { messages: number } }>(owner, `STREAM.INFO.${name}`, undefined, waitMs);
      const { messages } = state;
      assert.equal(messages, counts.get(name), name);
      assert.ok(messages > 100, `${name} took ${messages}`);
    }
  });
});
