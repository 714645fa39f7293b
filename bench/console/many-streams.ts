import type { TenantSpec } from "../../config/schema/tenant";

export const account = "many";
export const user = "app";

/** Names of so many streams, in the order in which they are listed. */
export const streamNames = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `S${String(index).padStart(4, "0")}`);

export const subjectOf = (stream: string): string => `${account}.${stream}`;

/** A tenant with these streams of three replicas, each with as many durables, and a user that publishes to them. */
export const manyStreams = (names: string[], durables: number): TenantSpec => ({
  ...{ name: account, home: "iad" },
  streams: Object.fromEntries(
    names.map((name) => [
      name,
      {
        ...{ subjects: [subjectOf(name)], retention: "limits", storage: "memory", replicas: 3 },
        ...{ maxAge: "1h", maxBytes: "256KiB", discard: "old" },
      },
    ]),
  ),
  consumers: Object.fromEntries(
    Array.from({ length: durables }, (_, index) => [
      `durable-${index}`,
      { mode: "pull", streams: names, ackPolicy: "explicit", ackWait: "30s", deliverPolicy: "all" },
    ]),
  ),
  users: { [user]: { publishes: [`${account}.>`] } },
});
