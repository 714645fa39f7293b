import { Counter, Histogram, type Registry } from "prom-client";

/**
 * What became of an interaction. `answered`: its handler did. Dropped: `late`, more than 3 s without an
 * acknowledgement; `unknown`, Discord knew it no longer; `expired`, more than 15 minutes. `apology`: something that was
 * needed did not answer, and the member was asked to try again. `failed`: a dead letter; the member was told.
 */
export type InteractionOutcome = "answered" | "late" | "unknown" | "expired" | "apology" | "failed";

const interactionsMetric = "arrakis_interactions_total";

/** Metrics of arrakis, beside those of every worker. No label has a value that senders of messages choose. */
function create(registry: Registry) {
  const registers = [registry];
  return {
    interactions: new Counter({
      name: interactionsMetric,
      help: "Interactions: answered; dropped as late, unknown or expired; apology, failed",
      labelNames: ["outcome"] as const,
      registers,
    }),
    deferSeconds: new Histogram({
      name: "arrakis_interaction_defer_seconds",
      help: "From an interaction's message in the stream to its acknowledgement at Discord, which allows 3 s",
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 5, 10],
      registers,
    }),
    eligibilityChecks: new Counter({
      name: "arrakis_eligibility_checks_total",
      help: "Wallets that were checked, by kind of check",
      labelNames: ["check_type"] as const,
      registers,
    }),
  };
}

export type ArrakisMetrics = ReturnType<typeof create>;

const known = new WeakMap<Registry, ArrakisMetrics>();

/** The same for all consumers of a process. A worker that waits for its durable removes them, and makes them again. */
export function arrakisMetrics(registry: Registry): ArrakisMetrics {
  const found = known.get(registry);
  if (found && registry.getSingleMetric(interactionsMetric)) return found;
  const made = create(registry);
  known.set(registry, made);
  return made;
}
