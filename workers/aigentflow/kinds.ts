import * as z from "zod";
import {
  type AgentEvent,
  agentEventSchema,
  type AuditEvent,
  auditEventSchema,
  type TaskEvent,
  taskEventSchema,
  type WorkflowEvent,
  workflowEventSchema,
} from "./messages";

/** Events by kind. */
export interface Events {
  agent: AgentEvent;
  workflow: WorkflowEvent;
  task: TaskEvent;
  audit: AuditEvent;
}
export type Kind = keyof Events;

/**
 * One token of a subject. A dot would make two of it, `*` and `>` would match others, and a space ends a subject: the
 * server drops such a message without an answer.
 */
const token = z
  .string()
  .max(100)
  .regex(/^[^\s.*>\u0000-\u001f\u007f]+$/, "expected one token of a subject: no space, dot, * or >");

interface KindRow<E> {
  stream: string;
  /** What its durable filters. */
  filter: string;
  durable: string;
  /** What is accepted from others. */
  schema: z.ZodType<E>;
  /** What may be published: the parts of the subject are tokens, too. */
  outgoing: z.ZodType<E>;
  /** Where an event is published. Its type begins with the kind, which the subject has once. */
  subject: (event: E) => string;
}

/** Streams, durables, schemas and subjects of each kind of event; docs/systems.md says where they come from. */
export const kinds: { readonly [K in Kind]: KindRow<Events[K]> } = {
  agent: {
    ...{ stream: "AGENT_EVENTS", filter: "agent.>", durable: "api-agent-consumer" },
    schema: agentEventSchema,
    outgoing: agentEventSchema.extend({ agentType: token }),
    subject: ({ agentType, type }) => `agent.${agentType}.${withoutKind(type)}`,
  },
  workflow: {
    ...{ stream: "AGENT_EVENTS", filter: "workflow.>", durable: "api-workflow-consumer" },
    schema: workflowEventSchema,
    outgoing: workflowEventSchema,
    subject: ({ type }) => type,
  },
  task: {
    ...{ stream: "TASK_EVENTS", filter: "task.>", durable: "api-task-consumer" },
    schema: taskEventSchema,
    outgoing: taskEventSchema.extend({ taskType: token }),
    subject: ({ taskType, type }) => `task.${taskType}.${withoutKind(type)}`,
  },
  audit: {
    ...{ stream: "AUDIT_EVENTS", filter: "audit.>", durable: "api-audit-consumer" },
    schema: auditEventSchema,
    outgoing: auditEventSchema,
    subject: ({ type }) => type,
  },
};

export const kindNames = Object.keys(kinds) as Kind[];

const withoutKind = (type: string): string => type.slice(type.indexOf(".") + 1);

/** Whether a stream stores what is published there: a request would be stored, and answered by the stream. */
export const isStored = (subject: string): boolean =>
  Object.values(kinds).some(({ filter }) => subject.startsWith(filter.slice(0, -1)));
