import type { TenantSpec } from "../config/schema/tenant";

// C002-19: exactly these are stored and may be published; another verb is refused instead of lost.
const countries = ["covenant.countries.created", "covenant.countries.updated", "covenant.countries.deleted"];
const projects = ["covenant.projects.created", "covenant.projects.updated", "covenant.projects.deleted"];
const users = ["covenant.users.created", "covenant.users.updated", "covenant.users.deleted"];
const incidents = ["alerts.incidents.critical", "alerts.incidents.warning", "alerts.incidents.info"];

const entities = ["COVENANT_COUNTRIES", "COVENANT_PROJECTS", "COVENANT_USERS"];

/**
 * Covenant: entity events and incidents, written in iad, read in every region. Why each value is what it is:
 * docs/systems.md.
 */
export const covenant: TenantSpec = {
  name: "covenant",
  // C002-3: one cluster a region, never one stretched over three: iad holds the streams, ams and syd hold mirrors.
  home: "iad",
  streams: {
    COVENANT_COUNTRIES: {
      subjects: countries,
      // C002-20: the source says interest, but audit wants the history and a mirror of an interest stream is none. Same
      // below.
      retention: "limits",
      storage: "file",
      replicas: 3,
      // C002-4: meant as milliseconds, which JetStream would have read as nanoseconds (2.6 s). Same for all ages below.
      maxAge: "30d",
      maxMsgs: 1_000_000,
      maxBytes: "2GiB",
      discard: "old",
      mirrors: {
        ams: { maxAge: "30d", maxMsgs: 1_000_000, maxBytes: "2GiB" },
        syd: { maxAge: "30d", maxMsgs: 1_000_000, maxBytes: "2GiB" },
      },
    },
    COVENANT_PROJECTS: {
      subjects: projects,
      retention: "limits",
      storage: "file",
      replicas: 3,
      maxAge: "30d",
      maxMsgs: 1_000_000,
      maxBytes: "2GiB",
      discard: "old",
      mirrors: {
        ams: { maxAge: "30d", maxMsgs: 1_000_000, maxBytes: "2GiB" },
        syd: { maxAge: "30d", maxMsgs: 1_000_000, maxBytes: "2GiB" },
      },
    },
    COVENANT_USERS: {
      subjects: users,
      retention: "limits",
      storage: "file",
      replicas: 3,
      maxAge: "7d",
      maxMsgs: 100_000,
      maxBytes: "256MiB",
      discard: "old",
      mirrors: {
        ams: { maxAge: "7d", maxMsgs: 100_000, maxBytes: "256MiB" },
        syd: { maxAge: "7d", maxMsgs: 100_000, maxBytes: "256MiB" },
      },
    },
    ALERTS_INCIDENTS: {
      subjects: incidents,
      retention: "limits",
      storage: "file",
      replicas: 3,
      maxAge: "1d",
      maxMsgs: 10_000,
      maxBytes: "64MiB",
      // As the source has it, unlike its siblings: once 10,000 are stored the publisher is told, nothing is dropped.
      discard: "new",
      mirrors: {
        ams: { maxAge: "1d", maxMsgs: 10_000, maxBytes: "64MiB" },
        syd: { maxAge: "1d", maxMsgs: 10_000, maxBytes: "64MiB" },
      },
    },
  },
  // C002-2: the source gives these to servers as roles, "KV Store" and "Object Store"; they are streams of any server.
  keyValues: {
    // What each country is like now, for those who look one up: the events above only say what changed.
    profiles: {
      description: "Country profiles, by country code",
      history: 5,
      maxBytes: "256MiB",
      maxValueSize: "256KiB",
      mirrors: { ams: {}, syd: {} },
    },
  },
  objectStores: {
    documents: {
      description: "Documents of projects",
      maxBytes: "1GiB",
      compression: true,
      // Twice as much: chunks of deleted documents stay in a mirror.
      mirrors: { ams: { maxBytes: "2GiB" }, syd: { maxBytes: "2GiB" } },
    },
  },
  // C002-16: a consumer belongs to one stream, so each of these becomes a durable a stream: 3 + 3 + 1 + 4. They share
  // maxAckPending and rateLimitBps.
  // C002-17: without an ack policy the server takes `none` and ignores redelivery; all say explicit.
  consumers: {
    ANALYTICS: {
      // C002-14: the source's idle heartbeat is illegal on a pull consumer (error 10088).
      mode: "pull",
      streams: entities,
      filterSubjects: ["covenant.>"],
      ackPolicy: "explicit",
      // The source's 20 deliveries, counted by the worker: those to a worker that died, or while the database is down,
      // are no attempts.
      attempts: 20,
      backoff: ["1s", "5s", "10s", "30s"],
      maxAckPending: 100,
      deliverPolicy: "all",
    },
    CACHE_INVALIDATOR: {
      // C002-18: push with flow control is valid once acks are explicit and the heartbeat has its unit.
      mode: "push",
      streams: entities,
      filterSubjects: ["covenant.>"],
      deliverSubject: "consumer.cache-invalidator",
      ackPolicy: "explicit",
      // The source gives no limit. As ANALYTICS; same for NOTIFICATIONS.
      attempts: 20,
      backoff: ["30s", "1m", "2m", "5m"],
      maxAckPending: 100,
      deliverPolicy: "new",
      flowControl: true,
      idleHeartbeat: "5s",
      // C002-21: bits a second, so 125 kB/s.
      rateLimitBps: 1_000_000,
    },
    NOTIFICATIONS: {
      mode: "push",
      streams: ["ALERTS_INCIDENTS"],
      filterSubjects: ["alerts.>"],
      deliverSubject: "consumer.notifications",
      ackPolicy: "explicit",
      attempts: 20,
      backoff: ["30s", "1m", "2m", "5m"],
      // C002-23: incidents from before the consumer was there are not news.
      deliverPolicy: "new",
      // It was `all` and servers cannot change it: recreated where no incident waits. Remove it once that is deployed.
      allowDataLoss: [{ change: "replace", maxMessages: 0 }],
      flowControl: true,
      idleHeartbeat: "5s",
    },
    AUDIT_LOGGER: {
      mode: "pull",
      streams: [...entities, "ALERTS_INCIDENTS"],
      // C002-15: two filters, which is `filter_subjects`; each stream gets the one that is about it.
      filterSubjects: ["covenant.>", "alerts.>"],
      ackPolicy: "explicit",
      // No maxDeliver, on purpose: an audit record that cannot be written is tried until it can. Only a message with
      // which that many workers ended is given up.
      attempts: 100,
      ackWait: "30s",
      maxAckPending: 1000,
      deliverPolicy: "all",
      // C002-20: the source says original, which replays a backlog of a week over a week.
      replayPolicy: "instant",
    },
  },
  users: {
    api: {
      publishes: [...countries, ...projects, ...users, ...incidents],
      subscribes: ["covenant.>", "alerts.>"],
      keyValues: {
        profiles: ["get", "put", "watch"],
        "profiles-ams": ["get", "watch"],
        "profiles-syd": ["get", "watch"],
      },
      objectStores: { documents: ["get", "put", "list"] },
      // As in the source, `_INBOX.>`: any client gets the answers to what it publishes.
      inbox: "shared",
    },
    // Web and mobile apps: by WebSocket, where the environment listens for it.
    mobile: {
      listeners: ["websocket"],
      // C002-24: no stream stores it and the source names no reader: core NATS, at most once, until an owner says more.
      publishes: ["user-events.>"],
      subscribes: ["covenant.>", "alerts.>"],
      keyValues: { profiles: "get" },
      objectStores: { documents: "get" },
    },
    analytics: { subscribes: ["covenant.>", "alerts.>"], consumes: ["ANALYTICS"] },
    // The source has no users for the three below; its own three could not have consumed anything.
    "cache-invalidator": { consumes: ["CACHE_INVALIDATOR"] },
    notifications: { consumes: ["NOTIFICATIONS"] },
    "audit-logger": {
      consumes: ["AUDIT_LOGGER"],
      // The trail has no hole: what comes before a message and has no entry is read from its stream.
      allow: { publish: [...entities, "ALERTS_INCIDENTS"].map((stream) => `$JS.API.STREAM.MSG.GET.${stream}`) },
    },
  },
  // What workers give up is kept: the trail has an entry that says so.
  deadLetters: { maxAge: "30d", maxBytes: "256MiB" },
  // Passwords and keys of what they write to are in these Secrets: workers/covenant/README.md has their variables.
  workers: {
    ANALYTICS: { replicas: 2, secrets: ["covenant-database"] },
    // Push durables: one worker each.
    CACHE_INVALIDATOR: { replicas: 1, secrets: ["covenant-redis"] },
    NOTIFICATIONS: { replicas: 1, secrets: ["covenant-push"] },
    // One writer of the trail.
    AUDIT_LOGGER: { replicas: 1, secrets: ["covenant-database"] },
    // Copies what a worker could not, because it died with it.
    "dead-letters": { system: "dead-letters" },
  },
};
