import assert from "node:assert/strict";
import type { JsMsg } from "@nats-io/jetstream";
import {
  type AgentEvent,
  EventSubscriberService,
  type MessageHandler,
  type Nak,
} from "../../../../../workers/aigentflow";

type Subscribe = ConstructorParameters<typeof EventSubscriberService>[0]["subscribe"];

/** Subscriptions that deliver what a test hands them. */
function lab(refused?: string) {
  const subscribed: string[] = [];
  const stopped: string[] = [];
  const handlers = new Map<string, MessageHandler<never>>();
  const subscribe: Subscribe = (stream, subject, durable, handler) => {
    if (durable === refused) return Promise.reject(new Error(`no ${durable}`));
    subscribed.push(`${stream} ${subject} ${durable}`);
    handlers.set(durable, handler);
    const stop = () => Promise.resolve(void stopped.push(durable));
    return Promise.resolve({ status: { running: true, processed: 0, errored: 0 }, stop });
  };
  /** What became of an event. */
  const deliver = async (durable: string, event: object): Promise<"ack" | Parameters<Nak>[0]> => {
    let result: "ack" | Parameters<Nak>[0];
    await handlers.get(durable)!(
      event as never,
      () => (result = "ack"),
      (why) => (result = why),
      {} as JsMsg,
    );
    return result;
  };
  return { events: new EventSubscriberService({ subscribe }), subscribed, stopped, deliver };
}

const started = { type: "agent.started", agentId: "1" } as AgentEvent;

describe("EventSubscriberService", () => {
  it("subscribes to the durables of the kinds that have handlers, and calls those of the type and of all", async () => {
    const { events, subscribed, deliver } = lab();
    const calls: string[] = [];
    events.onAgentEvent("*", ({ type }) => void calls.push(`* ${type}`));
    events.onAgentEvent("agent.started", ({ agentId }) => void calls.push(`first ${agentId}`));
    events.onAgentEvent("agent.started", () => void calls.push("second"));
    events.onAuditEvent("audit.access", () => void calls.push("audit"));
    await events.onApplicationBootstrap();
    assert.deepEqual(subscribed, [
      "AGENT_EVENTS agent.> api-agent-consumer",
      "AUDIT_EVENTS audit.> api-audit-consumer",
    ]);
    assert.equal(await deliver("api-agent-consumer", started), "ack");
    assert.deepEqual(calls.splice(0), ["first 1", "second", "* agent.started"]);
    assert.equal(await deliver("api-agent-consumer", { ...started, type: "agent.failed" }), "ack");
    assert.deepEqual(calls.splice(0), ["* agent.failed"]);
    // Of a type without a handler.
    assert.equal(await deliver("api-audit-consumer", { type: "audit.mutation" }), "ack");
    assert.deepEqual(calls, []);
  });

  it("acknowledges when all handlers have succeeded, and not when one has not", async () => {
    const { events, deliver } = lab();
    const error = new Error("down");
    const results = [
      undefined,
      { success: true },
      { success: false, unavailable: true, error },
      { success: false, error },
    ];
    let after = 0;
    let index = 0;
    events.onTaskEvent("task.created", () => results[index]);
    events.onTaskEvent("*", () => void after++);
    events.onWorkflowEvent("*", () => Promise.reject(error));
    await events.onApplicationBootstrap();
    const outcomes = [];
    for (; index < results.length; index++) outcomes.push(await deliver("api-task-consumer", { type: "task.created" }));
    assert.deepEqual(outcomes.slice(0, 2), ["ack", "ack"]);
    assert.deepEqual(outcomes.slice(2), [
      { retryable: false, success: false, unavailable: true, error },
      { retryable: false, success: false, error },
    ]);
    assert.equal(after, 2);
    await assert.rejects(deliver("api-workflow-consumer", { type: "workflow.failed" }), error);
  });

  it("stops what it has subscribed to when another durable is missing, and reports which", async () => {
    const { events, stopped } = lab("api-task-consumer");
    events.onAgentEvent("*", () => undefined);
    events.onTaskEvent("*", () => undefined);
    await assert.rejects(events.onApplicationBootstrap(), /^Error: no api-task-consumer$/);
    assert.deepEqual(stopped, ["api-agent-consumer"]);
  });

  it("takes more handlers of a kind that is subscribed to later, and refuses the first of another", async () => {
    const { events, deliver } = lab();
    const calls: string[] = [];
    events.onAgentEvent("agent.failed", () => undefined);
    await events.onApplicationBootstrap();
    events.onAgentEvent("agent.started", () => void calls.push("late"));
    await deliver("api-agent-consumer", started);
    assert.deepEqual(calls, ["late"]);
    assert.throws(() => events.onTaskEvent("*", () => undefined), /no durable of task events is subscribed to/);
  });
});
