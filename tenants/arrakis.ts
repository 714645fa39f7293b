import type { TenantSpec } from "../config/schema/tenant";

/** Arrakis: a Discord gateway feeds commands and events to workers. Why each value is what it is: docs/systems.md. */
export const arrakis: TenantSpec = {
  name: "arrakis",
  home: "iad",
  streams: {
    COMMANDS: {
      description: "Slash commands; each is done once, by one worker, within a minute",
      subjects: ["commands.>"],
      retention: "workqueue",
      // C000-6: R3 in memory survives the restart of one server, R1 does not.
      storage: "memory",
      replicas: 3,
      maxAge: "60s",
      // C000-5: memory streams need a bound; the source gives none. Same for EVENTS and INTERNAL.
      maxBytes: "64MiB",
      // Full means that workers stand still: a refused command can be answered, a dropped one can't.
      discard: "new",
    },
    EVENTS: {
      description: "What happens in the guilds: joins, leaves, member updates",
      subjects: ["events.>"],
      retention: "limits",
      storage: "memory",
      replicas: 3,
      maxAge: "5m",
      maxBytes: "128MiB",
      discard: "old",
    },
    ELIGIBILITY: {
      description: "Eligibility checks and community-wide syncs",
      subjects: ["eligibility.>"],
      retention: "limits",
      storage: "file",
      replicas: 3,
      maxAge: "7d",
      maxBytes: "2GiB",
      discard: "old",
      mirrors: { ams: { maxAge: "7d", maxBytes: "2GiB" } },
    },
    INTERNAL: {
      description: "Notes between workers; the source names no consumer",
      subjects: ["internal.>"],
      retention: "limits",
      storage: "memory",
      replicas: 3,
      maxAge: "1m",
      maxBytes: "32MiB",
      discard: "old",
    },
  },
  consumers: {
    "command-worker": {
      mode: "pull",
      streams: ["COMMANDS"],
      ackPolicy: "explicit",
      ackWait: "30s",
      // C000-9: Discord wants the first answer within 3 s, so a second delivery is the last that can be of use.
      maxDeliver: 2,
      maxAckPending: 50,
      deliverPolicy: "all",
    },
    "event-worker": {
      mode: "pull",
      streams: ["EVENTS"],
      ackPolicy: "explicit",
      ackWait: "15s",
      // C000-8: without a limit a poison message is delivered until it expires. Same for the two below.
      maxDeliver: 5,
      maxAckPending: 100,
      deliverPolicy: "all",
    },
    "eligibility-worker": {
      mode: "pull",
      streams: ["ELIGIBILITY"],
      // C000-3: unfiltered, both workers would get every message and run every check twice.
      filterSubjects: ["eligibility.check.>"],
      ackPolicy: "explicit",
      ackWait: "60s",
      maxDeliver: 5,
      maxAckPending: 200,
      deliverPolicy: "all",
    },
    "sync-worker": {
      mode: "pull",
      streams: ["ELIGIBILITY"],
      filterSubjects: ["eligibility.sync.>"],
      ackPolicy: "explicit",
      ackWait: "5m",
      maxDeliver: 5,
      maxAckPending: 10,
      deliverPolicy: "all",
    },
  },
  users: {
    gateway: {
      description: "The Discord gateway (nothing to do with NATS gateways)",
      // `events.>`, not `events.*` (C001-5): besides guild.* and member.* it forwards every other event by its own
      // type.
      publishes: ["commands.interaction", "events.>"],
    },
    worker: {
      description: "Runs all four worker classes",
      // The source names no publisher of these; event handlers "check eligibility" and "sync tier", so it is the
      // worker.
      publishes: ["eligibility.check.>", "eligibility.sync.>", "internal.>"],
      // C001-8: it binds to its durables and can neither create nor change a stream.
      consumes: ["command-worker", "event-worker", "eligibility-worker", "sync-worker"],
    },
  },
};
