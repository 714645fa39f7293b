import type { TenantSpec } from "../config/schema/tenant";

/**
 * AigentFlow: events of agents, workflows and tasks, and their audit trail. Why each value is what it is:
 * docs/systems.md.
 */
export const aigentflow: TenantSpec = {
  name: "aigentflow",
  home: "iad",
  streams: {
    AGENT_EVENTS: {
      subjects: ["agent.>", "workflow.>"],
      retention: "limits",
      storage: "file",
      // C004-10: the source's single replica has no failover. Same below.
      replicas: 3,
      maxAge: "7d",
      maxBytes: "1GiB",
      discard: "old",
      // Events are read again by sequence or time without a consumer, which takes one right only. Same below.
      allowDirect: true,
    },
    TASK_EVENTS: {
      subjects: ["task.>"],
      retention: "limits",
      storage: "file",
      replicas: 3,
      maxAge: "30d",
      maxBytes: "5GiB",
      discard: "old",
      allowDirect: true,
    },
    AUDIT_EVENTS: {
      subjects: ["audit.>"],
      retention: "limits",
      storage: "file",
      replicas: 3,
      // C004-9: in nanoseconds past 2^53; config/units.ts says why it is exact.
      maxAge: "365d",
      maxBytes: "10GiB",
      // C004-11: at 10 GiB the oldest records go before their year is over. `new` would stop the applications that
      // write them instead; an alert at 80% leaves time to archive or to raise the limit.
      discard: "old",
      // No denyDelete, denyPurge: they concern messages (the stream can be deleted all the same) and can never be taken
      // back, so no record could be erased for a year even where law asks for it. No user here may delete or purge
      // anyway.
      allowDirect: true,
    },
  },
  consumers: {
    // C004-3: the source's push consumers without a group refuse a second instance; durables that are pulled are
    // shared.
    "api-agent-consumer": {
      mode: "pull",
      streams: ["AGENT_EVENTS"],
      filterSubjects: ["agent.>"],
      ackPolicy: "explicit",
      ackWait: "30s",
      // C004-5: unlimited in the source, so a message that cannot be parsed would come back until it expires. Workers
      // make a dead letter after five failures; others give up after 20 deliveries: an hour's outage takes 16. Same
      // below.
      attempts: 5,
      maxDeliver: 20,
      backoff: ["30s", "1m", "2m", "5m"],
      maxAckPending: 1000,
      deliverPolicy: "all",
    },
    "api-workflow-consumer": {
      mode: "pull",
      streams: ["AGENT_EVENTS"],
      filterSubjects: ["workflow.>"],
      ackPolicy: "explicit",
      ackWait: "30s",
      attempts: 5,
      maxDeliver: 20,
      backoff: ["30s", "1m", "2m", "5m"],
      maxAckPending: 1000,
      deliverPolicy: "all",
    },
    "api-task-consumer": {
      mode: "pull",
      streams: ["TASK_EVENTS"],
      filterSubjects: ["task.>"],
      ackPolicy: "explicit",
      ackWait: "30s",
      attempts: 5,
      maxDeliver: 20,
      backoff: ["30s", "1m", "2m", "5m"],
      maxAckPending: 1000,
      deliverPolicy: "all",
    },
    // The source names no consumer of the audit trail, and a trail that no one can read is of no use.
    "api-audit-consumer": {
      mode: "pull",
      streams: ["AUDIT_EVENTS"],
      filterSubjects: ["audit.>"],
      ackPolicy: "explicit",
      ackWait: "30s",
      attempts: 5,
      maxDeliver: 20,
      backoff: ["30s", "1m", "2m", "5m"],
      maxAckPending: 1000,
      deliverPolicy: "all",
    },
  },
  users: {
    // Applications of the source: they publish, subscribe, ask for states, and read events again.
    api: {
      // C004-6: a request on a stream's subject is answered by the stream's acknowledgement; these are of no stream.
      publishes: ["agent.>", "workflow.>", "task.>", "audit.>"],
      consumes: ["api-agent-consumer", "api-workflow-consumer", "api-task-consumer", "api-audit-consumer"],
      requests: ["state.agent", "state.workflow", "state.task", "state.audit"],
      // Reads messages, and nothing else: a consumer of its own would take the right to create any.
      allow: {
        publish: [
          "$JS.API.DIRECT.GET.AGENT_EVENTS",
          "$JS.API.DIRECT.GET.TASK_EVENTS",
          "$JS.API.DIRECT.GET.AUDIT_EVENTS",
        ],
      },
    },
    "api-agent-consumer": {
      consumes: ["api-agent-consumer"],
      responds: { service: "agent-state", endpoints: ["state.agent"] },
    },
    "api-workflow-consumer": {
      consumes: ["api-workflow-consumer"],
      responds: { service: "workflow-state", endpoints: ["state.workflow"] },
    },
    "api-task-consumer": {
      consumes: ["api-task-consumer"],
      responds: { service: "task-state", endpoints: ["state.task"] },
    },
    "api-audit-consumer": {
      consumes: ["api-audit-consumer"],
      responds: { service: "audit-state", endpoints: ["state.audit"] },
    },
  },
  // C004-5: 30 days of what failed, to be shown and replayed.
  deadLetters: { maxAge: "30d", maxBytes: "1GiB" },
  // The database of their states is in the Secret: workers/aigentflow/README.md has its variables.
  workers: {
    "api-agent-consumer": { replicas: 2, maximum: 8, secrets: ["aigentflow-database"] },
    "api-workflow-consumer": { replicas: 2, maximum: 8, secrets: ["aigentflow-database"] },
    "api-task-consumer": { replicas: 2, maximum: 8, secrets: ["aigentflow-database"] },
    "api-audit-consumer": { replicas: 2, maximum: 8, secrets: ["aigentflow-database"] },
    // Copies what a worker could not, because it died with it.
    "dead-letters": { system: "dead-letters" },
  },
};
