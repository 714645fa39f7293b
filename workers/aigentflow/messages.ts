import * as z from "zod";
import { type ConnectionSettings, connectionSettings, envelope, type Environment, SettingsError } from "../messaging";

/*
 * Messages of aigentflow, under the names by which its applications import them. What the documents show is accepted
 * unchanged: identifiers are any 128 bits in hexadecimal, with or without the version digit of RFC 9562.
 */

const id = z.guid();

/** What every message has; `correlationId` is the same for all messages that one cause has led to. */
export const baseMessageSchema = envelope(z.object({})).extend({
  id,
  correlationId: id.optional(),
  tenantId: id,
});
export type BaseMessage = z.output<typeof baseMessageSchema>;

const details = z.record(z.string(), z.unknown());

export const agentEventSchema = baseMessageSchema.extend({
  type: z.enum(["agent.started", "agent.completed", "agent.failed", "agent.progress", "agent.blocked"]),
  agentId: id,
  agentType: z.string(),
  payload: details,
});
export type AgentEvent = z.output<typeof agentEventSchema>;

export const workflowEventSchema = baseMessageSchema.extend({
  type: z.enum([
    "workflow.started",
    "workflow.completed",
    "workflow.failed",
    "workflow.step.started",
    "workflow.step.completed",
  ]),
  workflowId: id,
  stepId: z.string().optional(),
  payload: details,
});
export type WorkflowEvent = z.output<typeof workflowEventSchema>;

export const taskEventSchema = baseMessageSchema.extend({
  type: z.enum(["task.created", "task.assigned", "task.started", "task.completed", "task.failed", "task.cancelled"]),
  taskId: id,
  taskType: z.string(),
  payload: details,
});
export type TaskEvent = z.output<typeof taskEventSchema>;

/** Whose data was touched (`tenantId`), what was done to which resource, and by whom (`userId`). */
export const auditEventSchema = baseMessageSchema.extend({
  type: z.enum(["audit.access", "audit.mutation", "audit.security", "audit.compliance"]),
  action: z.string(),
  resourceType: z.string(),
  resourceId: z.string(),
  userId: id.optional(),
  metadata: details,
});
export type AuditEvent = z.output<typeof auditEventSchema>;

/**
 * How an application connects, from its environment variables: `NATS_URL`, `NATS_USER`, `NATS_PASSWORD`, `NATS_TOKEN`,
 * `NATS_CREDS`, `NATS_CA`, `NATS_INBOX_PREFIX`. A server has either tokens or users, so both together are refused.
 */
export const messagingConfigSchema = z
  .custom<Environment>((env) => typeof env === "object" && env !== null, "expected environment variables")
  .transform((env, context): ConnectionSettings => {
    try {
      return connectionSettings(env);
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      for (const problem of error.problems) context.addIssue(problem);
      return z.NEVER;
    }
  });
export type MessagingConfig = z.output<typeof messagingConfigSchema>;
