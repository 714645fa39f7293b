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
    },
    TASK_EVENTS: {
      subjects: ["task.>"],
      retention: "limits",
      storage: "file",
      replicas: 3,
      maxAge: "30d",
      maxBytes: "5GiB",
      discard: "old",
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
      // C004-5: unlimited in the source, so a message that cannot be parsed would come back until it expires. An hour's
      // outage takes 16 deliveries. Same below.
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
      maxDeliver: 20,
      backoff: ["30s", "1m", "2m", "5m"],
      maxAckPending: 1000,
      deliverPolicy: "all",
    },
  },
  users: {
    api: {
      // C004-6: no `requests` here: a request on a stream's subject is answered by the stream's own acknowledgement.
      publishes: ["agent.>", "workflow.>", "task.>", "audit.>"],
      consumes: ["api-agent-consumer", "api-workflow-consumer", "api-task-consumer"],
    },
  },
};
