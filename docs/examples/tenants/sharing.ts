import type { TenantSpec } from "../../../config/schema/tenant";

/** Shares what was placed with billing alone, its news with every tenant; and answers what things cost. */
export const shop: TenantSpec = {
  name: "shop",
  home: "iad",
  streams: {
    ORDERS: {
      subjects: ["orders.>"],
      retention: "limits",
      storage: "memory",
      replicas: 1,
      maxAge: "1h",
      maxBytes: "1MiB",
      discard: "old",
    },
  },
  consumers: {},
  users: {
    api: { publishes: ["orders.>"], subscribes: ["market.bills.sent"] },
    pricer: { responds: { service: "price", endpoints: ["price.*"], expires: "2s" } },
  },
  exports: {
    streams: { "orders.placed.*": { to: ["billing"] }, "orders.news": { to: "all" } },
    services: { "price.get": { to: ["billing"] }, "price.list": { to: "all" } },
  },
  // Below a prefix of its own choice: `market.bills.sent`.
  imports: { billing: { prefix: "market", streams: ["bills.sent"] } },
};

/** Hears and asks shop, below `shop.`; each of its users what it says, and nothing else. */
export const billing: TenantSpec = {
  name: "billing",
  home: "iad",
  streams: {},
  consumers: {},
  users: {
    clerk: { subscribes: ["shop.orders.placed.*"], requests: ["shop.price.get"], publishes: ["bills.sent"] },
    reader: { subscribes: ["shop.orders.placed.eu"] },
  },
  exports: { streams: { "bills.sent": { to: ["shop"] } } },
  imports: { shop: { streams: ["orders.placed.*", "orders.news"], services: ["price.get", "price.list"] } },
};
