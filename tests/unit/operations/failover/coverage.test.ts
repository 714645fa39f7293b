import assert from "node:assert/strict";
import { tenantSpec } from "../../../../config/schema/tenant";
import { coverageOf, unheardLines } from "../../../../operations/failover/coverage";
import { localEnvironment } from "../../../support/accounts";

const limits = { maxAge: "7d", maxBytes: "8MiB" };
const base = { retention: "limits", storage: "file", replicas: 1, discard: "old", ...limits };
const shop = tenantSpec.parse({
  name: "shop",
  home: "iad",
  streams: {
    ORDERS: { ...base, subjects: ["orders.>"], mirrors: { ams: limits } },
    CARTS: { ...base, subjects: ["carts.>"] },
    RENAMED: { ...base, subjects: ["r.>"], subjectTransform: { src: "r.>", dest: "q.>" }, mirrors: { ams: limits } },
    ELSEWHERE: { ...base, subjects: ["e.>"], home: "syd", mirrors: { ams: limits } },
  },
  consumers: {},
  users: {
    api: { publishes: ["orders.new"] },
    ticker: { subscribes: ["orders.*.paid", "carts.>"] },
  },
});

describe("a failover of a region", () => {
  it("covers its streams that have a mirror, and names all others with the reason", () => {
    const { streams, left } = coverageOf(localEnvironment(), { shop }, "iad");
    assert.deepEqual(streams, [{ account: "shop", stream: "ORDERS" }]);
    assert.deepEqual(left, [
      "without a mirror, so publishers are refused until iad is back: shop: CARTS, CANARY",
      "not covered: shop: RENAMED has subjectTransform, so it cannot fail over: what comes back would be renamed again",
    ]);
  });

  it("names users that get nothing of a stream by core NATS while its subjects are mapped", () =>
    assert.deepEqual(
      unheardLines({ shop }, [
        { account: "shop", stream: "ORDERS", subjects: ["orders.>"] },
        { account: "shop", stream: "ELSEWHERE", subjects: ["e.>"] },
      ]),
      [
        "user ticker of shop gets nothing of ORDERS by core NATS on orders.*.paid until the failback: " +
          "its messages have other subjects meanwhile",
      ],
    ));

  it("names the tenants that import its streams' subjects", () => {
    const press = tenantSpec.parse({
      ...{ name: "press", home: "iad", streams: {}, consumers: {}, users: {} },
      imports: { shop: { prefix: "market", streams: ["orders.news", "carts.news"] } },
    });
    assert.deepEqual(unheardLines({ press }, [{ account: "shop", stream: "ORDERS", subjects: ["orders.>"] }]), [
      "tenant press gets nothing of ORDERS by core NATS on market.orders.news until the failback: " +
        "its messages have other subjects meanwhile",
    ]);
  });

  it("names the tenants that copy its streams", () => {
    const copy = { ...base, subjects: [], mirror: { tenant: "shop", name: "ORDERS" } };
    const press = tenantSpec.parse({
      ...{ name: "press", home: "iad", streams: { COPY: copy }, consumers: {}, users: {} },
    });
    assert.deepEqual(unheardLines({ press }, [{ account: "shop", stream: "ORDERS", subjects: ["orders.>"] }]), [
      "COPY of press copies ORDERS, and gets no new messages of it until the failback",
    ]);
  });
});
