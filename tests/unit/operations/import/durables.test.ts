import assert from "node:assert/strict";
import { tenantOf } from "../../../../operations/import/tenant";
import { at, billing, changed, liveOf, orders, place, shop } from "../../../support/live-account";

describe("durables that a tenant cannot declare", () => {
  const imported = (account = liveOf(shop)) => tenantOf(account, place);

  it("are left out: of one name, but different; not durable; with a filter that matches nothing", () => {
    const two = liveOf({
      ...shop,
      streams: { ORDERS: orders, RETURNS: { ...orders, subjects: ["returns.>"] } },
      consumers: { billing: { ...billing, streams: ["ORDERS", "RETURNS"] } },
    });
    assert.deepEqual(imported(two).leftOut, []);
    const differing = imported(changed(two, "RETURNS/billing", { max_deliver: 3 }));
    assert.match(differing.leftOut[0]!.message, /differs from the durable of this name on ORDERS in maxDeliver/);
    assert.deepEqual(
      [at(differing.leftOut), differing.tenant.consumers.billing!.streams],
      [["RETURNS/billing"], ["ORDERS"]],
    );
    // In one list ORDERS would get both.
    const overlapping = changed(changed(two, "ORDERS/billing", { filter_subject: "*.a" }), "RETURNS/billing", {
      filter_subject: "*.b",
    });
    assert.deepEqual(at(imported(overlapping).leftOut), ["RETURNS/billing"]);
    assert.deepEqual(at(imported(changed(two, "ORDERS/billing", { durable_name: undefined, name: "x" })).leftOut), [
      "ORDERS/x",
    ]);
    const deaf = imported(changed(liveOf(shop), "ORDERS/billing", { filter_subject: "returns.a" }));
    assert.deepEqual([at(deaf.leftOut), deaf.tenant.consumers], [["ORDERS/billing"], {}]);
  });
});
