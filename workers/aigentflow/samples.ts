import { randomUUID } from "node:crypto";
import { createMessage } from "../messaging";
import { type Events, type Kind, kinds } from "./kinds";

const tenants = ["a", "b", "c"].map((letter) => `${letter.repeat(8)}-0000-4000-8000-000000000000`);

/** Things of the samples: the number of each kind and tenant: their states change again and again. */
const things = 20;

/** An identifier of its own for each number. */
const idOf = (number: number): string => `00000000-0000-4000-8000-${number.toString(16).padStart(12, "0")}`;

const one = <T>(of: readonly T[], number: number): T => of[number % of.length]!;

type Own<E> = Omit<E, "id" | "timestamp" | "source" | "tenantId" | "correlationId">;

const samples: { [K in Kind]: (number: number) => Own<Events[K]> } = {
  agent: (number) => ({
    type: one(["agent.started", "agent.progress", "agent.completed"], number),
    agentId: idOf(number % things),
    agentType: one(["coder", "reviewer"], number),
    payload: { percent: (number * 7) % 101 },
  }),
  workflow: (number) => ({
    type: one(["workflow.started", "workflow.step.started", "workflow.step.completed", "workflow.completed"], number),
    workflowId: idOf(number % things),
    stepId: `step-${number % 4}`,
    payload: { attempt: 1 },
  }),
  task: (number) => ({
    type: one(["task.created", "task.assigned", "task.started", "task.completed"], number),
    taskId: idOf(number % things),
    taskType: one(["review", "build"], number),
    payload: { priority: number % 3 },
  }),
  audit: (number) => ({
    type: one(["audit.access", "audit.mutation"], number),
    action: one(["read", "update"], number),
    resourceType: "task",
    resourceId: idOf(number % things),
    userId: idOf(number % 5),
    metadata: { address: "192.0.2.1" },
  }),
};

/** Of ten events four are of agents, two of workflows, three of tasks, and one is of the audit trail. */
const mix: readonly Kind[] = [
  "agent",
  "task",
  "agent",
  "workflow",
  "task",
  "agent",
  "audit",
  "task",
  "workflow",
  "agent",
];

/** The sample with a number, from 0 on; the same number gives the same sample, but for its id and time. */
export function sample(number: number) {
  const kind = one(mix, number);
  return { kind, ...sampleOf(kind, number) };
}

function sampleOf<K extends Kind>(kind: K, number: number): { subject: string; message: Events[K] } {
  const { outgoing, subject } = kinds[kind];
  const envelope = { id: randomUUID(), source: "aigentflow-traffic", tenantId: one(tenants, number) };
  const message = createMessage(outgoing, { ...envelope, ...samples[kind](Math.floor(number / tenants.length)) });
  return { subject: subject(message), message };
}
