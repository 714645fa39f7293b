import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { AgentEvent, AuditEvent } from "../../../workers/aigentflow";
import { type StateStore, stateStore } from "../../../workers/aigentflow/projection/store";

const tenantId = "aaaaaaaa-0000-4000-8000-000000000000";
const agentId = "00000000-0000-4000-8000-000000000001";

/** An event of one agent; `minute` is its sender's time. */
const event = (type: AgentEvent["type"], minute: number, more: Partial<AgentEvent> = {}): AgentEvent => ({
  ...{ id: randomUUID(), source: "test", tenantId, type, agentId, agentType: "coder", payload: { minute } },
  timestamp: `2026-01-02T03:${String(minute).padStart(2, "0")}:00.000Z`,
  ...more,
});

/** The same with PostgreSQL's server: tests/workers/aigentflow.test.ts. */
describe("states of aigentflow in the embedded database", function () {
  this.timeout(60_000);
  let store: StateStore;
  before(() => (store = stateStore({ connections: 1 }, assert.fail)));
  after(() => store.close());

  const state = (id = agentId, tenant = tenantId) => store.find({ kind: "agent", tenantId: tenant, id });

  it("are those of the newest event by the order of the stream, whatever the senders' clocks say", async () => {
    assert.equal(await state(), undefined);
    assert.equal(await store.apply("agent", event("agent.started", 30), 5), true);
    assert.equal(await store.apply("agent", event("agent.progress", 10), 7), true);
    assert.equal(await store.apply("agent", event("agent.blocked", 40), 6), false);
    const { type, sequence, timestamp, details } = (await state())!;
    assert.deepEqual([type, sequence, timestamp], ["agent.progress", 7, "2026-01-02T03:10:00.000Z"]);
    assert.deepEqual(details, { agentId, agentType: "coder", payload: { minute: 10 } });
  });

  it("take an event once, by its id and tenant", async () => {
    const once = event("agent.completed", 50);
    assert.equal(await store.apply("agent", once, 8), true);
    assert.equal(await store.apply("agent", event("agent.failed", 51), 9), true);
    assert.equal(await store.apply("agent", once, 10), false);
    assert.equal((await state())!.type, "agent.failed");
    const other = { ...once, tenantId: "bbbbbbbb-0000-4000-8000-000000000000" };
    assert.equal(await store.apply("agent", other, 11), true);
    assert.equal((await state(agentId, other.tenantId))!.type, "agent.completed");
  });

  it("take a replayed event, whose place in the stream is not known, where its sender's time is newer", async () => {
    assert.equal(await store.apply("agent", event("agent.blocked", 50)), false);
    assert.equal(await store.apply("agent", event("agent.progress", 55)), true);
    assert.deepEqual([(await state())!.type, (await state())!.sequence], ["agent.progress", 9]);
    assert.equal(await store.apply("agent", event("agent.started", 1), 12), true);
    const alone = event("agent.failed", 1, { agentId: randomUUID() });
    assert.equal(await store.apply("agent", alone), true);
    assert.equal((await state(alone.agentId))!.sequence, 0);
  });

  it("are, of the audit trail, the last record of each resource", async () => {
    const audit: AuditEvent = {
      ...{ id: randomUUID(), timestamp: "2026-01-02T03:04:05Z", source: "test", tenantId, type: "audit.mutation" },
      ...{ action: "delete", resourceType: "task", resourceId: "a/b", userId: agentId, metadata: {} },
    };
    await store.apply("audit", audit, 1);
    const { details } = (await store.find({ kind: "audit", tenantId, id: "task/a/b" }))!;
    const { action, resourceType, resourceId, userId, metadata } = audit;
    assert.deepEqual(details, { action, resourceType, resourceId, userId, metadata });
  });

  it("of the same event that comes to several workers at once change once", async () => {
    const one = event("agent.started", 2, { agentId: randomUUID() });
    const applied = await Promise.all([1, 2, 3].map(() => store.apply("agent", one, 20)));
    assert.deepEqual(applied.sort(), [false, false, true]);
  });

  it("ids of events are forgotten after the retention", async () => {
    const again = event("agent.started", 3, { agentId: randomUUID() });
    await store.apply("agent", again, 30);
    assert.equal(await store.purge(60_000), 0);
    assert.ok((await store.purge(-1_000)) > 5);
    assert.equal(await store.apply("agent", again, 31), true);
  });

  it("an event that no database can store is refused, and changes nothing", async () => {
    const broken = event("agent.started", 4, { agentId: randomUUID(), payload: { text: "\0" } });
    await assert.rejects(store.apply("agent", broken, 40), { code: "22P05" });
    assert.equal(await state(broken.agentId), undefined);
    assert.equal(await store.apply("agent", { ...broken, payload: {} }, 40), true);
  });
});
