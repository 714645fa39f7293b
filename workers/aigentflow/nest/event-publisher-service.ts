import { randomUUID } from "node:crypto";
import { createMessage } from "../../messaging";
import { type Events, type Kind, kinds } from "../kinds";
import type { AgentEvent, AuditEvent, BaseMessage, TaskEvent, WorkflowEvent } from "../messages";
import type { NatsService } from "./nats-service";

/** An event to be published: its tenant and its own fields; `id`, `timestamp` and `source` are added. */
export type EventFields<E extends BaseMessage> = Omit<E, Added> & Partial<Pick<E, Added>>;
type Added = "id" | "timestamp" | "source";

/**
 * Publishes events, checked, each with its id as message id, and resolves when its stream has stored it.
 *
 * Every method throws MessageError with every mistake (nothing is published then), and what `NatsService.publish`
 * throws.
 */
export class EventPublisherService {
  constructor(
    private readonly nats: Pick<NatsService, "publish">,
    private readonly source: string,
  ) {}

  /** On `agent.<agentType>.<event>`: `agent.coder.started`. */
  publishAgentEvent(event: EventFields<AgentEvent>): Promise<AgentEvent> {
    return this.publish("agent", event);
  }

  /** On `workflow.<event>`: `workflow.step.started`. */
  publishWorkflowEvent(event: EventFields<WorkflowEvent>): Promise<WorkflowEvent> {
    return this.publish("workflow", event);
  }

  /** On `task.<taskType>.<event>`: `task.review.created`. */
  publishTaskEvent(event: EventFields<TaskEvent>): Promise<TaskEvent> {
    return this.publish("task", event);
  }

  /** On `audit.<event>`: `audit.access`. */
  publishAuditEvent(event: EventFields<AuditEvent>): Promise<AuditEvent> {
    return this.publish("audit", event);
  }

  /** The fields that every message has, for messages of an application's own. */
  createBaseMessage(tenantId: string, correlationId?: string): BaseMessage {
    const made = { id: randomUUID(), timestamp: new Date().toISOString(), source: this.source, tenantId };
    return { ...made, ...(correlationId !== undefined && { correlationId }) };
  }

  private async publish<K extends Kind>(kind: K, fields: EventFields<Events[K]>): Promise<Events[K]> {
    const { outgoing, subject } = kinds[kind];
    const event = createMessage(outgoing, { source: this.source, ...fields });
    await this.nats.publish(subject(event), event, { id: event.id });
    return event;
  }
}
