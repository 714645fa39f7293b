import assert from "node:assert/strict";
import { connectionsInUse, heldStreams } from "../../../jetstream/system-requests";
import { fakeConnection } from "../../support/fake-connection";

describe("what servers hold", () => {
  const stream = (name: string, config: object) => ({ name, config: { storage: "file", num_replicas: 3, ...config } });
  const details = (change: object) => ({
    name: "shop",
    memory: 0,
    storage: 100,
    reserved_memory: 2 ** 64,
    reserved_storage: 500,
    stream_detail: [],
    ...change,
  });
  const answer = (server: string, ...accounts: object[]) => ({
    server: { name: server },
    data: { account_details: accounts },
  });
  const ask = (...answers: object[]) => heldStreams(fakeConnection({ JSZ: answers }).connection, ["iad-0", "iad-1"]);

  it("is of each stream the larger of what its replicas report, and of each account the most in use", async () => {
    const { reservations, use, silent } = await ask(
      answer("iad-0", details({ stream_detail: [stream("A", { max_bytes: 64 }), stream("B", { max_bytes: -1 })] })),
      answer("iad-1", details({ storage: 700, stream_detail: [stream("A", { max_bytes: 8, num_replicas: 1 })] })),
    );
    assert.deepEqual(reservations, { shop: { A: { file: 3 * 64 }, B: { file: "unlimited" } } });
    assert.deepEqual(use, { shop: { file: 700, memory: 0 } });
    assert.deepEqual(silent, []);
  });

  it("comes with the limits that every server has, of accounts that all of them know", async () => {
    const { limits } = await ask(
      answer("iad-0", details({ reserved_storage: 300 }), details({ name: "new" })),
      answer("iad-1", details({})),
    );
    assert.deepEqual(limits, { shop: { file: 300, memory: Infinity } });
  });

  it("is not known of servers that do not answer", async () => {
    const { silent, reservations } = await ask(answer("iad-0"));
    assert.deepEqual([silent, reservations], [["iad-1"], {}]);
  });

  it("is nothing of servers that are not in the meta group yet, as its leader reports", async () => {
    const meta = (leader: string, ...others: string[]) => ({
      meta_cluster: { leader, cluster_size: 2, replicas: others.map((name) => ({ name })) },
    });
    const one = (data: object) => ask({ server: { name: "iad-0" }, data });
    assert.deepEqual((await one(meta("iad-0"))).silent, []);
    assert.deepEqual((await one(meta("iad-0", "iad-1"))).silent, ["iad-1"]);
    assert.deepEqual((await one(meta("ams-0"))).silent, ["iad-1"], "only the leader knows all");
  });
});

describe("connections in use", () => {
  const answer = (server: string, ...stats: [acc: string, conns: number][]) => ({
    server: { name: server },
    data: { account_statz: stats.map(([acc, conns]) => ({ acc, conns })) },
  });
  const ask = (...answers: object[]) =>
    connectionsInUse(fakeConnection({ "ACCOUNT.STATZ": answers }).connection, ["shop", "new"], ["iad-0", "iad-1"]);

  it("are those of all servers, and none of an account that no server knows", async () => {
    const answers = [answer("iad-0", ["shop", 3], ["other", 5]), answer("iad-1", ["shop", 4])];
    assert.deepEqual(await ask(...answers), { shop: 7, new: 0 });
  });

  it("are not known where a server does not answer", async () => {
    await assert.rejects(ask(answer("iad-1", ["shop", 4])), /iad-0 did not answer/);
  });
});
