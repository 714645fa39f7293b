import { Counter, type Registry } from "prom-client";
import { refusals } from "./decide";

/** What the auth callout reports. No label has a value that clients choose. */
export function calloutMetrics(registry: Registry) {
  const decisions = new Counter({
    name: "auth_callout_decisions_total",
    help: "Clients that servers asked about: allowed, why they were refused, or failed (the question was not answered)",
    labelNames: ["outcome"] as const,
    registers: [registry],
  });
  for (const outcome of ["allowed", "failed", ...refusals]) decisions.inc({ outcome }, 0);
  return { decisions };
}

export type CalloutMetrics = ReturnType<typeof calloutMetrics>;
