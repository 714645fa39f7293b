import { Counter, Gauge, type Registry } from "prom-client";

/** What the collector reports, beside what every worker does. No label has a value that senders of messages choose. */
export function collectorMetrics(registry: Registry) {
  const registers = [registry];
  return {
    collected: new Counter({
      name: "dead_letters_collected_total",
      help:
        "Messages that were given up, by how that was seen (max_deliver, terminated, sweep) and what became of it: " +
        "stored, exists (their worker had stored them), gone (without their body)",
      labelNames: ["seen", "outcome"] as const,
      registers,
    }),
    stuck: new Gauge({
      name: "dead_letters_stuck",
      help: "Messages of a work queue or interest stream that no durable will deliver, at the last sweep",
      labelNames: ["stream"] as const,
      registers,
    }),
    leaderChanges: new Counter({
      name: "dead_letter_events_leader_changes_total",
      help: "Times at which advisories may have been lost: their stream had another leader than before",
      registers,
    }),
    swept: new Gauge({
      name: "dead_letters_last_sweep_timestamp_seconds",
      help: "When the last sweep ended that covered every stream",
      registers,
    }),
  };
}

export type CollectorMetrics = ReturnType<typeof collectorMetrics>;
