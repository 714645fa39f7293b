/** Kind of the Prometheus operator's object with rules. */
export const prometheusRuleKind = { apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule" } as const;

/** Name of the file with rules, for Prometheus's `rule_files`. */
export const rulesFileName = "nats-alerts.yaml";
