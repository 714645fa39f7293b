import assert from "node:assert/strict";
import { tenantOf } from "../../../../operations/import/tenant";
import { liveOf, mark, orders, place, shop } from "../../../support/live-account";

describe("streams of an imported tenant", () => {
  it("have the home that most of them have, and say it where they differ", () => {
    const spread = {
      ...shop,
      home: "syd",
      streams: {
        A: { ...orders, subjects: ["a"], home: "iad" },
        B: { ...orders, subjects: ["b"] },
        C: { ...orders, subjects: ["c"] },
      },
      consumers: {},
    };
    const { tenant } = tenantOf(liveOf(spread, mark), place);
    assert.deepEqual(
      [tenant.home, ...Object.values(tenant.streams).map(({ home }) => home)],
      ["syd", "iad", undefined, undefined],
    );
  });
});
