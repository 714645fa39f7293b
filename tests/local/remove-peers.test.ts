import assert from "node:assert/strict";
import * as fs from "node:fs";
import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { read } from "../../jetstream/api";
import { readHoldings } from "../../jetstream/holdings";
import { moveStream } from "../../operations/drain-servers/move";
import { peersAmong } from "../../operations/remove-peers/peers";
import { removePeer } from "../../operations/remove-peers/remove";
import { takeSnapshot } from "../../operations/supercluster/snapshot";
import { folderOf } from "../../components/local/provider/record";
import { destroy } from "../../components/local/provider/stop";
import { pollUntil } from "../../config/poll-until";
import { addStream } from "../support/accounts";
import { requestMs, serversMs, waitMs } from "../support/limits";
import { requestUntilHeard } from "../support/messages";
import { metaState, startSupercluster, type Supercluster } from "../support/nats";

describe("two regions, of which one is lost or leaves", function () {
  this.timeout(serversMs);

  let cluster: Supercluster;
  let client: NatsConnection;
  let system: NatsConnection;
  const take = () => takeSnapshot(system, 6, 500);
  const of = (region: string) => Object.values(cluster.inputs()).filter((server) => server.region === region);
  const stored = async () =>
    (await read<{ state: { messages: number } }>(client, "STREAM.INFO.ORDERS", undefined, waitMs)).state.messages;

  before(async () => {
    cluster = await startSupercluster({ regions: ["iad", "ams"], servers: 3 });
    [client, system] = await Promise.all([
      cluster.connect("app", { servers: cluster.urls("iad") }),
      cluster.connect("admin", { servers: cluster.urls("iad") }),
    ]);
    const placement = { cluster: "iad" };
    await addStream(client, { name: "ORDERS", subjects: ["orders"], num_replicas: 3, placement });
    await requestUntilHeard(client, "orders", "before");
  });
  after(async () => {
    await client?.close();
    await system?.close();
    await cluster?.stop();
  });

  it("a stream stays in its region where no other server has room: a move to the other is cancelled", async () => {
    const stream = await pollUntil(async () => (await readHoldings(system, 6)).assets[0], waitMs);
    await assert.rejects(
      moveStream(system, stream!, "iad-2"),
      /^Error: stream app\/ORDERS: no other server of iad has room .* move it to ams; this was cancelled\./,
    );
    const isBack = async () => {
      const { assets } = await readHoldings(system, 6);
      return assets[0]?.members.join() === "iad-0,iad-1,iad-2" && assets[0].missing.length === 0 ? true : undefined;
    };
    assert.ok(await pollUntil(isBack, waitMs));
    assert.equal(await stored(), 1);
  });

  it("with one lost nothing can be changed, and streams of the other still accept messages", async () => {
    await Promise.all(of("ams").map(destroy));
    for (const server of of("ams")) fs.rmSync(folderOf(server), { recursive: true, force: true });
    // Answers of all that are left: where the leader's is missing, there seems to be none.
    const hasLeader = async () => (await takeSnapshot(system, 3, requestMs)).meta !== undefined;
    assert.ok(await pollUntil(async () => !(await hasLeader()), waitMs), "the meta group loses its leader");
    await requestUntilHeard(client, "orders", "meanwhile");
    const manager = await jetstreamManager(client, { checkAPI: false, timeout: 10_000 });
    await assert.rejects(manager.streams.add({ name: "MORE", subjects: ["more"] }), "longer than an election takes");
  });

  it("with all servers of the lost one there again, empty, there is a leader who knows every stream", async () => {
    await cluster.ensure();
    await cluster.ready();
    assert.equal(await stored(), 2);
  });

  it("servers can be stopped and removed one by one; the remaining region accepts changes", async () => {
    for (const [index, server] of of("ams").reverse().entries()) {
      await destroy(server);
      const led = await pollUntil(async () => {
        const found = await take();
        return found.meta ? found : undefined;
      }, waitMs);
      const [peer] = peersAmong([server.name], led!);
      const after = await removePeer(system, take, peer!);
      assert.equal(after.meta!.cluster_size, 5 - index);
    }
    for (const server of of("iad"))
      assert.ok(await pollUntil(async () => (await metaState(server)).peers === 3, waitMs), server.name);
    assert.deepEqual(
      peersAmong(
        of("ams").map(({ name }) => name),
        await take(),
      ),
      [],
    );
    assert.equal(await stored(), 2);
    // Not MORE: a request that got no answer may have been carried out since.
    await addStream(client, { name: "LATER", subjects: ["later"], num_replicas: 3 });
  });
});
