import assert from "node:assert/strict";
import { withStandardParts } from "../../../config/assets/standard-parts";
import type { ConsumerSpec } from "../../../config/schema/tenant";
import { tenantSpec } from "../../../config/schema/tenant";
import { toBytes, toMilliseconds } from "../../../config/units";
import { tenants } from "../../../tenants";

/** Time between the first and the last delivery of a message that is never acknowledged, in milliseconds. */
function lasts({ maxDeliver, backoff, ackWait = "30s" }: ConsumerSpec): number {
  const waits = (backoff ?? [ackWait]).map(toMilliseconds);
  return Array.from({ length: maxDeliver! - 1 }, (_, index) => waits[index] ?? waits.at(-1)!).reduce(
    (a, b) => a + b,
    0,
  );
}

/** Every value of each is in docs/generator/systems, and compared in tests/unit/docs/generator/systems.test.ts. */
describe("tenants", () => {
  it("pass their schema and stand under their own names", () => {
    for (const [key, tenant] of Object.entries(tenants)) {
      assert.deepEqual(tenantSpec.parse(tenant), tenant);
      assert.equal(tenant.name, key);
    }
  });

  it("declare 14 streams, and 15 consumers that are 22 durables on them", () => {
    const all = Object.values(tenants);
    assert.equal(all.flatMap(({ streams }) => Object.keys(streams)).length, 14);
    const consumers = all.flatMap(({ consumers }) => Object.values(consumers));
    assert.equal(consumers.length, 15);
    assert.equal(consumers.flatMap(({ streams }) => streams).length, 22);
  });

  it("give up no message within an hour, unless their source says how often it is tried", () => {
    // Where a tenant keeps dead letters its workers count attempts, and the server has no limit.
    const limited: string[] = [];
    const short = Object.values(tenants).flatMap(({ consumers }) =>
      Object.entries(consumers).flatMap(([name, spec]) => (spec.maxDeliver && lasts(spec) < 3_600_000 ? [name] : [])),
    );
    assert.deepEqual(short.sort(), limited.sort());
  });

  it("count attempts where a tenant keeps dead letters, and only there", () => {
    const counted = Object.entries(tenants).flatMap(([key, { deadLetters, consumers }]) =>
      Object.entries(consumers).flatMap(([name, { attempts, maxDeliver }]) => {
        assert.equal(attempts !== undefined, deadLetters !== undefined, `${key}.${name}`);
        return attempts === undefined ? [] : [`${name} ${attempts} ${maxDeliver}`];
      }),
    );
    assert.deepEqual(counted, [
      "command-worker 3 undefined",
      "event-worker 5 undefined",
      "eligibility-worker 5 20",
      "sync-worker 5 20",
      ...["ANALYTICS", "CACHE_INVALIDATOR", "NOTIFICATIONS"].map((name) => `${name} 20 undefined`),
      "AUDIT_LOGGER 100 undefined",
      ...["sms-worker", "email-worker", "webhook-worker"].map((name) => `${name} 5 undefined`),
      ...["agent", "workflow", "task", "audit"].map((kind) => `api-${kind}-consumer 5 20`),
    ]);
  });

  it("keep webhooks going while retries of a receiver that is down wait unacknowledged, replayed ones too", () => {
    const { consumers } = withStandardParts(tenants.irisx!);
    const limits = ["webhook-worker", "WEBHOOKS-webhook-worker"].map((name) => consumers[name]!.maxAckPending);
    assert.deepEqual(limits, ["unlimited", "unlimited"]);
  });

  it("hold the 10,000 commands at which the source's alert fires, of 50 kB each, before one is refused", () => {
    const { discard, maxBytes } = tenants.arrakis!.streams.COMMANDS!;
    assert.equal(discard, "new");
    assert.ok(maxBytes !== "unlimited" && toBytes(maxBytes) >= 10_000 * 50_000, String(maxBytes));
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

  it("have a user for every durable", () => {
    for (const { consumers, users } of Object.values(tenants)) {
      const consumed = Object.values(users).flatMap(({ consumes = [] }) => consumes);
      // Those of aigentflow have two: the worker's, and that of applications that subscribe themselves.
      assert.deepEqual([...new Set(consumed)].sort(), Object.keys(consumers).sort());
    }
  });
});
