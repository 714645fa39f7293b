import assert from "node:assert/strict";
import {
  type Snapshot,
  snapshotUntil,
  subscribersOf,
  takeSnapshot,
} from "../../../../operations/supercluster/snapshot";
import { fakeConnection } from "../../../support/fake-connection";

const server = (name: string) => ({ name, cluster: name.slice(0, 3), ver: "2.14.9" });
const from = (name: string, data: object) => ({ server: server(name), data });
const detail = (leader: string, consumerLeader: string, pending: number) => ({
  account_details: [
    {
      name: "app",
      stream_detail: [
        {
          name: "S",
          cluster: { leader },
          consumer_detail: [{ name: "c", cluster: { leader: consumerLeader }, num_pending: pending }],
        },
      ],
    },
  ],
});

describe("a snapshot", () => {
  it("has each stream and consumer as its leader reports it, and the meta group as its leader does", async () => {
    const meta = (leader: string) => ({ meta_cluster: { leader, cluster_size: 2 } });
    const { connection } = fakeConnection({
      VARZ: [from("iad-0", { connections: 1, mem: 1 }), from("iad-1", { connections: 2, mem: 1 })],
      GATEWAYZ: [],
      HEALTHZ: [from("iad-1", { status: "unavailable" })],
      JSZ: [
        from("iad-0", { ...detail("iad-0", "iad-1", 5), ...meta("iad-1") }),
        from("iad-1", { ...detail("iad-0", "iad-1", 7), ...meta("iad-1") }),
      ],
    });
    const { servers, streams, meta: found } = await takeSnapshot(connection, 2);
    assert.deepEqual(found, { leader: "iad-1", cluster_size: 2 });
    assert.deepEqual(
      Object.entries(servers).map(([name, { region, leads, varz, health }]) => [
        name,
        region,
        leads,
        varz?.connections,
        health?.status,
      ]),
      [
        ["iad-0", "iad", 1, 1, undefined],
        ["iad-1", "iad", 0, 2, "unavailable"],
      ],
    );
    assert.deepEqual(
      streams.app!.S!.consumer_detail!.map(({ name, num_pending }) => [name, num_pending]),
      [["c", 7]],
      "by the consumer's leader, once",
    );
  });

  it("leaves out a stream without a leader", async () => {
    const { connection } = fakeConnection({
      VARZ: [],
      GATEWAYZ: [],
      HEALTHZ: [],
      JSZ: [from("iad-0", { account_details: [{ name: "app", stream_detail: [{ name: "S", cluster: {} }] }] })],
    });
    assert.deepEqual((await takeSnapshot(connection, 1)).streams, {});
  });

  it("is taken until it is good, or the deadline has passed", async () => {
    let taken = 0;
    const take = () => Promise.resolve({ servers: {}, streams: {}, meta: { cluster_size: ++taken } } as Snapshot);
    const until = (size: number, deadline: number) =>
      snapshotUntil(take, ({ meta }) => meta!.cluster_size >= size, deadline, 1);
    assert.equal((await until(3, 60_000)).meta!.cluster_size, 3);
    assert.ok((await until(Infinity, 0)).meta, "the last one, good or not");
  });
});

describe("the subscribers of a subject", () => {
  it("are counted over all servers; one that reports none counts as none", async () => {
    const { connection } = fakeConnection({
      CONNZ: [from("iad-0", { connections: [{}, {}] }), from("ams-0", { connections: [{}] }), from("syd-0", {})],
    });
    assert.equal(await subscribersOf(connection, "app", "s", 3), 3);
  });
});
