import { Document, visit } from "yaml";
import type { Tenants } from "../config/assets/asset";
import type { WorkerAsset } from "../config/assets/workers";
import { type AlertName, alertNames } from "../config/schema/alerts";
import type { Environment } from "../config/schema/settings";
import { alerts } from "./alerts";
import { type Site, siteOf } from "./alerts/alert";
import { declaredIn, type DeclaredSeries, declaredSeries } from "./declared";
import { sources } from "./metrics";
import { type Expr, prometheusDuration } from "./promql";
import { recordingRules } from "./recording-rules";
import { ownThresholds } from "./thresholds";

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

/**
 * All rules of a region: what streams and durables may reach, series of other names, alerts.
 *
 * @param running its workers; by default those of its tenants where the environment runs any on Kubernetes
 */
export function rulesOf(
  environment: Environment,
  tenants: Tenants,
  region: string,
  running: { workers?: readonly WorkerAsset[] } = {},
): RegionRules {
  const site = siteOf(environment, tenants, region, running.workers);
  const made = alertNames.map((alert) => ({ alert, ...alertingRules(environment, site, alert) }));
  const leftOut = made.flatMap(({ alert, reason }) => (reason === undefined ? [] : [{ alert, reason }]));
  const declared = declaredIn(environment, tenants, region);
  const group = (name: string, rules: RuleGroup["rules"]) =>
    rules.length ? [{ name: `nats-${region}-${name}`, rules }] : [];
  return {
    groups: [
      ...group("declared", [...declaredSeries(declared), ...ownThresholds(environment, declared)].map(recorded(site))),
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
    rules: conditions.map((condition) => {
      const labels = { severity: alert.severity, region: site.region, ...condition.labels };
      return {
        alert: name,
        expr: condition.expr.text,
        for: prometheusDuration(setting?.for ?? alert.for),
        labels,
        annotations: {
          summary: filled(alert.summary, labels),
          description: filled(alert.description, labels),
          runbook: runbookOf(name),
        },
      };
    }),
  };
}

/** A text with the labels of its rule: Prometheus puts only those of series into it. */
const filled = (text: string, labels: Record<string, string>): string =>
  text.replace(/{{ \$labels\.(\w+) }}/g, (placeholder, label: string) => labels[label] ?? placeholder);

const recorded =
  ({ region }: Site) =>
  ({ record, labels, value }: DeclaredSeries): RecordingRule => ({
    ...{ record, expr: `vector(${value === Infinity ? "+Inf" : value})` },
    labels: { region, ...labels },
  });

const namingRules = (site: Site): RecordingRule[] =>
  Object.entries(recordingRules)
    .map(([record, expr]): [string, Expr] => [record, expr(site)])
    .filter(([, { metrics }]) => metrics.every(site.has))
    .map(([record, { text }]) => ({ record, expr: text, labels: { job: sources.exporter.job } }));

/** A file for Prometheus's `rule_files`. */
export function rulesFile({ groups, leftOut }: RegionRules): string {
  const notes = leftOut.map(({ alert, reason }) => `# Without ${alert}: ${reason.replace(/\s+/g, " ")}\n`);
  const document = new Document({ groups });
  // What is declared is most of it: each in one line, not in seven.
  visit(document, {
    Map(_, node) {
      node.flow = String(node.get("record")).startsWith("supercluster_");
    },
  });
  return notes.join("") + document.toString({ lineWidth: 0 });
}

/** `spec` of a PrometheusRule. */
export const prometheusRuleSpec = ({ groups }: RegionRules): { groups: RuleGroup[] } => ({ groups });
