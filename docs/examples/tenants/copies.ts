import type { TenantSpec } from "../../../config/schema/tenant";

const kept = { retention: "limits", storage: "memory", replicas: 1, maxAge: "1h", maxBytes: "1MiB" } as const;

/** Lets warehouse copy all parcels, and of letters only those that were delivered. */
export const post: TenantSpec = {
  name: "post",
  home: "iad",
  streams: {
    PARCELS: { ...kept, subjects: ["parcels.>"], discard: "old" },
    LETTERS: { ...kept, subjects: ["letters.>"], discard: "old" },
  },
  consumers: {},
  users: { clerk: { publishes: ["parcels.>", "letters.>"] } },
  exports: {
    copies: {
      PARCELS: { to: ["warehouse"] },
      LETTERS: { to: ["warehouse"], subjects: ["letters.delivered.*"] },
    },
  },
};

/** Has its own copy of all parcels, in its region, and one stream of its own messages and of delivered letters. */
export const warehouse: TenantSpec = {
  name: "warehouse",
  home: "ams",
  streams: {
    // With the sequences of the origin. Its limits are its own.
    PARCELS: { ...kept, subjects: [], mirror: { tenant: "post", name: "PARCELS" }, maxAge: "7d", discard: "old" },
    EVENTS: {
      ...{ ...kept, subjects: ["shelves.>"], discard: "old" },
      sources: [{ tenant: "post", name: "LETTERS", filterSubject: "letters.delivered.*" }],
    },
  },
  consumers: {
    packer: { mode: "pull", streams: ["PARCELS"], ackPolicy: "explicit", deliverPolicy: "all", maxDeliver: 5 },
  },
  // It names its own stream, as if there were no other account.
  users: { packer: { consumes: ["packer"] } },
};
