import type { TenantSpec } from "../../../config/schema/tenant";

/** Settings in a key-value bucket that ams reads near, flags, and reports as objects; each user with its own rights. */
export const buckets: TenantSpec = {
  name: "buckets",
  home: "iad",
  streams: {},
  keyValues: {
    settings: { storage: "memory", replicas: 1, maxBytes: "4MiB", mirrors: { ams: {} } },
    flags: { storage: "memory", replicas: 1, maxBytes: "4MiB" },
  },
  objectStores: { reports: { storage: "memory", replicas: 1, maxBytes: "4MiB" } },
  consumers: {},
  users: {
    reader: { keyValues: { settings: "get" }, objectStores: { reports: "get" } },
    writer: { keyValues: { settings: ["get", "put"] }, objectStores: { reports: "put" } },
    watcher: { keyValues: { settings: "watch" }, objectStores: { reports: "watch" } },
    lister: { keyValues: { settings: "list" }, objectStores: { reports: "list" } },
    purger: { keyValues: { settings: "purge" }, objectStores: { reports: "purge" } },
    // By the name of the mirror.
    near: { keyValues: { "settings-ams": ["get", "watch"] } },
    blind: { keyValues: { settings: "put" } },
    flagger: { keyValues: { flags: "get" } },
  },
};
