import type { TenantSpec } from "../../../config/schema/tenant";

/** A turnstile signs with a key that never leaves it; those who look at the counts have passwords. */
export const museum: TenantSpec = {
  name: "museum",
  home: "iad",
  streams: {
    VISITS: {
      subjects: ["visits.>"],
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
    turnstile: { login: "nkey", publishes: ["visits.counted"] },
    shop: { login: "nkey", publishes: ["visits.bought"] },
    viewer: { subscribes: ["visits.>"] },
  },
};
