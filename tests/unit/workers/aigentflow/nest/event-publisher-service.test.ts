import assert from "node:assert/strict";
import { EventPublisherService } from "../../../../../workers/aigentflow";
import { MessageError } from "../../../../../workers/messaging";

const id = "123e4567-e89b-12d3-a456-426614174000";
const tenantId = "aaaaaaaa-0000-4000-8000-000000000000";

/** A service whose messages are noted. */
function noting() {
  const published: { subject: string; data: Record<string, unknown>; id?: string }[] = [];
  const publish = (subject: string, data: object, options: { id?: string } = {}) => {
    published.push({ subject, data: data as Record<string, unknown>, ...options });
    return Promise.resolve({ stream: "", seq: 1, duplicate: false, domain: "" });
  };
  return { service: new EventPublisherService({ publish }, "billing"), published };
}

const agent = { tenantId, type: "agent.started", agentId: id, agentType: "coder", payload: {} } as const;

describe("EventPublisherService", () => {
  it("publishes on the subject of its kind, with its id as message id", async () => {
    const { service, published } = noting();
    await service.publishAgentEvent(agent);
    await service.publishWorkflowEvent({ tenantId, type: "workflow.step.started", workflowId: id, payload: {} });
    await service.publishTaskEvent({ tenantId, type: "task.created", taskId: id, taskType: "a-b_c", payload: {} });
    const audit = { action: "read", resourceType: "a b", resourceId: "c.d", metadata: {} };
    await service.publishAuditEvent({ tenantId, type: "audit.access", ...audit });
    assert.deepEqual(
      published.map(({ subject }) => subject),
      ["agent.coder.started", "workflow.step.started", "task.a-b_c.created", "audit.access"],
    );
    for (const { id, data } of published) assert.equal(id, data.id);
    assert.equal(new Set(published.map(({ id }) => id)).size, 4);
  });

  it("adds id, time and source, keeps those that are given, and returns the event", async () => {
    const { service, published } = noting();
    const before = Date.now();
    const event = await service.publishAgentEvent({ ...agent, correlationId: id });
    assert.deepEqual(published[0]!.data, event);
    assert.deepEqual([event.source, event.correlationId, event.tenantId], ["billing", id, tenantId]);
    assert.ok(Date.parse(event.timestamp) >= before);
    const given = { id, timestamp: "2026-01-02T03:04:05Z", source: "importer" };
    assert.deepEqual(await service.publishAgentEvent({ ...agent, ...given }), { ...agent, ...given });
  });

  it("refuses what would be several tokens, a wildcard or a space in the subject, and publishes nothing", async () => {
    const { service, published } = noting();
    for (const agentType of ["", "my type", "a.b", "*", ">", "a\tb", "a\n", "x".repeat(101)])
      await assert.rejects(service.publishAgentEvent({ ...agent, agentType }), ({ name, message }: Error) => {
        assert.equal(name, MessageError.name);
        return /^wrong message: agentType: /.test(message);
      });
    const task = { tenantId, type: "task.created", taskId: "7", taskType: "a.b", payload: {} } as const;
    await assert.rejects(service.publishTaskEvent(task), /taskId: .*; taskType: expected one token of a subject/);
    assert.deepEqual(published, []);
  });

  it("makes the envelope of an application's own messages", () => {
    const { service } = noting();
    const { id: made, timestamp, ...rest } = service.createBaseMessage(tenantId, id);
    assert.deepEqual(rest, { source: "billing", tenantId, correlationId: id });
    assert.match(made, /^[0-9a-f-]{36}$/);
    assert.ok(Date.parse(timestamp));
    assert.ok(!("correlationId" in service.createBaseMessage(tenantId)));
  });
});
