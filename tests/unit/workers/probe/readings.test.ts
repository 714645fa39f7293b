import assert from "node:assert/strict";
import { type Answer, type Jsz, jsz, varz } from "../../../../workers/probe/answers";
import { Readings } from "../../../../workers/probe/readings";

const peer = (name: string, state: { current?: boolean; offline?: boolean; active?: number } = {}) => ({
  name,
  current: true,
  ...state,
});

/** What a server has of ORDERS with its durable and of a mirror. */
function server(name: string, { leader = "iad-0", replicas = [peer("iad-1"), peer("iad-2")] } = {}) {
  const cluster = { leader, replicas };
  const data = jsz.parse({
    account_details: [
      {
        name: "shop",
        stream_detail: [
          {
            ...{ name: "ORDERS", cluster, state: { last_seq: 10 } },
            consumer_detail: [{ name: "biller", cluster, num_pending: 2, ack_floor: { stream_seq: 8 } }],
          },
          { name: "PRICES-iad", cluster, state: { last_seq: 5 }, mirror: { lag: 1 } },
        ],
      },
    ],
  });
  return { server: name, region: "iad", data };
}

const shown = (jszOf: Answer<Jsz>[], readings = new Readings(), at = 0): Record<string, number> =>
  Object.fromEntries(
    readings
      .read({ varz: [], jsz: jszOf }, at)
      .map(({ name, labels, value }) => [`${name} ${Object.values(labels).join("/")}`, value]),
  );

describe("what the probe makes of servers' answers", () => {
  it("is what leaders say: other replicas know nothing of each other", () => {
    const behind = [peer("iad-1", { current: false, active: 1e9 }), peer("iad-2", { offline: true })];
    const follower = server("iad-1", { replicas: [peer("iad-1", { current: false }), peer("iad-0")] });
    const found = shown([follower, server("iad-0", { replicas: behind })]);
    assert.deepEqual(found, {
      "probe_stream_quorum shop/ORDERS": 1,
      "probe_stream_replicas_behind shop/ORDERS": 1,
      "probe_stream_replicas_offline shop/ORDERS": 1,
      "probe_consumer_quorum shop/ORDERS/biller": 1,
      "probe_consumer_replicas_behind shop/ORDERS/biller": 1,
      "probe_consumer_oldest_seconds shop/ORDERS/biller": 0,
      "probe_stream_quorum shop/PRICES-iad": 1,
      "probe_stream_replicas_behind shop/PRICES-iad": 1,
      "probe_stream_replicas_offline shop/PRICES-iad": 1,
      "probe_mirror_lag_seconds shop/PRICES-iad": 0,
    });
  });

  it("has no majority where the leader reaches one of two others only by itself, and where there is no leader", () => {
    // One said goodbye, one was killed: servers still call it current.
    const alone = server("iad-0", { replicas: [peer("iad-1", { offline: true }), peer("iad-2", { active: 11e9 })] });
    assert.equal(shown([alone])["probe_stream_quorum shop/ORDERS"], 0);
    const led = shown([server("iad-1", { leader: "" }), server("iad-2", { leader: "" })]);
    assert.deepEqual(led, {
      "probe_stream_quorum shop/ORDERS": 0,
      "probe_consumer_quorum shop/ORDERS/biller": 0,
      "probe_stream_quorum shop/PRICES-iad": 0,
    });
  });

  it("counts a replica as offline that a new leader has never heard of", () => {
    const found = shown([server("iad-0", { replicas: [peer("iad-1"), peer("iad-2", { current: false })] })]);
    assert.equal(found["probe_stream_replicas_offline shop/ORDERS"], 1);
    assert.equal(found["probe_stream_replicas_behind shop/ORDERS"], 0);
  });

  it("has a majority where nothing is replicated", () => {
    const plain = jsz.parse({
      account_details: [{ name: "shop", stream_detail: [{ name: "ORDERS", state: { last_seq: 1 } }] }],
    });
    assert.equal(shown([{ server: "iad-0", region: "iad", data: plain }])["probe_stream_quorum shop/ORDERS"], 1);
  });

  it("is how long messages have waited for a durable and for a mirror", () => {
    const readings = new Readings();
    shown([server("iad-0")], readings, 1_000);
    const later = shown([server("iad-0")], readings, 61_000);
    assert.deepEqual(
      [later["probe_consumer_oldest_seconds shop/ORDERS/biller"], later["probe_mirror_lag_seconds shop/PRICES-iad"]],
      [60, 60],
    );
  });

  it("is about peers of the meta group only where the leader is", () => {
    const of = (leader: string) =>
      shown([
        {
          ...{ server: "iad-0", region: "iad" },
          data: jsz.parse({
            meta_cluster: {
              leader,
              replicas: [peer("ams-0", { current: false, active: 1 }), peer("ams-1", { offline: true })],
            },
          }),
        },
      ]);
    assert.deepEqual(of("iad-0"), {
      "probe_meta_peer_behind ams-0": 1,
      "probe_meta_peer_offline ams-0": 0,
      "probe_meta_peer_behind ams-1": 0,
      "probe_meta_peer_offline ams-1": 1,
    });
    assert.deepEqual(of("ams-2"), {});
  });

  it("leaves out the certificates that a server does not report", () => {
    const old = varz.parse({ gateway: { tls_cert_not_after: "2027-01-01T00:00:00Z" } });
    assert.deepEqual(new Readings().read({ varz: [{ server: "iad-0", region: "iad", data: old }], jsz: [] }, 0), [
      {
        name: "probe_certificate_expiry_timestamp_seconds",
        labels: { server: "iad-0", listener: "gateway" },
        value: Date.UTC(2027, 0) / 1000,
      },
    ]);
  });
});
