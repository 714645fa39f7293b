import assert from "node:assert/strict";
import { tenantOf } from "../../../../operations/import/tenant";
import { at, changed, liveOf, mark, mirrored, place, shop } from "../../../support/live-account";

describe("what an account is like and a tenant cannot be", () => {
  const imported = (account = mirrored) => tenantOf(account, place);

  it("is unlimited where there is no limit, of streams, mirrors and durables, and nothing changes", () => {
    const unbounded = imported(
      changed(
        changed(changed(mirrored, "ORDERS", { max_age: 0, max_bytes: -1 }), "ORDERS-ams", { max_bytes: -1 }),
        "ORDERS/billing",
        { max_ack_pending: -1, metadata: mark },
      ),
    );
    assert.deepEqual([unbounded.toDecide, unbounded.leftOut, unbounded.changes], [[], [], []]);
    const { streams, consumers } = unbounded.tenant;
    const { maxAge, maxBytes, mirrors } = streams.ORDERS!;
    assert.deepEqual([maxAge, maxBytes, mirrors!.ams!.maxBytes], ["unlimited", "unlimited", "unlimited"]);
    assert.equal(consumers.billing!.maxAckPending, "unlimited");
  });

  it("is to be decided where schema or rules refuse it", () => {
    assert.deepEqual(at(imported(changed(liveOf(shop), "ORDERS", { num_replicas: 2, metadata: {} })).toDecide), [
      "streams.ORDERS.replicas",
    ]);
    const [copied] = imported(changed(mirrored, "ORDERS", { retention: "workqueue" })).toDecide;
    assert.match(copied!.at, /^streams\.ORDERS\.mirrors/);
  });

  it("is said to change where a stream is placed nowhere, or labels are this program's own", () => {
    assert.deepEqual(imported(changed(liveOf(shop), "ORDERS", { placement: undefined })).changes, [
      { at: "ORDERS", message: 'region: not set -> "iad"' },
    ]);
    const label = { "io.nats.monitor.peer-lag-critical": "5" };
    assert.deepEqual(at(imported(changed(liveOf(shop), "ORDERS", { metadata: label })).toDecide), [
      'streams.ORDERS.metadata["io.nats.monitor.peer-lag-critical"]',
    ]);
  });
});
