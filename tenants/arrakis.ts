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
      // C000-5: memory streams need a bound; the source gives none. Same for EVENTS and INTERNAL. 10,000 commands, at
      // which the source's alert fires, fit in up to 50 kB each.
      maxBytes: "512MiB",
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
      // No maxDeliver, as in the source: a command expires after a minute. Discord's 3 s (C000-9) are for the first
      // answer, which a worker defers at once; what follows has 15 minutes.
      // C000-8: three attempts, 5 s apart, end before the command expires. Its dead letter comes from the worker only:
      // what expires leaves none.
      attempts: 3,
      maxAckPending: 50,
      deliverPolicy: "all",
    },
    "event-worker": {
      mode: "pull",
      streams: ["EVENTS"],
      ackPolicy: "explicit",
      ackWait: "15s",
      // No maxDeliver, as in the source: an event expires after five minutes. Five attempts end before that.
      attempts: 5,
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
      // C000-8: without a limit a poison message is delivered for seven days. The worker gives up after five failures;
      // maxDeliver is for those that end its process.
      attempts: 5,
      maxDeliver: 20,
      backoff: ["60s", "2m", "5m"],
      maxAckPending: 200,
      deliverPolicy: "all",
    },
    "sync-worker": {
      mode: "pull",
      streams: ["ELIGIBILITY"],
      filterSubjects: ["eligibility.sync.>"],
      ackPolicy: "explicit",
      ackWait: "5m",
      attempts: 5,
      maxDeliver: 20,
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
  // C000-8: what cannot be processed is kept for 30 days, to be shown and replayed.
  deadLetters: { maxAge: "30d", maxBytes: "1GiB" },
  // One process a durable, so that each is scaled by itself. workers/arrakis/README.md has the Secrets' variables.
  workers: {
    "command-worker": {
      replicas: 2,
      maximum: 4,
      secrets: ["arrakis-database", "arrakis-discord", "arrakis-redis"],
    },
    "event-worker": { replicas: 2, maximum: 4, secrets: ["arrakis-database", "arrakis-redis"] },
    "eligibility-worker": {
      replicas: 2,
      maximum: 8,
      secrets: ["arrakis-database", "arrakis-discord", "arrakis-redis", "arrakis-rpc"],
    },
    "sync-worker": {
      replicas: 1,
      maximum: 4,
      secrets: ["arrakis-database", "arrakis-discord", "arrakis-redis", "arrakis-rpc"],
    },
    // Copies what a worker could not, because it died with it.
    "dead-letters": { system: "dead-letters" },
  },
};
