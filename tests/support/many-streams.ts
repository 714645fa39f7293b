import type { TenantSpec } from "../../config/schema/tenant";

/** A tenant with so many small streams, each with so many durables. */
export function manyStreams(streams: number, durables: number): TenantSpec {
  const names = Array.from({ length: streams }, (_, n) => `S${String(n).padStart(3, "0")}`);
  return {
    ...{ name: "many", home: "iad" },
    streams: Object.fromEntries(
      names.map((name) => [
        name,
        {
          ...{ subjects: [`many.${name}`], retention: "limits", storage: "memory", replicas: 1 },
          ...{ maxAge: "1h", maxBytes: "64KiB", discard: "old" },
        },
      ]),
    ),
    consumers: Object.fromEntries(
      Array.from({ length: durables }, (_, n) => [
        `durable-${n}`,
        { mode: "pull", streams: names, ackPolicy: "explicit", ackWait: "30s", deliverPolicy: "all" },
      ]),
    ),
    users: { app: { publishes: ["many.>"] } },
  };
}
