import assert from "node:assert/strict";
import { renderStatus } from "../../../../cli/render/status";
import type { TenantSpec } from "../../../../config/schema/tenant";
import { post, warehouse } from "../../../../docs/examples/tenants/copies";
import { tenantOf } from "../../../../operations/import/tenant";
import { checkedEnvironment } from "../../../../operations/settings/checked-environment";
import type { Snapshot } from "../../../../operations/supercluster/snapshot";
import { statusOf } from "../../../../operations/supercluster/status";
import { failedAfter, healthySnapshot } from "../../../support/healthy-snapshot";
import { liveOf, mark, place } from "../../../support/live-account";

/** With as many replicas as healthy servers report. */
const onThree = ({ streams, ...tenant }: TenantSpec): TenantSpec => ({
  ...tenant,
  streams: Object.fromEntries(Object.entries(streams).map(([name, spec]) => [name, { ...spec, replicas: 3 }])),
});
const checked = {
  ...checkedEnvironment("local"),
  tenants: { warehouse: onThree(warehouse), post: onThree(post) },
};

/** As servers report copies. */
const healthy = (): Snapshot => {
  const snapshot = healthySnapshot(checked);
  const external = { api: "$JS.ACCOUNTS.post.API" };
  snapshot.streams.warehouse!.PARCELS!.mirror = { name: "PARCELS", external, lag: 0, active: 5 };
  snapshot.streams.warehouse!.EVENTS!.sources = [{ name: "LETTERS", external, lag: 0, active: 5 }];
  return snapshot;
};
const failedOf = (change: (snapshot: Snapshot) => void) => failedAfter(checked, healthy(), change);

describe("copies across accounts", () => {
  for (const [what, change, expected] of [
    ["nothing where they are current", () => undefined, []],
    [
      "a mirror that is behind",
      ({ streams }: Snapshot) => (streams.warehouse!.PARCELS!.mirror!.lag = 2),
      ["mirror warehouse/PARCELS: is 2 messages behind post/PARCELS"],
    ],
    [
      "a stream that does not collect",
      ({ streams }: Snapshot) => (streams.warehouse!.EVENTS!.sources![0]!.active = -1),
      [
        "stream warehouse/EVENTS: is not connected to post/LETTERS, " +
          "so what servers report of its lag says nothing",
      ],
    ],
    [
      "why copying fails",
      ({ streams }: Snapshot) => (streams.warehouse!.PARCELS!.mirror!.error = { description: "stalled" }),
      ["mirror warehouse/PARCELS: cannot copy PARCELS: stalled"],
    ],
  ] as const)
    it(`are checked: ${what}`, () => assert.deepEqual(failedOf(change), expected));

  it("are in the status with what they copy, and how far behind they are", () => {
    const snapshot = healthy();
    snapshot.streams.warehouse!.EVENTS!.sources![0]!.lag = 3;
    const text = renderStatus(statusOf(checked, snapshot));
    assert.match(text, /PARCELS +ams .* of post\/PARCELS \(0\)/);
    assert.match(text, /EVENTS +ams .* of post\/LETTERS \(3\)/);
  });

  it("are imported as they are declared", () => {
    const { tenant, leftOut, changes } = tenantOf(liveOf(warehouse, mark), { ...place, account: "warehouse" });
    assert.deepEqual(tenant.streams, warehouse.streams);
    assert.deepEqual([leftOut, changes], [[], []]);
  });
});
