import assert from "node:assert/strict";
import { withBuckets } from "../../../../config/assets/buckets";
import type { TenantSpec } from "../../../../config/schema/tenant";
import { tenantOf } from "../../../../operations/import/tenant";
import { changed, liveOf, mark, place, shop } from "../../../support/live-account";

const declared: TenantSpec = {
  ...shop,
  keyValues: {
    profiles: {
      description: "Profiles",
      history: 5,
      ttl: "1d",
      maxBytes: "1GiB",
      maxValueSize: "64KiB",
      compression: true,
      limitMarkerTtl: "1m",
      mirrors: { ams: {}, syd: { maxBytes: "2GiB" } },
    },
    all: { home: "ams", storage: "memory", replicas: 1, maxBytes: "unlimited", sources: ["profiles"] },
    javascript: { maxBytes: "1MiB", denyDelete: false },
  },
  objectStores: { documents: { maxBytes: "1GiB", metadata: { team: "files" } } },
};
const live = liveOf(withBuckets(declared), mark);

describe("importing buckets", () => {
  it("gives back what was declared of buckets and stores, not their streams", () => {
    const { tenant, leftOut, changes, toDecide } = tenantOf(live, place);
    assert.deepEqual(tenant, declared);
    assert.deepEqual([leftOut, changes, toDecide], [[], [], []]);
  });

  it("adopts those that have no owner", () => {
    const { tenant } = tenantOf(liveOf(withBuckets(declared)), place);
    const { profiles } = tenant.keyValues!;
    assert.equal(profiles!.adopt, true);
    assert.deepEqual(profiles!.mirrors!.ams, { adopt: true });
  });

  it("keeps as a stream what is unlike any bucket, whatever its name, and changes nothing of it", () => {
    for (const change of [{ max_msgs: 10 }, { discard: "old" }, { max_msgs_per_subject: -1 }]) {
      const { tenant, changes } = tenantOf(changed(live, "KV_javascript", change), place);
      assert.ok(tenant.streams.KV_javascript, JSON.stringify(change));
      assert.ok(!("javascript" in tenant.keyValues!));
      assert.deepEqual(changes, []);
    }
  });
});
