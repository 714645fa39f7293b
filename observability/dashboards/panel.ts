import type { AlertName } from "../../config/schema/alerts";
import type { Environment } from "../../config/schema/settings";
import { thresholdOf } from "../thresholds";
import { alerts } from "../alerts";
import type { Selection } from "../alerts/alert";
import { type Expr, series } from "../promql";

/** Dashboards as data: what they show, and by which expressions. render.ts makes Grafana's JSON of them. Pure. */
export interface Dashboard {
  /** Identifies it in Grafana and in links: never changed. */
  uid: string;
  title: string;
  /** Whose questions it answers. */
  description: string;
  /** What a person chooses at its top, in this order; a later one depends on those before it. */
  variables: VariableName[];
  rows: Row[];
}

export interface Row {
  title: string;
  panels: Panel[];
}

export interface Panel {
  title: string;
  /** What it shows, and what a wrong value means. */
  description: string;
  /** `graph`: over time. `value`: one number for each series, as it is now. `list`: a table of series. */
  kind: "graph" | "value" | "list";
  unit: Unit;
  /** Of the 24 columns. Default: that of its kind (layout.ts). */
  width?: number;
  queries: readonly Query[];
  /** Where its colour changes: where an alert fires. */
  limit?: Limit;
  /** Written in place of a value, where having no series is normal. */
  whenEmpty?: string;
}

export type Unit = "number" | "percent" | "bytes" | "bytes/s" | "seconds" | "messages/s" | "requests/s";

export interface Query {
  expr: Expr;
  /** Name of each series; `{{label}}` is replaced. */
  legend: string;
}

export interface Limit {
  value: number;
  severity: "warning" | "critical";
  /** The value is wrong below it, not above. */
  isLeast?: true;
}

const panel =
  (kind: Panel["kind"]) =>
  (
    title: string,
    unit: Unit,
    description: string,
    queries: readonly Query[],
    more: Pick<Panel, "width" | "limit" | "whenEmpty"> = {},
  ): Panel => ({ kind, title, unit, description, queries, ...more });

export const graph = panel("graph");
export const value = panel("value");
export const list = panel("list");

/** Of a panel whose series are the probe's. */
export const withoutProbe = { whenEmpty: "No probe runs" } as const;

/** A query, as its series are called. */
export const as = (legend: string, expr: Expr): Query => ({ expr, legend });

/** The threshold of an alert, as this environment has it. Throws for an alert without one, and without `fallback`. */
export const limitOf = (environment: Environment, alert: AlertName, fallback?: number): Limit => ({
  value: thresholdOf(environment, alert, fallback),
  severity: alerts[alert].severity,
});

/** Any above 0 is one too many. */
export const noneOf = (severity: Limit["severity"]): Limit => ({ value: 1, severity });

/** What can be chosen, each with where its values are found. */
export const variables = {
  region: { label: "Region", source: series("supercluster_region_servers"), by: "region" },
  account: {
    label: "Tenant",
    source: series("supercluster_stream_max_bytes", {}, { "~region": "$region" }),
    by: "account",
  },
  stream: {
    label: "Stream",
    source: series("nats_stream_total_messages", {}, { "~region": "$region", "~account": "$account" }),
    by: "stream_name",
  },
  consumer: {
    label: "Durable",
    source: series("supercluster_consumer_max_ack_pending", {}, { "~region": "$region", "~account": "$account" }),
    by: "consumer_name",
  },
} as const satisfies Record<string, { label: string; source: Expr; by: string }>;

export type VariableName = keyof typeof variables;

/** Series of what is chosen. */
const chosen = (scope: Record<string, string>): Selection => ({
  series: (name, where) => series(name, where, scope),
});

const [region, account] = [{ "~region": "$region" }, { "~account": "$account" }];

/** Of servers. */
export const servers = chosen(region);
/** Of accounts and workers. */
export const accounts = chosen({ ...region, ...account });
/** Of streams, mirrors, and durables of streams. */
export const streams = chosen({ ...region, ...account, "~stream_name": "$stream" });
/** Of streams and durables, as the probe reports them. */
export const probedStreams = chosen({ ...region, "~tenant": "$account", "~stream_name": "$stream" });
/** Of workers, by durable. */
export const consumers = chosen({ ...region, ...account, "~consumer": "$consumer" });
