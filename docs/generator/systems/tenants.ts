import type { System, Value } from "./values";

const entity = (name: string) => ["created", "updated", "deleted"].map((verb) => `covenant.${name}.${verb}`);
const incidents = ["critical", "warning", "info"].map((level) => `alerts.incidents.${level}`);
const entityStreams = ["COVENANT_COUNTRIES", "COVENANT_PROJECTS", "COVENANT_USERS"];
const replicaRegions = ["ams", "syd"];

const retry = ["30s", "1m", "2m", "5m"];
const outage = (deliveries: number) =>
  `no limit below what an hour's outage of what the worker calls takes: ${deliveries} deliveries with these waits. ` +
  "Without a limit a message that no worker can handle is redelivered until it expires, and holds a place of " +
  "maxAckPending. A worker's nak should carry the same wait: 20 naks of 5 s are over in 100 s";

const explicit = "JetStream's default is none, which ignores maxDeliver and backoff (C002-17)";
const beginning = "JetStream's default; work queues accept no other (error 10101)";

/** The same values for several names. */
const each = (names: readonly string[], values: (name: string) => Record<string, Value>): Record<string, Value> =>
  Object.assign({}, ...names.map(values)) as Record<string, Value>;

const aigentflowKinds = ["agent", "workflow", "task", "audit"];
const aigentflowWorkers = aigentflowKinds.map((kind) => `api-${kind}-consumer`);

/** The four systems: what their documents give, and every value that is another in tenants/. */
export const systems: System[] = [
  {
    name: "arrakis",
    title: "arrakis: a Discord gateway and its workers",
    source: {
      streams: {
        COMMANDS: { subjects: ["commands.>"], retention: "workqueue", storage: "memory", maxAge: "60s" },
        EVENTS: { subjects: ["events.>"], retention: "limits", storage: "memory", maxAge: "5m" },
        ELIGIBILITY: { subjects: ["eligibility.>"], retention: "limits", storage: "file", maxAge: "7d" },
        INTERNAL: { subjects: ["internal.>"], retention: "limits", storage: "memory", maxAge: "1m" },
      },
      consumers: {
        "command-worker": { streams: ["COMMANDS"], ackWait: "30s", maxAckPending: 50 },
        "event-worker": { streams: ["EVENTS"], ackWait: "15s", maxAckPending: 100 },
        "eligibility-worker": { streams: ["ELIGIBILITY"], ackWait: "60s", maxAckPending: 200 },
        "sync-worker": { streams: ["ELIGIBILITY"], ackWait: "5m", maxAckPending: 10 },
      },
      users: { gateway: { publishes: ["commands.interaction", "events.guild.*", "events.member.*"] } },
    },
    departures: [
      {
        id: "C000-6",
        document: "losing COMMANDS and EVENTS on a restart is acceptable",
        here: { "streams.*.replicas": 3 },
        why: "three replicas in memory survive the restart of a server; one does not",
      },
      {
        id: "C000-5",
        document: "memory streams without max_bytes",
        here: {
          "streams.COMMANDS.maxBytes": "512MiB",
          "streams.EVENTS.maxBytes": "128MiB",
          "streams.ELIGIBILITY.maxBytes": "2GiB",
          "streams.INTERNAL.maxBytes": "32MiB",
        },
        why:
          "unbounded memory ends in an out-of-memory kill. COMMANDS holds the 10,000 messages at which the " +
          "document's alert fires in up to 52 KiB each, before discard new refuses one",
      },
      {
        here: { "streams.COMMANDS.discard": "new" },
        why: "a full work queue means that workers stand still: a refused command can be answered, a dropped one not",
      },
      {
        here: {
          "streams.EVENTS.discard": "old",
          "streams.ELIGIBILITY.discard": "old",
          "streams.INTERNAL.discard": "old",
        },
        why: "JetStream's default",
      },
      {
        here: { "streams.ELIGIBILITY.mirrors": ["ams"] },
        why: "the one stream of a week and on disk: a copy outlives the loss of iad",
      },
      { here: { home: "iad" }, why: "the documents know one region; covenant's primary one" },
      {
        id: "C000-3",
        document: "both workers on ELIGIBILITY, without filters",
        here: {
          "consumers.eligibility-worker.filterSubjects": ["eligibility.check.>"],
          "consumers.sync-worker.filterSubjects": ["eligibility.sync.>"],
        },
        why: "unfiltered, both get every message and every check runs twice",
      },
      {
        id: "C000-8",
        here: {
          "consumers.eligibility-worker.maxDeliver": 20,
          "consumers.eligibility-worker.backoff": ["60s", "2m", "5m"],
          "consumers.sync-worker.maxDeliver": 20,
        },
        why: outage(15),
      },
      {
        id: "C000-8",
        document: "no limit of attempts; retries after 5 s",
        here: {
          "consumers.command-worker.attempts": 3,
          "consumers.event-worker.attempts": 5,
          "consumers.eligibility-worker.attempts": 5,
          "consumers.sync-worker.attempts": 5,
        },
        why:
          "the worker counts failures, and makes a dead letter after the last: before the message expires, of a " +
          "command after a minute. Outages of Discord, PostgreSQL or Redis use up none",
      },
      {
        id: "C000-8",
        document: "what cannot be processed is terminated, or expires",
        here: { "deadLetters.maxAge": "30d", "deadLetters.maxBytes": "1GiB" },
        why: "what a worker gives up is kept, to be shown and replayed; what expires in COMMANDS leaves no copy",
      },
      {
        document: "consumer classes of their own, to be scaled independently; no numbers",
        here: {
          "workers.command-worker.replicas": 2,
          "workers.command-worker.maximum": 4,
          "workers.command-worker.secrets": ["arrakis-database", "arrakis-discord", "arrakis-redis"],
          "workers.event-worker.replicas": 2,
          "workers.event-worker.maximum": 4,
          "workers.event-worker.secrets": ["arrakis-database", "arrakis-redis"],
          "workers.eligibility-worker.replicas": 2,
          "workers.eligibility-worker.maximum": 8,
          "workers.eligibility-worker.secrets": ["arrakis-database", "arrakis-discord", "arrakis-redis", "arrakis-rpc"],
          "workers.sync-worker.replicas": 1,
          "workers.sync-worker.maximum": 4,
          "workers.sync-worker.secrets": ["arrakis-database", "arrakis-discord", "arrakis-redis", "arrakis-rpc"],
          "workers.dead-letters.system": "dead-letters",
        },
        why:
          "a process a durable: two, so that one may be replaced, and as many as maxAckPending keeps busy. Syncs " +
          "have one: they are long and few. The collector copies what a worker could not, because it died",
      },
      { here: { "consumers.*.mode": "pull" }, why: "workers of one durable share it and can be scaled" },
      { document: "ack, nak and term are used", here: { "consumers.*.ackPolicy": "explicit" }, why: explicit },
      { here: { "consumers.*.deliverPolicy": "all" }, why: beginning },
      {
        document: "guild.* and member.* in the table of events; every other event as `events.<its type>` in the code",
        here: { "users.gateway.publishes": ["commands.interaction", "events.>"] },
        why: "it forwards events whose types the documents do not list",
      },
      {
        document: "no users; no publisher of `eligibility.>` and `internal.>`",
        here: {
          "users.worker.publishes": ["eligibility.check.>", "eligibility.sync.>", "internal.>"],
          "users.worker.consumes": ["command-worker", "event-worker", "eligibility-worker", "sync-worker"],
        },
        why: 'its event handlers "check eligibility" and "sync tier", so it is the worker that publishes',
      },
    ],
    remarks: [
      {
        id: "C000-7",
        document: "tests by publishing `commands.test`",
        here: "the canary's own stream: a test in COMMANDS reaches a real worker",
      },
      {
        id: "C000-8",
        document: "no max_deliver for commands and events",
        here: "none: a command expires after 60 s and an event after 5 minutes. Workers should terminate what is stale",
      },
      {
        id: "C000-9",
        document: "30 s to acknowledge, but Discord wants an answer within 3 s",
        here:
          "as written: the 3 s are for the first answer, which a worker sends at once (it defers the interaction). " +
          "Follow-ups have 15 minutes, so a redelivered command can still be answered",
      },
      { id: "C001-2", document: '"3 consumers" beside four durables', here: "four" },
      {
        id: "C001-5",
        document: "`events.*` in the diagram",
        here: "`events.>`: `*` is one token and does not match `events.guild.join`",
      },
      {
        id: "C001-6",
        document: "the work's time limit equals ack_wait",
        here: "ackWait as written; workers need a shorter limit, or report that they are in progress",
      },
      {
        id: "C001-8",
        document: 'workers "ensure" their streams',
        here: "the jetstream stack owns them; workers may not create or change any",
      },
      {
        id: "C001-11",
        document: "10 stuck syncs stop sync-worker for 5 minutes",
        here: "as written; NATSConsumerAckPendingNearLimit fires at 80 % of it",
      },
    ],
    open: "The documents name no reader of INTERNAL.",
  },
  {
    name: "covenant",
    title: "covenant: entities and incidents, in three regions",
    source: {
      home: "iad",
      streams: {
        COVENANT_COUNTRIES: {
          subjects: entity("countries"),
          retention: "interest",
          maxAge: "30d",
          maxMsgs: 1_000_000,
          discard: "old",
          replicas: 3,
          mirrors: replicaRegions,
        },
        COVENANT_PROJECTS: {
          subjects: entity("projects"),
          retention: "interest",
          maxAge: "30d",
          maxMsgs: 1_000_000,
          discard: "old",
          replicas: 3,
          mirrors: replicaRegions,
        },
        COVENANT_USERS: {
          subjects: entity("users"),
          retention: "interest",
          maxAge: "7d",
          maxMsgs: 100_000,
          discard: "old",
          replicas: 3,
          mirrors: replicaRegions,
        },
        ALERTS_INCIDENTS: {
          subjects: incidents,
          retention: "limits",
          maxAge: "1d",
          maxMsgs: 10_000,
          discard: "new",
          replicas: 3,
          mirrors: replicaRegions,
        },
      },
      consumers: {
        ANALYTICS: {
          mode: "pull",
          filterSubjects: ["covenant.>"],
          maxDeliver: 20,
          backoff: ["1s", "5s", "10s", "30s"],
          maxAckPending: 100,
          deliverPolicy: "all",
          flowControl: true,
          idleHeartbeat: "5s",
        },
        CACHE_INVALIDATOR: {
          mode: "push",
          filterSubjects: ["covenant.>"],
          deliverSubject: "consumer.cache-invalidator",
          maxAckPending: 100,
          deliverPolicy: "new",
          flowControl: true,
          idleHeartbeat: "5s",
          rateLimitBps: 1_000_000,
        },
        NOTIFICATIONS: {
          mode: "push",
          filterSubjects: ["alerts.>"],
          deliverSubject: "consumer.notifications",
          deliverPolicy: "new",
          flowControl: true,
          idleHeartbeat: "5s",
        },
        AUDIT_LOGGER: {
          mode: "pull",
          filterSubjects: ["covenant.>", "alerts.>"],
          maxAckPending: 1000,
          deliverPolicy: "all",
          replayPolicy: "original",
          flowControl: true,
          idleHeartbeat: "60s",
        },
      },
      users: {
        api: {
          publishes: ["covenant.>", "alerts.>"],
          subscribes: ["covenant.>", "alerts.>"],
          inbox: "shared",
        },
        mobile: { publishes: ["user-events.>"], subscribes: ["covenant.>", "alerts.>"] },
        analytics: { subscribes: ["covenant.>", "alerts.>"] },
      },
    },
    departures: [
      {
        id: "C002-20",
        here: {
          "streams.COVENANT_COUNTRIES.retention": "limits",
          "streams.COVENANT_PROJECTS.retention": "limits",
          "streams.COVENANT_USERS.retention": "limits",
        },
        why:
          "with interest there is neither an audit trail with replay nor a copy in ams and syd: a message is gone " +
          "once acknowledged, and a mirror would hold it without end ([ADR 0010](adr/0010-limits-not-interest.md))",
      },
      { here: { "streams.*.storage": "file" }, why: "JetStream's default" },
      {
        here: {
          "streams.COVENANT_COUNTRIES.maxBytes": "2GiB",
          "streams.COVENANT_PROJECTS.maxBytes": "2GiB",
          "streams.COVENANT_USERS.maxBytes": "256MiB",
          "streams.ALERTS_INCIDENTS.maxBytes": "64MiB",
        },
        why: "what is not reserved can fill a server's disk; maxMsgs binds first up to 2 KiB (alerts: 6 KiB) a message",
      },
      {
        id: "C002-16",
        document: "one consumer for `covenant.>`, over several streams",
        here: {
          "consumers.ANALYTICS.streams": entityStreams,
          "consumers.CACHE_INVALIDATOR.streams": entityStreams,
          "consumers.NOTIFICATIONS.streams": ["ALERTS_INCIDENTS"],
          "consumers.AUDIT_LOGGER.streams": [...entityStreams, "ALERTS_INCIDENTS"],
        },
        why:
          "a consumer belongs to one stream, so each becomes a durable a stream. They share maxAckPending and " +
          "rateLimitBps in equal parts, so that the document's limits hold for all of them together: 33 each of " +
          "ANALYTICS and CACHE_INVALIDATOR (333,333 bit/s), 250 of AUDIT_LOGGER",
      },
      {
        id: "C002-14",
        here: {
          "consumers.ANALYTICS.flowControl": null,
          "consumers.ANALYTICS.idleHeartbeat": null,
          "consumers.AUDIT_LOGGER.flowControl": null,
          "consumers.AUDIT_LOGGER.idleHeartbeat": null,
        },
        why: "illegal on pull consumers (errors 10088, 10089)",
      },
      { id: "C002-17", here: { "consumers.*.ackPolicy": "explicit" }, why: explicit },
      {
        here: {
          "consumers.ANALYTICS.maxDeliver": null,
          "consumers.ANALYTICS.attempts": 20,
          "consumers.CACHE_INVALIDATOR.attempts": 20,
          "consumers.NOTIFICATIONS.attempts": 20,
        },
        why:
          "workers count attempts and make a dead letter of what failed: a server counts deliveries, those to a " +
          "worker that died too, and skips without a copy. The document's 20 for all three",
      },
      {
        document: "no limit",
        here: { "consumers.AUDIT_LOGGER.attempts": 100 },
        why: "what cannot be recorded is kept until it can; only a message with which 100 workers ended is given up",
      },
      {
        here: {
          "consumers.CACHE_INVALIDATOR.backoff": retry,
          "consumers.NOTIFICATIONS.backoff": retry,
        },
        why: "waits before another attempt; while Redis or the push service is down, none is used up",
      },
      { here: { "consumers.AUDIT_LOGGER.ackWait": "30s" }, why: "JetStream's default" },
      {
        id: "C002-20",
        here: { "consumers.AUDIT_LOGGER.replayPolicy": "instant" },
        why:
          "original delivers what is there in the rhythm in which it was written, also after each change of the " +
          "durable's leader (tried: 13.6 s for 13.5 s), so that the logger never catches up; in longer gaps its " +
          "client fails: " +
          '"heartbeats missed"',
      },
      {
        id: "C002-19",
        here: { "users.api.publishes": [...["countries", "projects", "users"].flatMap(entity), ...incidents] },
        why: "only these are in streams; another verb is refused instead of lost",
      },
      {
        id: "3.3",
        document: "`publish: null`, and nothing that it takes to consume",
        here: { "users.analytics.consumes": ["ANALYTICS"] },
        why: "`null` is a subject of that name; a consumer's client needs its requests and acknowledgements",
      },
      {
        id: "3.3",
        document: "no users for three consumers",
        here: {
          "users.cache-invalidator.consumes": ["CACHE_INVALIDATOR"],
          "users.notifications.consumes": ["NOTIFICATIONS"],
          "users.audit-logger.consumes": ["AUDIT_LOGGER"],
        },
        why: "a user each, with just its durables",
      },
      {
        here: {
          "users.audit-logger.allow.publish": [...entityStreams, "ALERTS_INCIDENTS"].map(
            (stream) => `$JS.API.STREAM.MSG.GET.${stream}`,
          ),
        },
        why: "the trail has no hole: what comes before a message and has no entry is read from its stream",
      },
      {
        document: "subscribers: GraphQL API, mobile apps (iOS, Android), web",
        here: { "users.mobile.listeners": ["websocket"] },
        why:
          "pages and apps speak NATS by WebSocket; it has effect where the environment listens for it " +
          "(docs/listeners.md), which none does by default",
      },
      {
        id: "C002-2",
        document: "roles of servers: KV Store, Object Store",
        here: {
          "keyValues.profiles.history": 5,
          "keyValues.profiles.maxBytes": "256MiB",
          "keyValues.profiles.maxValueSize": "256KiB",
          "keyValues.profiles.mirrors": ["ams", "syd"],
          "objectStores.documents.maxBytes": "1GiB",
          "objectStores.documents.compression": true,
          "objectStores.documents.mirrors": ["ams", "syd"],
          "users.api.keyValues.profiles": ["get", "put", "watch"],
          "users.api.keyValues.profiles-ams": ["get", "watch"],
          "users.api.keyValues.profiles-syd": ["get", "watch"],
          "users.api.objectStores.documents": ["get", "put", "list"],
          "users.mobile.keyValues.profiles": "get",
          "users.mobile.objectStores.documents": "get",
        },
        why:
          "both are streams, which any server holds: one of each, at home in iad, with copies in ams and syd. " +
          "The API writes both and follows profiles in each region; the apps read. What is in them is ours: " +
          "the source only names the roles",
      },
      {
        document: "nothing about what cannot be processed",
        here: { "deadLetters.maxAge": "30d", "deadLetters.maxBytes": "256MiB" },
        why: "a month to find out why something failed and to replay it ([dead-letters.md](dead-letters.md))",
      },
      {
        document: "sinks: PostgreSQL, Redis, a push service, an audit trail",
        here: {
          "workers.ANALYTICS.replicas": 2,
          "workers.ANALYTICS.secrets": ["covenant-database"],
          "workers.CACHE_INVALIDATOR.replicas": 1,
          "workers.CACHE_INVALIDATOR.secrets": ["covenant-redis"],
          "workers.NOTIFICATIONS.replicas": 1,
          "workers.NOTIFICATIONS.secrets": ["covenant-push"],
          "workers.AUDIT_LOGGER.replicas": 1,
          "workers.AUDIT_LOGGER.secrets": ["covenant-database"],
          "workers.dead-letters.system": "dead-letters",
        },
        why:
          "a worker each, of workers/covenant: two where either does, one of a push durable, which sends every " +
          "message to all, and one writer of the trail; and one that copies what a worker died with",
      },
    ],
    remarks: [
      {
        id: "C002-1, C002-2",
        document: "quorum 3 of 3; nodes with roles",
        here: "any two of three; leaders are elected a stream, nodes have no roles",
      },
      {
        id: "C002-4",
        document: "ages, backoff, heartbeats in milliseconds",
        here: "with their unit: as nanoseconds 30 days are 2.6 s, and one day is refused",
      },
      {
        id: "C002-5",
        document: "`maxAge`, `maxMsgs`, `replicas`",
        here: "JetStream's own names: 2.10 ignored the others, later servers refuse them",
      },
      {
        id: "C002-6",
        document: "`encryption` of a stream",
        here: "no such field: JetStream's encryption at rest, below",
      },
      {
        id: "C002-15",
        document: "an array as `filter_subject`",
        here: "`filter_subjects`; each stream gets the ones about it: others deliver nothing, silently",
      },
      {
        id: "C002-18",
        document: "push with max_ack_pending and flow control",
        here:
          "kept: valid with explicit acknowledgements and a heartbeat. The three durables of CACHE_INVALIDATOR send " +
          "to one subject, so one subscription binds all of them",
      },
      {
        id: "C002-21",
        document: "1,000,000 bit/s, which is 125 kB/s",
        here: "as written. The slower, the more is dropped unread at maxMsgs; NATSStreamNearFull warns",
      },
      {
        id: "C002-22",
        document: "ALERTS_INCIDENTS, unlike its siblings, discards new at 10,000",
        here: "as written: the publisher is refused and knows; NATSStreamNearFull warns. Its mirrors discard old",
      },
      {
        id: "C002-23",
        document: "NOTIFICATIONS delivers only new",
        here: "as written: what was published before the durable was made is not notified",
      },
      {
        document: "NOTIFICATIONS: push without a deliver group",
        here:
          "as written: a group does not go with its heartbeat and flow control. Two clients that subscribe to " +
          "`consumer.notifications` both notify, so it runs as one instance that binds exclusively " +
          "(`consumers.getPushConsumer`, which refuses a second one; not `getBoundPushConsumer`): " +
          "[an example](examples/workers/notifications.ts)",
      },
      {
        id: "C002-24",
        document: "mobile publishes `user-events.>`",
        here: "allowed, core NATS, stored nowhere: no document names a stream or a reader. **To be confirmed**",
      },
      {
        document: "AUDIT_LOGGER: no max_deliver",
        here: "none: an audit record that cannot be written is retried until it can be",
      },
    ],
  },
  {
    name: "irisx",
    title: "irisx: SMS, e-mail and webhooks",
    source: {
      streams: {
        SMS: {
          subjects: ["sms.send", "sms.status"],
          storage: "file",
          maxAge: "7d",
          maxMsgs: 1_000_000,
          maxBytes: "10GiB",
        },
        EMAIL: {
          subjects: ["email.send", "email.status"],
          storage: "file",
          maxAge: "7d",
          maxMsgs: 1_000_000,
          maxBytes: "10GiB",
        },
        WEBHOOKS: {
          subjects: ["webhooks.deliver", "webhooks.retry"],
          storage: "file",
          maxAge: "7d",
          maxMsgs: 1_000_000,
          maxBytes: "5GiB",
        },
      },
      consumers: {
        "sms-worker": {
          streams: ["SMS"],
          filterSubjects: ["sms.send"],
          ackPolicy: "explicit",
          ackWait: "30s",
          maxDeliver: 5,
        },
        "email-worker": {
          streams: ["EMAIL"],
          filterSubjects: ["email.send"],
          ackPolicy: "explicit",
          ackWait: "30s",
          maxDeliver: 5,
        },
        "webhook-worker": { streams: ["WEBHOOKS"], ackPolicy: "explicit", ackWait: "30s", maxDeliver: 5 },
      },
      users: {},
    },
    departures: [
      {
        id: "C003-4, C003-11",
        document: 'ack "removes from queue", and seven days of replay',
        here: { "streams.*.retention": "limits" },
        why: "only these can be replayed, and statuses without a reader would fill a work queue",
      },
      {
        id: "C003-8",
        document: 'one server, "no data loss"',
        here: { "streams.*.replicas": 3 },
        why: "one server's disk is one",
      },
      {
        id: "C003-8",
        document: '"99.99%+ (with acks)" on one server',
        here: { "streams.*.mirrors": ["ams"] },
        why:
          "4.3 minutes of 30 days are less than a region takes to come back; with a copy in ams, `npm run failover` " +
          "goes on taking messages. It costs 25 GiB reserved on each server of ams, and every message once over the " +
          "gateway; publishers wait for iad alone. Deliveries wait in ams until the failback, or until workers run " +
          "there (docs/runbooks/failover.md)",
      },
      { here: { "streams.*.discard": "old" }, why: "JetStream's default" },
      { here: { home: "iad" }, why: "the documents know one region; covenant's primary one" },
      {
        id: "C003-3",
        document: '"exponential backoff", no values',
        here: { "consumers.*.backoff": ["30s", "1m", "2m", "4m"] },
        why:
          "it begins with ackWait and doubles; for missing acknowledgements only. A plain `nak()` is redelivered at " +
          "once: workers give it the same wait. The document's five attempts last 7.5 minutes",
      },
      {
        id: "C003-8",
        document: "max_deliver 5, and after it the message is skipped",
        here: { "consumers.*.maxDeliver": null, "consumers.*.attempts": 5 },
        why:
          "the worker counts five attempts and makes a dead letter of what failed: a server counts deliveries, those " +
          "to a worker that died and those while a vendor is down too, and skips without a copy",
      },
      {
        here: { "consumers.webhook-worker.maxAckPending": "unlimited" },
        why:
          "a retry that is not due waits unacknowledged, up to an hour: with JetStream's default of 1,000 those of " +
          "one receiver that is down would stop all webhooks",
      },
      {
        document: "to come: priority queues",
        here: {
          "lanes.sms.send.high": 6,
          "lanes.sms.send.normal": 3,
          "lanes.sms.send.low": 1,
        },
        why:
          "`sms.send.high`, `.normal` and `.low` have durables of their own ([lanes.md](lanes.md)): JetStream has no " +
          "priority of a message. `sms.send` is normal, as before",
      },
      {
        document: "to come: a dead letter queue after the last retry",
        here: { "deadLetters.maxAge": "30d", "deadLetters.maxBytes": "1GiB" },
        why: "a month to find out why something failed and to replay it ([dead-letters.md](dead-letters.md))",
      },
      {
        document: "nothing about who may read messages",
        here: { "deadLetters.redact": ["to", "body", "html"] },
        why: "whom it was for and what it said is not needed to see why it failed; the console leaves it out",
      },
      { here: { "consumers.*.mode": "pull" }, why: "workers of one durable share it and can be scaled" },
      { here: { "consumers.*.deliverPolicy": "all" }, why: "JetStream's default" },
      {
        document: "the worker is to be written",
        here: { "consumers.webhook-worker.filterSubjects": ["webhooks.deliver", "webhooks.retry"] },
        why: "both are work of the same kind, and no other consumer of `webhooks.retry` is named",
      },
      {
        id: "C003-9",
        document: "one token for all",
        here: {
          "users.api.publishes": ["sms.send", "email.send", "webhooks.deliver"],
          "users.sms-worker.publishes": ["sms.status"],
          "users.sms-worker.consumes": ["sms-worker"],
          "users.email-worker.publishes": ["email.status"],
          "users.email-worker.consumes": ["email-worker"],
          "users.webhook-worker.publishes": ["webhooks.retry"],
          "users.webhook-worker.consumes": ["webhook-worker"],
        },
        why: "a user a service, so that one that leaks opens little",
      },
      {
        id: "C003-7",
        document: "workers under PM2, on one machine",
        here: {
          "workers.api.replicas": 2,
          "workers.api.port": 8081,
          "workers.api.secrets": ["irisx-api", "irisx-database"],
          "workers.sms-worker.replicas": 2,
          "workers.sms-worker.maximum": 8,
          "workers.sms-worker.secrets": ["irisx-database", "irisx-sms"],
          "workers.email-worker.replicas": 2,
          "workers.email-worker.maximum": 8,
          "workers.email-worker.secrets": ["irisx-database", "irisx-email"],
          "workers.webhook-worker.replicas": 2,
          "workers.webhook-worker.maximum": 8,
          "workers.webhook-worker.secrets": ["irisx-database", "irisx-webhooks"],
        },
        why: "two of each outlive a node; more while messages wait ([workers.md](workers.md))",
      },
      {
        document: "to come: a dead letter queue after the last retry",
        here: { "workers.dead-letters.system": "dead-letters" },
        why: "copies what a worker could not, because it died with it",
      },
    ],
    remarks: [
      {
        id: "C003-2",
        document: '10 GB are "10M messages", with max_msgs 1,000,000',
        here: "both limits as written: the count binds first, the notes are wrong",
      },
      { id: "C003-5", document: "`SMS.sms.send`", here: "stream SMS, filter `sms.send`" },
      {
        document: "webhook-worker publishes again to `webhooks.retry`",
        here:
          "every publication is a new message with deliveries of its own, so max_deliver does not bound it: the " +
          "worker counts in the header `Webhook-Attempt` and terminates what was tried five times, as the document's " +
          "retry limit has it ([workers/irisx](../workers/irisx/README.md))",
      },
    ],
    open: "`sms.status` and `email.status` have no consumer: the documents name none.",
  },
  {
    name: "aigentflow",
    title: "aigentflow: agents, workflows, tasks and their audit",
    source: {
      streams: {
        AGENT_EVENTS: {
          subjects: ["agent.>", "workflow.>"],
          retention: "limits",
          storage: "file",
          replicas: 1,
          maxAge: "7d",
          maxBytes: "1GiB",
        },
        TASK_EVENTS: {
          subjects: ["task.>"],
          retention: "limits",
          storage: "file",
          replicas: 1,
          maxAge: "30d",
          maxBytes: "5GiB",
        },
        AUDIT_EVENTS: {
          subjects: ["audit.>"],
          retention: "limits",
          storage: "file",
          replicas: 1,
          maxAge: "365d",
          maxBytes: "10GiB",
        },
      },
      consumers: {
        "api-agent-consumer": {
          mode: "push",
          streams: ["AGENT_EVENTS"],
          filterSubjects: ["agent.>"],
          ackPolicy: "explicit",
        },
        "api-workflow-consumer": {
          mode: "push",
          streams: ["AGENT_EVENTS"],
          filterSubjects: ["workflow.>"],
          ackPolicy: "explicit",
        },
        "api-task-consumer": {
          mode: "push",
          streams: ["TASK_EVENTS"],
          filterSubjects: ["task.>"],
          ackPolicy: "explicit",
        },
      },
      users: {},
    },
    departures: [
      {
        id: "C004-10",
        here: { "streams.*.replicas": 3 },
        why: "one replica is lost with its server, and the documents want coordination and an audit trail to last",
      },
      {
        id: "C004-11",
        here: { "streams.*.discard": "old" },
        why:
          "JetStream's default. AUDIT_EVENTS may lose its oldest records at 10 GiB before their year is over, but " +
          "`new` would refuse new ones; NATSStreamNearFull leaves time to archive or to raise the limit",
      },
      { here: { home: "iad" }, why: "the documents know one region; covenant's primary one" },
      {
        id: "C004-3",
        here: { "consumers.*.mode": "pull" },
        why: '"consumer groups" are wanted, and a second instance of a push consumer without a group is refused',
      },
      {
        id: "C004-5",
        document: "no max_deliver; JSON errors are redelivered at once, without limit",
        here: { "consumers.*.maxDeliver": 20, "consumers.*.backoff": retry },
        why: outage(16),
      },
      {
        id: "C004-5",
        document: "errors of handlers are logged, and acknowledged",
        here: { "consumers.*.attempts": 5, "deadLetters.maxAge": "30d", "deadLetters.maxBytes": "1GiB" },
        why:
          "workers do not acknowledge them: what fails five times, or is no event, is kept for a month to find out " +
          "why and to replay it ([dead-letters.md](dead-letters.md))",
      },
      {
        here: { "consumers.*.ackWait": "30s", "consumers.*.maxAckPending": 1000, "consumers.*.deliverPolicy": "all" },
        why: "JetStream's defaults, which the documents rely on",
      },
      {
        document: "AUDIT_EVENTS has no consumer",
        here: {
          "consumers.api-audit-consumer.streams": ["AUDIT_EVENTS"],
          "consumers.api-audit-consumer.filterSubjects": ["audit.>"],
          "consumers.api-audit-consumer.ackPolicy": "explicit",
        },
        why: "a trail that nothing reads is of no use; as the other three, by name and values",
      },
      {
        document: "persistence and replay are wanted, without code for the second",
        here: {
          "streams.*.allowDirect": true,
          "users.api.allow.publish": ["AGENT", "TASK", "AUDIT"].map((kind) => `$JS.API.DIRECT.GET.${kind}_EVENTS`),
        },
        why:
          "stored events are read by sequence or time without a consumer: who may create one can read, and hold " +
          "up, all that its account has. Any replica answers",
      },
      {
        id: "C004-13",
        document: "a token, or one user and password",
        here: {
          "users.api.publishes": ["agent.>", "workflow.>", "task.>", "audit.>"],
          "users.api.consumes": aigentflowWorkers,
          ...each(aigentflowWorkers, (name) => ({ [`users.${name}.consumes`]: [name] })),
        },
        why: "a server has either; here each user has what it needs, and each worker a user of its own",
      },
      {
        id: "C004-6",
        document: "requests and answers, on subjects of streams",
        here: {
          "users.api.requests": aigentflowKinds.map((kind) => `state.${kind}`),
          ...each(aigentflowKinds, (kind) => ({
            [`users.api-${kind}-consumer.responds.service`]: `${kind}-state`,
            [`users.api-${kind}-consumer.responds.endpoints`]: [`state.${kind}`],
          })),
        },
        why: "on subjects of no stream: a stream would store the request, and its acknowledgement be the first answer",
      },
      {
        document: "one application subscribes",
        here: {
          ...each(aigentflowWorkers, (name) => ({
            [`workers.${name}.replicas`]: 2,
            [`workers.${name}.maximum`]: 8,
            [`workers.${name}.secrets`]: ["aigentflow-database"],
          })),
          "workers.dead-letters.system": "dead-letters",
        },
        why:
          "two of each outlive a node; more while messages wait ([workers.md](workers.md)). The last copies what a " +
          "worker could not, because it died with it",
      },
    ],
    remarks: [
      {
        id: "C004-1, C004-2",
        document: "own names of fields, `catch {}` around creation",
        here: "JetStream's names; the provider reads, compares, updates",
      },
      {
        id: "C004-4",
        document: "doubled tokens (`agent.x.agent.started`), free text in subjects",
        here:
          "published as `agent.<agentType>.<event>`, with tokens checked. `agent.>` holds both forms, and handlers " +
          "are found by the field `type`: durables deliver both alike. Only a subscription to a doubled subject " +
          "itself, without a durable, does not see the new one ([workers/aigentflow](../workers/aigentflow/README.md))",
      },
      {
        id: "C004-6",
        document: "requests on subjects of streams",
        here: "`state.*`, of no stream; a rule refuses others: a stream's acknowledgement would be the first answer",
      },
      {
        id: "C004-9",
        document: "365 days in nanoseconds, past 2^53",
        here: '`"365d"`; exact up to ten years (tested)',
      },
      {
        id: "C004-11",
        document: "an audit trail",
        here:
          "no denyDelete and denyPurge: they do not prevent deleting the stream (tested), but can never be undone, " +
          "so that no record could be erased even where law asks for it; no user may delete or purge anyway",
      },
      {
        id: "C004-12",
        document: "no message id",
        here: "the event's `id`: for 2 minutes known to the stream, for `EVENT_ID_RETENTION` to the workers' states",
      },
    ],
  },
];
