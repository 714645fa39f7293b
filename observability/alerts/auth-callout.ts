import { calloutSystem } from "../../config/assets/auth-callout";
import type { AlertName } from "../../config/schema/alerts";
import { compare, type Expr, increase, sum, type Where } from "../promql";
import { type Alert, type Condition, connected, type Site } from "./alert";

/** Alerts about the auth callout's service (workers/auth-callout); none in a region without it. */

const ofService = (site: Site) => site.workers.filter(({ worker }) => worker.system === calloutSystem);

const wherever =
  (condition: (site: Site) => Condition): Alert["conditions"] =>
  (site) =>
    ofService(site).length > 0 ? [condition(site)] : [];

/** What it decided in the last ten minutes. */
const decisions = (site: Site, where: Where<"auth_callout_decisions_total">): Expr =>
  sum(["region"], increase(site.series("auth_callout_decisions_total", where), "10m"));

export const calloutAlerts = {
  NATSAuthCalloutDown: {
    severity: "critical",
    for: "1m",
    conditions: (site) => ofService(site).map((one) => ({ expr: compare(connected(site, one), "<", 1) })),
    summary: "No process of the auth callout's service is connected in {{ $labels.region }}",
    description:
      "Servers ask those of other regions. Where none is left, users by token and by certificate are refused after " +
      "11 s. Who is connected stays until its login expires; users by password and nkey are not affected.",
  },
  NATSAuthCalloutFailing: {
    severity: "critical",
    for: "0s",
    conditions: wherever((site) => ({ expr: compare(decisions(site, { outcome: "failed" }), ">", 0) })),
    summary: "The auth callout's service cannot answer servers of {{ $labels.region }}",
    description:
      "It cannot decrypt what they ask, or answering failed: servers and service have different keys. Those clients, " +
      "by token or certificate, are refused.",
  },
  NATSLoginsRefused: {
    severity: "warning",
    for: "0s",
    conditions: wherever((site) => ({
      expr: compare(decisions(site, { outcome: "refused" }), ">", site.threshold("NATSLoginsRefused")),
    })),
    summary: "{{ $value | humanize }} logins were refused in {{ $labels.region }} in ten minutes",
    description:
      "Clients have a wrong token, a certificate of no user, or a wrong password, and try it again and again; or " +
      "someone guesses. Others are not affected.",
  },
} satisfies Partial<Record<AlertName, Alert>>;
