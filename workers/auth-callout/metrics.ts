import { Counter, type Registry } from "prom-client";
import { refusals } from "./decide";

/** What the auth callout reports. No label has a value that clients choose. */
export function calloutMetrics(registry: Registry) {
  const decisions = new Counter({
    name: "auth_callout_decisions_total",
    help: "Clients that servers asked about, by outcome: allowed, refused (with the reason), failed (no answer)",
    labelNames: ["outcome", "reason"] as const,
    registers: [registry],
  });
  for (const outcome of ["allowed", "failed"]) decisions.inc({ outcome, reason: "" }, 0);
  for (const reason of refusals) decisions.inc({ outcome: "refused", reason }, 0);
  return { decisions };
}

export type CalloutMetrics = ReturnType<typeof calloutMetrics>;
