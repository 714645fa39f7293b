import { provedBy, type Requirement } from "./requirement";

const servers = "tests/workers/covenant.test.ts";
const trail = "tests/workers/covenant/trail.test.ts";
const check = "tests/unit/workers/covenant/audit/check.test.ts";
const push = "tests/workers/covenant/push.test.ts";
const streams = "tests/workers/messaging/streams.test.ts";
const messages = "tests/unit/workers/covenant/messages.test.ts";

const arrives = "an event as the source shows it arrives in PostgreSQL, in the cache and in the trail";
const outage = "all three are down for an hour: nothing is lost, and health says what is missing";
const killed = "each worker is killed, again and again: nothing is lost";

/** The sinks of covenant's diagram, its consumers and its sample message. */
export const covenant: readonly Requirement[] = [
  {
    document: "Analytics -> PostgreSQL",
    here: "one row a message in `covenant.events`, written in batches, however often it is delivered",
    files: ["workers/covenant/consumers/analytics.ts", "workers/covenant/analytics/events.ts"],
    tests: [
      ...provedBy(servers, arrives, outage),
      ...provedBy(
        "tests/workers/covenant/events.test.ts",
        "has one row for each message, however often it comes, also within one batch",
        "keeps the others where the database refuses one of a batch",
      ),
    ],
  },
  {
    document: "Cache Invalidator -> Redis",
    here: "forgets the entity and the lists of its kind; a version keeps readers from storing what was true before",
    files: ["workers/covenant/consumers/cache-invalidator.ts", "workers/covenant/adapters/redis-cache.ts"],
    tests: provedBy(servers, arrives, outage),
  },
  {
    document: "Notification -> Push Service; subscribers are mobile apps (iOS, Android) and the web",
    here: "Firebase Cloud Messaging, by a topic for each level ([ADR 0033](adr/0033-push-by-fcm-topics.md))",
    files: ["workers/covenant/consumers/notifications.ts", "workers/covenant/adapters/fcm.ts"],
    tests: [
      ...provedBy(
        servers,
        "an incident arrives at the push service, for all who subscribe to its level, and in the trail",
        outage,
      ),
      ...provedBy(
        push,
        "takes a notification for a topic; on a device it replaces an earlier one of the same incident",
        "is unavailable while it does not answer, or gives no token",
      ),
    ],
  },
  {
    id: "C002-20",
    document: "Audit Logger -> Audit Trail, with history",
    here:
      "a hash chain a stream, with an entry for what is missing ([ADR 0034](adr/0034-audit-trail-without-holes.md)); " +
      "`verify-trail` checks it",
    files: ["workers/covenant/consumers/audit-logger.ts", "workers/covenant/audit"],
    tests: [
      ...provedBy(
        trail,
        "has one entry for each message, in the order of sequences, however often and in whatever order",
        "has entries for what its stream had no longer, and for what was given up",
        "two writers at the same time make one chain",
        "keeps a second writer waiting while the first one writes",
      ),
      ...provedBy(check, "tells lost from skipped", "finds any change of any field of any entry"),
      ...provedBy(servers, "verify-trail reports by its exit code whether the trail is whole, and what was done to it"),
    ],
  },
  {
    id: "C002-16",
    document: "one consumer for `covenant.>`, over several streams",
    here: "one worker binds its durable in each stream, with one breaker and one set of slots",
    files: ["workers/messaging/consumer/engine.ts"],
    tests: provedBy(streams, "takes messages of all of them, and its lag is that of all together"),
  },
  {
    id: "C002-18",
    document: "CACHE_INVALIDATOR and NOTIFICATIONS push, with flow control",
    here: "durables that push to one subject share one subscription; each of these workers runs once",
    files: ["workers/messaging/consumer/push.ts"],
    tests: [
      ...provedBy(
        streams,
        "binds push durables with one subject by one subscription: each message once, and one worker",
      ),
      ...provedBy(
        "tests/unit/workers/covenant/settings.test.ts",
        "run once where a second one would get the same messages, or write the same trail",
      ),
    ],
  },
  {
    document: "ANALYTICS: max_deliver 20, backoff 1 s to 30 s",
    here: "20 attempts, counted by the worker: an outage or a kill uses up none, and what fails is a dead letter",
    files: ["workers/covenant/consumers/ports.ts", "tenants/covenant.ts"],
    tests: provedBy(
      servers,
      killed,
      "what can never be processed is a dead letter of each worker that needs it, and recorded as it is",
    ),
  },
  {
    document: '`{"code":"USA","name":"United States"}` on `covenant.countries.created`',
    files: ["workers/covenant/messages.ts"],
    tests: [
      ...provedBy(servers, arrives),
      ...provedBy(
        messages,
        "know every subject that its streams hold, and no other",
        "are known by code or id, and keep all their fields",
      ),
    ],
  },
  {
    document: "publishers of country, project and user events",
    here: "`npm run traffic -- --account covenant` publishes samples on every subject, as the user `api`",
    files: ["workers/covenant/samples.ts", "workers/covenant/traffic.ts"],
    tests: provedBy(messages, "are of every kind, on every subject, and the same for the same number"),
  },
];
