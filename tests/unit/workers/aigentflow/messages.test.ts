import assert from "node:assert/strict";
import {
  agentEventSchema,
  auditEventSchema,
  baseMessageSchema,
  messagingConfigSchema,
  taskEventSchema,
  workflowEventSchema,
} from "../../../../workers/aigentflow";
import { isStored, kindNames, kinds } from "../../../../workers/aigentflow/kinds";

const id = "123e4567-e89b-12d3-a456-426614174000";
const base = { id, timestamp: "2026-01-02T03:04:05.678Z", source: "aigentflow-api", tenantId: id };
const payload = { nested: { value: [1, null, "x"] } };
const documented = {
  agent: { ...base, type: "agent.progress", agentId: id, agentType: "code reviewer", payload },
  workflow: { ...base, type: "workflow.step.completed", workflowId: id, payload },
  task: { ...base, type: "task.cancelled", taskId: id, taskType: "review", payload },
  audit: { ...base, type: "audit.security", action: "login", resourceType: "user", resourceId: "7", metadata: {} },
};
const schemas = {
  agent: agentEventSchema,
  workflow: workflowEventSchema,
  task: taskEventSchema,
  audit: auditEventSchema,
};

/** Paths of what a schema refuses. */
const refused = (kind: keyof typeof schemas, message: object): string[] =>
  schemas[kind].safeParse(message).error?.issues.map(({ path }) => path.join(".")) ?? [];

describe("messages of aigentflow", () => {
  it("take what the documents show, and refuse every field that is missing or wrong", () => {
    assert.deepEqual(baseMessageSchema.parse({ ...base, correlationId: id }), { ...base, correlationId: id });
    for (const kind of kindNames) {
      const message = documented[kind];
      assert.deepEqual(schemas[kind].parse(message), message);
      for (const field of Object.keys(message)) {
        assert.deepEqual(refused(kind, { ...message, [field]: undefined }), [field]);
        assert.deepEqual(refused(kind, { ...message, [field]: 7 }), [field]);
      }
      const all = { ...message, id: "1", timestamp: "yesterday", tenantId: "acme", type: `${kind}.unheard-of` };
      assert.deepEqual(refused(kind, all).sort(), ["id", "tenantId", "timestamp", "type"]);
    }
    assert.deepEqual(refused("workflow", { ...documented.workflow, stepId: "plan" }), []);
    assert.deepEqual(refused("audit", { ...documented.audit, userId: "root" }), ["userId"]);
    assert.deepEqual(refused("audit", { ...documented.audit, payload }), []);
  });

  it("no message of any kind is without its tenant, audit events included", () => {
    for (const kind of kindNames) {
      for (const tenantId of [undefined, null, "", "acme"])
        assert.deepEqual(refused(kind, { ...documented[kind], tenantId }), ["tenantId"], `${kind} of ${tenantId}`);
      assert.equal(kinds[kind].outgoing.safeParse({ ...documented[kind], tenantId: undefined }).success, false);
    }
  });

  it("a correlation is a UUID, and a UUID need not have a version, as in the documents", () => {
    const old = "11111111-1111-1111-1111-111111111111";
    assert.deepEqual(refused("task", { ...documented.task, id: old, tenantId: old, taskId: old }), []);
    assert.deepEqual(refused("task", { ...documented.task, correlationId: "order 7" }), ["correlationId"]);
  });

  it("the configuration is read from variables, with every mistake at once", () => {
    const { servers, user } = messagingConfigSchema.parse({
      NATS_URL: "tls://a:4222,tls://b:4222",
      NATS_USER: "aigentflow-api",
      NATS_PASSWORD: "secret",
    });
    assert.deepEqual([servers, user], [["tls://a:4222", "tls://b:4222"], "aigentflow-api"]);
    assert.deepEqual(messagingConfigSchema.parse({}).servers, ["nats://localhost:4222"]);
    const wrong = { NATS_URL: "http://a", NATS_USER: "api", NATS_TOKEN: "hush" };
    const problems = messagingConfigSchema.safeParse(wrong).error!.issues.map(({ message }) => message);
    assert.equal(problems.length, 3, problems.join("\n"));
    assert.match(problems.join("\n"), /NATS_URL .*tls:.*\n.*NATS_PASSWORD[^]*NATS_USER and NATS_TOKEN/);
    assert.ok(!problems.join().includes("hush"));
    assert.match(messagingConfigSchema.safeParse(undefined).error!.message, /expected environment variables/);
  });

  it("a request may not be made on what streams store", () => {
    for (const subject of ["agent.x", "workflow.started", "task.a.b", "audit.access"])
      assert.equal(isStored(subject), true);
    for (const subject of ["state.agent", "agents.x", "agent"]) assert.equal(isStored(subject), false);
  });
});
