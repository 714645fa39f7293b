import { stringify } from "yaml";
import type { Tenants } from "../config/assets/asset";
import { type AlertName, alertNames } from "../config/schema/alerts";
import type { Environment } from "../config/schema/settings";
import { alerts } from "./alerts";
import { type Site, siteOf } from "./alerts/alert";
import { sources } from "./metrics";
import { type Expr, prometheusDuration } from "./promql";
import { recordingRules } from "./recording-rules";
import { type Threshold, thresholdsOf } from "./thresholds";

/** Rules of Prometheus for one region, as its file of rules and PrometheusRule objects have them. Pure. */

export interface RecordingRule {
  record: string;
  expr: string;
  labels?: Record<string, string>;
}

export interface AlertingRule {
  alert: AlertName;
  expr: string;
  for: string;
  labels: Record<string, string>;
  annotations: { summary: string; description: string; runbook: string };
}

export interface RuleGroup {
  name: string;
  rules: (RecordingRule | AlertingRule)[];
}

export interface RegionRules {
  groups: RuleGroup[];
  /** Alerts that are not among them, each with the reason. */
  leftOut: { alert: AlertName; reason: string }[];
}

/** Page of an alert, in this project. */
export const runbookOf = (alert: AlertName): string => `docs/runbooks/alerts/${alert}.md`;

/** All rules of a region: what streams and durables may reach, series of other names, alerts. */
export function rulesOf(environment: Environment, tenants: Tenants, region: string): RegionRules {
  const site = siteOf(environment, tenants, region);
  const made = alertNames.map((alert) => ({ alert, ...alertingRules(environment, site, alert) }));
  const leftOut = made.flatMap(({ alert, reason }) => (reason === undefined ? [] : [{ alert, reason }]));
  const thresholds = thresholdsOf(environment, tenants, region).filter(
    ({ alert }) => !leftOut.some((other) => other.alert === alert),
  );
  const group = (name: string, rules: RuleGroup["rules"]) =>
    rules.length ? [{ name: `nats-${region}-${name}`, rules }] : [];
  return {
    groups: [
      ...group("thresholds", thresholdRules(thresholds, site)),
      ...group("names", namingRules(site)),
      ...group(
        "alerts",
        made.flatMap(({ rules }) => rules),
      ),
    ],
    leftOut,
  };
}

function alertingRules(
  environment: Environment,
  site: Site,
  name: AlertName,
): { rules: AlertingRule[]; reason?: string } {
  const alert = alerts[name];
  const setting = environment.alerts?.[name];
  if (setting?.silence !== undefined) return { rules: [], reason: setting.silence };
  const conditions = alert.conditions(site);
  const missing = conditions.flatMap(({ expr }) => expr.metrics).find((metric) => !site.has(metric));
  if (missing) return { rules: [], reason: `kubernetes.monitoring.exporter.jetstream leaves ${missing} out` };
  return {
    rules: conditions.map(({ expr, labels }) => ({
      alert: name,
      expr: expr.text,
      for: prometheusDuration(setting?.for ?? alert.for),
      labels: { severity: alert.severity, region: site.region, ...labels },
      annotations: { summary: alert.summary, description: alert.description, runbook: runbookOf(name) },
    })),
  };
}

const thresholdRules = (thresholds: Threshold[], { region }: Site): RecordingRule[] =>
  thresholds.map(({ alert, limit, account, stream, consumer, value }) => ({
    record: "supercluster_alert_threshold",
    expr: `vector(${value})`,
    labels: {
      ...{ alert, region, account, stream_name: stream },
      ...(consumer !== undefined && { consumer_name: consumer }),
      ...(limit && { limit }),
    },
  }));

const namingRules = (site: Site): RecordingRule[] =>
  Object.entries(recordingRules)
    .map(([record, expr]): [string, Expr] => [record, expr(site)])
    .filter(([, { metrics }]) => metrics.every(site.has))
    .map(([record, { text }]) => ({ record, expr: text, labels: { job: sources.exporter.job } }));

/** A file for Prometheus's `rule_files`. */
export function rulesFile({ groups, leftOut }: RegionRules): string {
  const notes = leftOut.map(({ alert, reason }) => `# Without ${alert}: ${reason.replace(/\s+/g, " ")}\n`);
  return notes.join("") + stringify({ groups }, { lineWidth: 0 });
}

/** `spec` of a PrometheusRule. */
export const prometheusRuleSpec = ({ groups }: RegionRules): { groups: RuleGroup[] } => ({ groups });
