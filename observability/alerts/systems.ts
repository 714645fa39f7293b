import type { AlertName } from "../../config/schema/alerts";
import { compare, matchedToOne, quantile, rate, sum, times } from "../promql";
import type { Alert, Site } from "./alert";

/** Alerts about what workers of one system report of their own work. */

const worker = ["region", "namespace", "worker"] as const;

const interactions = (site: Site, by: readonly string[], where: { "!outcome"?: string } = {}) =>
  sum(by, rate(site.series("arrakis_interactions_total", where), "5m"));

export const systemAlerts = {
  ArrakisInteractionsUnanswered: {
    severity: "warning",
    for: "10m",
    conditions: (site) => [
      {
        expr: compare(
          times(
            matchedToOne(
              interactions(site, [...worker, "outcome"], { "!outcome": "answered" }),
              "/",
              compare(interactions(site, worker), ">", 0),
              worker,
            ),
            100,
          ),
          ">",
          site.threshold("ArrakisInteractionsUnanswered"),
        ),
      },
    ],
    summary: "{{ $value | humanize }} % of Discord interactions are not answered: {{ $labels.outcome }}",
    description:
      "late: no worker asked Discord to defer them within 3 s. unknown, expired: Discord takes no answer to them any " +
      "more. apology: the database did not answer, and members were asked to try again. failed: their handlers failed.",
  },
  ArrakisDeferralsSlow: {
    severity: "warning",
    for: "10m",
    conditions: (site) => [
      {
        expr: compare(
          quantile(0.99, worker, rate(site.series("arrakis_interaction_defer_seconds"), "5m")),
          ">",
          site.threshold("ArrakisDeferralsSlow"),
        ),
      },
    ],
    summary: "1 % of Discord interactions are deferred later than {{ $value | humanizeDuration }} after they arrived",
    description: "Discord allows 3 s. What is not deferred by then is dropped, and its member sees an error.",
  },
} satisfies Partial<Record<AlertName, Alert>>;
