import type { TenantSpec } from "../../../config/schema/tenant";

/** A new version of a service answers a fifth of the requests, and in ams new carts are half of them of a new form. */
export const store: TenantSpec = {
  name: "store",
  home: "iad",
  streams: {
    CARTS: {
      subjects: ["cart.add.*", "cart.next.*"],
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
    // Writes what it always does.
    web: { publishes: ["cart.add.eu"], requests: ["cart.price"] },
    "price-1": { responds: { service: "price", endpoints: ["cart.price"] } },
    "price-2": { responds: { service: "price", endpoints: ["cart.price.next"] } },
  },
  // Who asks from another account gets the new version as often.
  exports: { services: { "cart.price": { to: "all" } } },
  mappings: {
    "cart.price": [{ to: "cart.price.next", weight: 20 }],
    "cart.add.*": [{ to: "cart.next.{{wildcard(1)}}", weight: 50, region: "ams" }],
  },
};
