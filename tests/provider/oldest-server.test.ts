import assert from "node:assert/strict";
import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { describeTool } from "../../tools/pins.mjs";
import { ensure } from "../../components/local/provider/ensure";
import { serversMs } from "../support/limits";
import { startSupercluster, Supercluster } from "../support/nats";

describe("the oldest supported server", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let client: NatsConnection;
  before(async () => {
    cluster = await startSupercluster({ regions: ["iad"], servers: 3, version: "oldest" });
    client = await cluster.connect();
  });
  after(async () => {
    await client?.close();
    await cluster?.stop();
  });

  it("runs with the same configuration, and holds a replicated stream", async () => {
    assert.equal(client.info!.version, describeTool("nats-server-oldest").pin);
    const manager = await jetstreamManager(client);
    const { cluster: group } = await manager.streams.add({ name: "ORDERS", subjects: ["orders"], num_replicas: 3 });
    assert.equal(group?.replicas?.length, 2);
  });

  it("runs beside the project's own", async () => {
    const other = await Supercluster.prepare({ regions: ["iad"] }, cluster.identity);
    try {
      const [own] = Object.values(other.inputs());
      const [oldest] = Object.values(cluster.inputs());
      const pins = ["nats-server", "nats-server-oldest"].map((name) => describeTool(name).pin);
      assert.deepEqual(await Promise.all([own!, oldest!].map(ensure)), pins);
    } finally {
      await other.stop();
    }
  });
});
