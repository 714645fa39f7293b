import assert from "node:assert/strict";
import type { ConsumerSpec } from "../../../config/schema/tenant";
import { tenantSpec } from "../../../config/schema/tenant";
import { tenants } from "../../../tenants";

/** What the four systems need, a row each; columns as the source documents have them. */
const streams = [
  // tenant, stream, subjects, retention, storage, maxAge, maxMsgs, maxBytes, discard, mirrors
  ["arrakis", "COMMANDS", "commands.>", "workqueue", "memory", "60s", "", "64MiB", "new", ""],
  ["arrakis", "EVENTS", "events.>", "limits", "memory", "5m", "", "128MiB", "old", ""],
  ["arrakis", "ELIGIBILITY", "eligibility.>", "limits", "file", "7d", "", "2GiB", "old", "ams"],
  ["arrakis", "INTERNAL", "internal.>", "limits", "memory", "1m", "", "32MiB", "old", ""],
  ["covenant", "COVENANT_COUNTRIES", entity("countries"), "limits", "file", "30d", 1_000_000, "2GiB", "old", "ams syd"],
  ["covenant", "COVENANT_PROJECTS", entity("projects"), "limits", "file", "30d", 1_000_000, "2GiB", "old", "ams syd"],
  ["covenant", "COVENANT_USERS", entity("users"), "limits", "file", "7d", 100_000, "256MiB", "old", "ams syd"],
  [
    "covenant",
    "ALERTS_INCIDENTS",
    "alerts.incidents.critical alerts.incidents.warning alerts.incidents.info",
    "limits",
    "file",
    "1d",
    10_000,
    "64MiB",
    "old",
    "ams syd",
  ],
  ["irisx", "SMS", "sms.send sms.status", "limits", "file", "7d", 1_000_000, "10GiB", "old", ""],
  ["irisx", "EMAIL", "email.send email.status", "limits", "file", "7d", 1_000_000, "10GiB", "old", ""],
  ["irisx", "WEBHOOKS", "webhooks.deliver webhooks.retry", "limits", "file", "7d", 1_000_000, "5GiB", "old", ""],
  ["aigentflow", "AGENT_EVENTS", "agent.> workflow.>", "limits", "file", "7d", "", "1GiB", "old", ""],
  ["aigentflow", "TASK_EVENTS", "task.>", "limits", "file", "30d", "", "5GiB", "old", ""],
  ["aigentflow", "AUDIT_EVENTS", "audit.>", "limits", "file", "365d", "", "10GiB", "old", ""],
];

const entities = "COVENANT_COUNTRIES COVENANT_PROJECTS COVENANT_USERS";

const consumers = [
  // tenant, durable, streams, filters, mode, ackWait, maxDeliver, backoff, maxAckPending, deliver, replay, other
  ["arrakis", "command-worker", "COMMANDS", "", "pull", "30s", 2, "", 50, "all", "", ""],
  ["arrakis", "event-worker", "EVENTS", "", "pull", "15s", 5, "", 100, "all", "", ""],
  ["arrakis", "eligibility-worker", "ELIGIBILITY", "eligibility.check.>", "pull", "60s", 5, "", 200, "all", "", ""],
  ["arrakis", "sync-worker", "ELIGIBILITY", "eligibility.sync.>", "pull", "5m", 5, "", 10, "all", "", ""],
  ["covenant", "ANALYTICS", entities, "covenant.>", "pull", "", 20, "1s 5s 10s 30s", 100, "all", "", ""],
  [
    "covenant",
    "CACHE_INVALIDATOR",
    entities,
    "covenant.>",
    "push",
    "30s",
    5,
    "",
    100,
    "new",
    "",
    "consumer.cache-invalidator fc 5s 8000000",
  ],
  [
    "covenant",
    "NOTIFICATIONS",
    "ALERTS_INCIDENTS",
    "alerts.>",
    "push",
    "30s",
    5,
    "",
    "",
    "all",
    "",
    "consumer.notifications fc 5s",
  ],
  [
    "covenant",
    "AUDIT_LOGGER",
    `${entities} ALERTS_INCIDENTS`,
    "covenant.> alerts.>",
    "pull",
    "30s",
    "",
    "",
    1000,
    "all",
    "instant",
    "",
  ],
  ["irisx", "sms-worker", "SMS", "sms.send", "pull", "30s", 5, "30s 1m 2m 4m", "", "all", "", ""],
  ["irisx", "email-worker", "EMAIL", "email.send", "pull", "30s", 5, "30s 1m 2m 4m", "", "all", "", ""],
  [
    "irisx",
    "webhook-worker",
    "WEBHOOKS",
    "webhooks.deliver webhooks.retry",
    "pull",
    "30s",
    5,
    "30s 1m 2m 4m",
    "",
    "all",
    "",
    "",
  ],
  ["aigentflow", "api-agent-consumer", "AGENT_EVENTS", "agent.>", "pull", "30s", 5, "", 1000, "all", "", ""],
  ["aigentflow", "api-workflow-consumer", "AGENT_EVENTS", "workflow.>", "pull", "30s", 5, "", 1000, "all", "", ""],
  ["aigentflow", "api-task-consumer", "TASK_EVENTS", "task.>", "pull", "30s", 5, "", 1000, "all", "", ""],
];

const users = {
  arrakis: { gateway: "commands.interaction events.>", worker: "eligibility.check.> eligibility.sync.> internal.>" },
  covenant: {
    api:
      `${entity("countries")} ${entity("projects")} ${entity("users")} alerts.incidents.critical ` +
      `alerts.incidents.warning alerts.incidents.info`,
    mobile: "user-events.>",
    analytics: "",
    "cache-invalidator": "",
    notifications: "",
    "audit-logger": "",
  },
  irisx: {
    api: "sms.send email.send webhooks.deliver",
    "sms-worker": "sms.status",
    "email-worker": "email.status",
    "webhook-worker": "webhooks.retry",
  },
  aigentflow: { api: "agent.> workflow.> task.> audit.>" },
};

function entity(name: string): string {
  return ["created", "updated", "deleted"].map((verb) => `covenant.${name}.${verb}`).join(" ");
}

const pushFields = (consumer: ConsumerSpec): string =>
  consumer.mode === "pull"
    ? ""
    : [consumer.deliverSubject, consumer.flowControl && "fc", consumer.idleHeartbeat, consumer.rateLimitBps]
        .filter(Boolean)
        .join(" ");

const words = (list: readonly string[] = []): string => list.join(" ");

describe("tenants", () => {
  it("pass their schema and stand under their own names", () => {
    for (const [key, tenant] of Object.entries(tenants)) {
      assert.deepEqual(tenantSpec.parse(tenant), tenant);
      assert.equal(tenant.name, key);
    }
  });

  it("declare the 14 streams of the four systems, value by value", () => {
    const declared = Object.entries(tenants).flatMap(([tenant, spec]) =>
      Object.entries(spec.streams).map(([name, stream]) => [
        tenant,
        name,
        words(stream.subjects),
        stream.retention,
        stream.storage,
        stream.maxAge,
        stream.maxMsgs ?? "",
        stream.maxBytes,
        stream.discard,
        words(Object.keys(stream.mirrors ?? {})),
      ]),
    );
    assert.deepEqual(declared, streams);
    assert.equal(declared.length, 14);
  });

  it("declare their durables, value by value; 21 of them on the streams", () => {
    const declared = Object.entries(tenants).flatMap(([tenant, spec]) =>
      Object.entries(spec.consumers).map(([name, consumer]) => [
        tenant,
        name,
        words(consumer.streams),
        words(consumer.filterSubjects),
        consumer.mode,
        consumer.ackWait ?? "",
        consumer.maxDeliver ?? "",
        words(consumer.backoff),
        consumer.maxAckPending ?? "",
        consumer.deliverPolicy,
        consumer.replayPolicy ?? "",
        pushFields(consumer),
      ]),
    );
    assert.deepEqual(declared, consumers);
    assert.equal(consumers.flatMap(([, , streams]) => String(streams).split(" ")).length, 21);
  });

  it("keep three replicas of every stream, in iad, and acknowledge explicitly", () => {
    for (const { home, streams, consumers } of Object.values(tenants)) {
      assert.equal(home, "iad");
      for (const stream of Object.values(streams)) assert.deepEqual([stream.replicas, stream.home], [3, undefined]);
      for (const consumer of Object.values(consumers)) assert.equal(consumer.ackPolicy, "explicit");
    }
  });

  it("give each mirror the limits of its origin", () => {
    for (const { streams } of Object.values(tenants)) {
      for (const { mirrors = {}, maxAge, maxBytes, maxMsgs } of Object.values(streams)) {
        for (const limits of Object.values(mirrors))
          assert.deepEqual(limits, { maxAge, maxBytes, ...(maxMsgs && { maxMsgs }) });
      }
    }
  });

  it("let each user publish what it is there for", () => {
    const declared = Object.fromEntries(
      Object.entries(tenants).map(([tenant, spec]) => [
        tenant,
        Object.fromEntries(Object.entries(spec.users).map(([user, { publishes }]) => [user, words(publishes)])),
      ]),
    );
    assert.deepEqual(declared, users);
  });

  it("have a user for every durable", () => {
    for (const { consumers, users } of Object.values(tenants)) {
      const consumed = Object.values(users).flatMap(({ consumes = [] }) => consumes);
      assert.deepEqual(consumed.sort(), Object.keys(consumers).sort());
    }
  });
});
