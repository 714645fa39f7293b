import type { TenantSpec } from "../config/schema/tenant";

/** IRISX: SMS, e-mail and webhook delivery by queue. Why each value is what it is: docs/systems.md. */
export const irisx: TenantSpec = {
  name: "irisx",
  home: "iad",
  streams: {
    SMS: {
      subjects: ["sms.send", "sms.status"],
      // C003-4: seven days of replay are wanted, and an acknowledged message of a work queue is gone. Same below.
      retention: "limits",
      storage: "file",
      // C003-8: the source's one server is no "no data loss". Same below.
      replicas: 3,
      maxAge: "7d",
      // C003-2: the count binds first (10 GiB are reached at 10.7 kB a message); the source's "10M messages" are wrong.
      maxMsgs: 1_000_000,
      maxBytes: "10GiB",
      discard: "old",
      // C003-8: 99.99 % and no loss ask for more than one region: after a failover ams takes the messages. Same below.
      mirrors: { ams: { maxAge: "7d", maxMsgs: 1_000_000, maxBytes: "10GiB" } },
    },
    EMAIL: {
      subjects: ["email.send", "email.status"],
      retention: "limits",
      storage: "file",
      replicas: 3,
      maxAge: "7d",
      maxMsgs: 1_000_000,
      maxBytes: "10GiB",
      discard: "old",
      mirrors: { ams: { maxAge: "7d", maxMsgs: 1_000_000, maxBytes: "10GiB" } },
    },
    WEBHOOKS: {
      subjects: ["webhooks.deliver", "webhooks.retry"],
      retention: "limits",
      storage: "file",
      replicas: 3,
      maxAge: "7d",
      maxMsgs: 1_000_000,
      maxBytes: "5GiB",
      discard: "old",
      mirrors: { ams: { maxAge: "7d", maxMsgs: 1_000_000, maxBytes: "5GiB" } },
    },
  },
  consumers: {
    "sms-worker": {
      mode: "pull",
      streams: ["SMS"],
      // C003-5: the source's `SMS.sms.send` is stream and subject in one.
      filterSubjects: ["sms.send"],
      ackPolicy: "explicit",
      ackWait: "30s",
      // C003-8: five attempts, and then a dead letter. Deliveries have no limit: those to a worker that died, or while
      // Twilio is down, are no attempts.
      attempts: 5,
      // C003-3: "exponential backoff" without values; this is for missing acks, a worker's nak must carry its own
      // delay.
      backoff: ["30s", "1m", "2m", "4m"],
      deliverPolicy: "all",
    },
    "email-worker": {
      mode: "pull",
      streams: ["EMAIL"],
      filterSubjects: ["email.send"],
      ackPolicy: "explicit",
      ackWait: "30s",
      attempts: 5,
      backoff: ["30s", "1m", "2m", "4m"],
      deliverPolicy: "all",
    },
    "webhook-worker": {
      mode: "pull",
      streams: ["WEBHOOKS"],
      filterSubjects: ["webhooks.deliver", "webhooks.retry"],
      ackPolicy: "explicit",
      ackWait: "30s",
      attempts: 5,
      backoff: ["30s", "1m", "2m", "4m"],
      // A retry that is not due yet waits unacknowledged, up to an hour: with the server's limit of 1,000 those of one
      // receiver that is down would stop all webhooks.
      maxAckPending: "unlimited",
      deliverPolicy: "all",
    },
  },
  users: {
    // C003-9: a user a service, where the source has one token for all.
    api: { publishes: ["sms.send", "email.send", "webhooks.deliver"] },
    "sms-worker": { publishes: ["sms.status"], consumes: ["sms-worker"] },
    "email-worker": { publishes: ["email.status"], consumes: ["email-worker"] },
    "webhook-worker": { publishes: ["webhooks.retry"], consumes: ["webhook-worker"] },
  },
  // The source wants priority queues: what `sms.send` had before is normal, and a low one always has a slot.
  lanes: { "sms.send": { high: 6, normal: 3, low: 1 } },
  // The source wants a dead letter queue after the last retry: 30 days of what failed, to be shown and replayed.
  deadLetters: { maxAge: "30d", maxBytes: "1GiB", redact: ["to", "body", "html"] },
  // Passwords and keys of what they send to are in these Secrets: workers/irisx/README.md has their variables.
  workers: {
    api: { replicas: 2, port: 8081, secrets: ["irisx-api", "irisx-database"] },
    "sms-worker": { replicas: 2, maximum: 8, secrets: ["irisx-database", "irisx-sms"] },
    "email-worker": { replicas: 2, maximum: 8, secrets: ["irisx-database", "irisx-email"] },
    "webhook-worker": { replicas: 2, maximum: 8, secrets: ["irisx-database", "irisx-webhooks"] },
    // Copies what a worker could not, because it died with it.
    "dead-letters": { system: "dead-letters" },
  },
};
