import type { Tenants } from "../../config/assets/asset";
import { backupsOf } from "../../config/assets/backups";
import { presentTenants } from "../../config/assets/leaving";
import { calloutWorkers } from "../../config/assets/auth-callout";
import { type WorkerAsset, workersOfRegion } from "../../config/assets/workers";
import type { AlertName } from "../../config/schema/alerts";
import type { Environment } from "../../config/schema/settings";
import { serversInAll } from "../../config/sizes";
import { serversOf, workersNamespaceOf } from "../../config/topology";
import type { Duration } from "../../config/units";
import { type LabelOf, type MetricName, metricOf } from "../metrics";
import {
  and,
  compare,
  either,
  type Expr,
  matched,
  max,
  orZero,
  series,
  sum,
  times,
  unless,
  type Where,
} from "../promql";
import { hasOwnThresholds, thresholdOf } from "../thresholds";

/** One alert: what it looks at, and what it tells a person. */
export interface Alert {
  /** `critical`: messages are refused or may be lost, or will be if one more thing fails. */
  severity: "critical" | "warning";
  /** How long its condition holds before it fires; settings can change it. */
  for: Duration;
  /** Its conditions in a region: mostly one, or one for each of what is expected. */
  conditions: (site: Site) => Condition[];
  /** One line: what is wrong, where. Prometheus replaces `{{ $labels.<label> }}` and `{{ $value }}`. */
  summary: string;
  /** What it means for messages. What to do stands in the runbook. */
  description: string;
}

export interface Condition {
  /** Series for which the alert fires. */
  expr: Expr;
  /** Labels that the alert has beside those of the series, e.g. what is missing. */
  labels?: Record<string, string>;
}

/** How series are selected: those of a region, or of what a dashboard shows. */
export interface Selection {
  series: <Name extends MetricName>(name: Name, where?: Where<Name>) => Expr;
}

/** A region as it should be: what is expected there, and how its series are selected. */
export interface Site extends Selection {
  region: string;
  /** The other regions. */
  others: string[];
  /** Names of its servers. */
  servers: string[];
  /** Servers of all regions. */
  allServers: number;
  /** Accounts of tenants whose given up messages nothing keeps: those without `deadLetters`. */
  withoutDeadLetters: string[];
  /** Workers that should run in it; `namespace` is undefined outside Kubernetes. */
  workers: { worker: WorkerAsset; namespace: string | undefined }[];
  /** Whether it makes the environment's backups. */
  makesBackups: boolean;
  /** The threshold of settings, or the default. Throws for an alert that has none. */
  threshold: (alert: AlertName, fallback?: number) => number;
  /** Whether settings treat single streams or durables of the alert differently. */
  hasOwn: (alert: AlertName) => boolean;
  /** Whether the region's exporters make a metric. */
  has: (metric: MetricName) => boolean;
}

const levels = ["accounts", "streams", "all"] as const;

/**
 * A region as its environment and tenants have it.
 *
 * @param workers those that run in it; by default those of its tenants where the environment runs any on Kubernetes
 */
export function siteOf(
  environment: Environment,
  tenants: Tenants,
  region: string,
  workers: readonly WorkerAsset[] = onKubernetes(environment, tenants, region),
): Site {
  const level = environment.target === "kubernetes" ? environment.kubernetes.monitoring.exporter.jetstream : "all";
  const namespaceOf = ({ account }: WorkerAsset) =>
    environment.target === "kubernetes" ? workersNamespaceOf(environment, region, account) : undefined;
  return {
    region,
    others: environment.regions.filter((other) => other !== region),
    servers: serversOf(environment, region).map(({ name }) => name),
    allServers: serversInAll(environment),
    withoutDeadLetters: Object.values(presentTenants(tenants)).flatMap(({ name, deadLetters }) =>
      deadLetters === undefined ? [name] : [],
    ),
    workers: workers.map((worker) => ({ worker, namespace: namespaceOf(worker) })),
    makesBackups: backupsOf(environment)?.region === region,
    series: (name, where) => series(name, where, { region }),
    threshold: (alert, fallback) => thresholdOf(environment, alert, fallback),
    hasOwn: (alert) => hasOwnThresholds(environment, alert),
    has: (metric) => levels.indexOf(level) >= levels.indexOf(metricOf(metric).needs ?? "accounts"),
  };
}

const onKubernetes = (environment: Environment, tenants: Tenants, region: string): WorkerAsset[] =>
  environment.target === "kubernetes" && environment.kubernetes.workers
    ? [...workersOfRegion(tenants, region), ...calloutWorkers(environment)]
    : [];

/** Metrics that each server has once. */
type ServerMetric = {
  [Name in MetricName]: "server" extends LabelOf<Name>
    ? LabelOf<Name> extends "region" | "server"
      ? Name
      : never
    : never;
}[MetricName];

export const serverLabels = ["region", "server"] as const;

/** How many processes of a worker are connected; 0 where none runs. */
export const connected = (site: Site, { worker: { account, objectName }, namespace }: Site["workers"][number]): Expr =>
  orZero(
    sum(
      ["region"],
      site.series("nats_connection_up", { worker: objectName, ...(namespace ? { namespace } : { account }) }),
    ),
  );

/** Servers that answer. */
export const answering = (site: Selection): Expr => max(serverLabels, site.series("nats_healthz_status"));

/** Of servers that answer alone: `nats_varz_*` of others keep the values that they had. */
export const current = (site: Selection, name: ServerMetric): Expr =>
  max(serverLabels, and(site.series(name), site.series("nats_healthz_status"), serverLabels));

/** Labels of an account, of a stream, and of a durable. */
export const accountLabels = ["region", "account"] as const;
export const streamLabels = [...accountLabels, "stream_name"] as const;
export const consumerLabels = [...streamLabels, "consumer_name"] as const;

type StreamMetric = Extract<MetricName, `nats_stream_${string}`>;
type ConsumerMetric = {
  [Name in Extract<MetricName, `nats_consumer_${string}`>]: "is_consumer_leader" extends LabelOf<Name> ? Name : never;
}[Extract<MetricName, `nats_consumer_${string}`>];

/** Metrics of streams and consumers, as their leader reports them. */
export const ofLeader = {
  stream: (site: Selection, name: StreamMetric): Expr =>
    max(streamLabels, site.series(name, { is_stream_leader: "true" })),
  consumer: (site: Selection, name: ConsumerMetric): Expr =>
    max(consumerLabels, site.series(name, { is_consumer_leader: "true" })),
};

/** Streams or durables that are declared, and what their limit is. */
const declared = (site: Site, on: readonly string[]): Expr =>
  site.series(on.includes("consumer_name") ? "supercluster_consumer_max_ack_pending" : "supercluster_stream_max_bytes");

const own = (site: Site, alert: AlertName): Expr => site.series("supercluster_alert_threshold", { alert });

/** Declared streams or durables of which the value is above the alert's threshold, or above their own. */
export function aboveThreshold(site: Site, alert: AlertName, value: Expr, on: readonly string[]): Expr {
  const above = and(compare(value, ">", site.threshold(alert, 0)), declared(site, on), on);
  if (!site.hasOwn(alert)) return above;
  return either(unless(above, own(site, alert), on), matched(value, ">", own(site, alert), on));
}

/** Those that are declared and not silenced. */
export function ofDeclared(site: Site, alert: AlertName, found: Expr, on: readonly string[]): Expr {
  const expected = and(found, declared(site, on), on);
  return site.hasOwn(alert) ? unless(expected, own(site, alert), on) : expected;
}

/** What is used of a limit, in percent, where both have the labels `on`. */
export const percentOf = (used: Expr, limit: Expr, on: readonly string[]): Expr =>
  times(matched(used, "/", limit, on), 100);

/** Nothing while most servers do not answer: what they would report is missing then, not gone. */
const whileServing = (site: Site, expr: Expr): Expr =>
  and(expr, compare(countOf(site), ">=", majority(site.servers.length)), ["region"]);

/** How many servers of the region answer; no series where none does. */
export const countOf = (site: Selection): Expr => {
  const expr = answering(site);
  return { ...expr, text: `count by (region) (${expr.text})`, labels: ["region"] };
};

/** Servers that a cluster needs to decide anything. */
export const majority = (servers: number): number => Math.floor(servers / 2) + 1;

/** Declared streams or durables that no server reports, and that are not silenced. */
export function missing(site: Site, alert: AlertName, found: Expr, on: readonly string[]): Expr {
  const gone = max(on, unless(declared(site, on), found, on));
  return whileServing(site, site.hasOwn(alert) ? unless(gone, own(site, alert), on) : gone);
}
