import { probe } from "../../config/assets/probe";
import type { AlertName } from "../../config/schema/alerts";
import type { MetricName } from "../metrics";
import { and, compare, type Expr, increase, matched, max, rate, relabelled, secondsUntil, sum } from "../promql";
import {
  aboveThreshold,
  accountLabels,
  type Alert,
  type Condition,
  consumerLabels,
  ofDeclared,
  percentOf,
  type Selection,
  type Site,
  streamLabels,
} from "./alert";

/** Alerts about what only the probe measures (workers/probe); none in a region without one. */

const day = 86_400;

const wherever =
  (conditions: Alert["conditions"]): Alert["conditions"] =>
  (site): Condition[] =>
    site.workers.some(({ worker }) => worker.system === probe) ? conditions(site) : [];

/** Metrics of streams and durables, with the label `account` that others of them have. */
type ProbedMetric = Extract<MetricName, `probe_${"stream" | "consumer" | "mirror" | "account" | "failover"}_${string}`>;

export const probed = (site: Selection, name: ProbedMetric, on: readonly string[]): Expr =>
  max(on, relabelled(site.series(name), "tenant", "account"));

/** Where an account uses more of what its tenant states than the alert allows. */
const ofAccounts = (
  site: Site,
  alert: AlertName,
  used: "probe_account_connections" | "probe_account_streams",
  limit: "supercluster_account_max_connections" | "supercluster_account_max_streams",
): Condition[] => [
  {
    expr: compare(
      percentOf(probed(site, used, accountLabels), site.series(limit), accountLabels),
      ">",
      site.threshold(alert),
    ),
  },
];

const listeners = ["region", "server", "listener"] as const;

/** Seconds until certificates expire. */
export const untilExpiry = (site: Selection): Expr =>
  secondsUntil(max(listeners, site.series("probe_certificate_expiry_timestamp_seconds")));

const pair = ["region", "to"] as const;

type Window = "5m" | "30m" | "1h" | "6h";

/** Which part of what is published to a region is not acknowledged. */
export const unacknowledged = (site: Selection, window: Window): Expr =>
  matched(
    sum(pair, rate(site.series("probe_publishes_total", { outcome: "failed" }), window)),
    "/",
    sum(pair, rate(site.series("probe_publishes_total"), window)),
    pair,
  );

/**
 * Where the failures that a month may have are used up several times too fast, in a long window and still in a short
 * one: https://sre.google/workbook/alerting-on-slos/
 *
 * @param times how many times too fast
 */
function burning(site: Site, alert: AlertName, times: number, [long, short]: readonly [Window, Window]): Condition[] {
  const most = Number((((100 - site.threshold(alert)) / 100) * times).toPrecision(6));
  return [
    {
      expr: and(compare(unacknowledged(site, long), ">", most), compare(unacknowledged(site, short), ">", most), pair),
    },
  ];
}

export const probeAlerts = {
  NATSCertificateExpiring: {
    severity: "warning",
    for: "5m",
    conditions: wherever((site) => [
      { expr: compare(untilExpiry(site), "<", site.threshold("NATSCertificateExpiring") * day) },
    ]),
    summary:
      "The {{ $labels.listener }} certificate of server {{ $labels.server }} expires in " +
      "{{ $value | humanizeDuration }}",
    description:
      "Once it has expired, clients (client), servers of the region (cluster) or other regions (gateway) cannot " +
      "connect to this server any more. Connections that are open stay.",
  },
  NATSMetaPeerBehind: {
    severity: "warning",
    for: "5m",
    conditions: wherever((site) => [
      { expr: compare(max(["region", "peer"], site.series("probe_meta_peer_behind")), "==", 1) },
    ]),
    summary: "Server {{ $labels.peer }} is behind in the JetStream meta group",
    description:
      "It answers and has not applied what was decided: its streams and durables may be old ones. If its peers stop " +
      "now, the meta group may have no majority that knows everything.",
  },
  NATSReplicaBehind: {
    severity: "warning",
    for: "10m",
    conditions: wherever((site) =>
      (
        [
          ["probe_stream_replicas_behind", "the stream"],
          ["probe_consumer_replicas_behind", "a durable"],
        ] as const
      ).map(([metric, of]) => ({
        expr: ofDeclared(site, "NATSReplicaBehind", compare(probed(site, metric, streamLabels), ">", 0), streamLabels),
        labels: { of },
      })),
    ),
    summary: "{{ $value }} replicas of {{ $labels.of }} {{ $labels.stream_name }} of {{ $labels.account }} are behind",
    description:
      "They answer and do not have all that the leader has. If the servers of the others stop now, the last messages " +
      "are not available, or acknowledgements are forgotten and messages are delivered again.",
  },
  NATSMirrorLate: {
    severity: "warning",
    for: "2m",
    conditions: wherever((site) => [
      {
        expr: aboveThreshold(
          site,
          "NATSMirrorLate",
          probed(site, "probe_mirror_lag_seconds", streamLabels),
          streamLabels,
        ),
      },
    ]),
    summary: "Mirror {{ $labels.stream_name }} in {{ $labels.region }} is {{ $value | humanizeDuration }} late",
    description:
      "Readers of the mirror see old data. If the origin's region is lost now, what was acknowledged there in that " +
      "time is not here.",
  },
  NATSConsumerMessageOld: {
    severity: "warning",
    for: "5m",
    conditions: wherever((site) => [
      {
        expr: aboveThreshold(
          site,
          "NATSConsumerMessageOld",
          probed(site, "probe_consumer_oldest_seconds", consumerLabels),
          consumerLabels,
        ),
      },
    ]),
    summary:
      "A message of {{ $labels.stream_name }} has waited {{ $value | humanizeDuration }} for durable " +
      "{{ $labels.consumer_name }}",
    description:
      "It was not delivered, or is delivered again and again. Few messages wait, perhaps one: what it asks for " +
      "has not happened.",
  },
  NATSMaxDeliveries: {
    severity: "warning",
    for: "0s",
    conditions: wherever((site) =>
      site.withoutDeadLetters.length === 0
        ? []
        : [
            {
              expr: ofDeclared(
                site,
                "NATSMaxDeliveries",
                compare(
                  sum(
                    consumerLabels,
                    relabelled(
                      increase(
                        site.series("probe_max_deliveries_total", { "~tenant": site.withoutDeadLetters.join("|") }),
                        "10m",
                      ),
                      "tenant",
                      "account",
                    ),
                  ),
                  ">",
                  0,
                ),
                consumerLabels,
              ),
            },
          ],
    ),
    summary:
      "Durable {{ $labels.consumer_name }} of {{ $labels.stream_name }} ({{ $labels.account }}) has given up " +
      "messages: all their deliveries failed",
    description:
      "It delivers them no more, and its tenant keeps no dead letters. They stay in their stream as long as its " +
      "limits allow, and what they ask for has not happened.",
  },
  NATSAccountConnectionsNearFull: {
    severity: "warning",
    for: "5m",
    conditions: wherever((site) =>
      ofAccounts(
        site,
        "NATSAccountConnectionsNearFull",
        "probe_account_connections",
        "supercluster_account_max_connections",
      ),
    ),
    summary: "Account {{ $labels.account }} has {{ $value | humanize }} % of the clients that it may have",
    description:
      "All regions together. At the limit servers refuse its new clients, and those that connect again after a " +
      "server has stopped.",
  },
  NATSAccountStreamsNearFull: {
    severity: "warning",
    for: "5m",
    conditions: wherever((site) =>
      ofAccounts(site, "NATSAccountStreamsNearFull", "probe_account_streams", "supercluster_account_max_streams"),
    ),
    summary: "Account {{ $labels.account }} has {{ $value | humanize }} % of the streams that it may have",
    description: "All regions together. At the limit no stream of it can be created. Those that exist go on.",
  },
  NATSFailoverMappingsDiffer: {
    severity: "critical",
    for: "5m",
    conditions: wherever((site) => [
      {
        expr: compare(probed(site, "probe_failover_mapped", [...streamLabels, "in"]), "==", 0),
      },
    ]),
    summary:
      "Servers of {{ $labels.in }} do not map the subjects of {{ $labels.stream_name }} ({{ $labels.account }}), " +
      "which has failed over",
    description:
      "Servers of other regions do. What is published in this region goes to the stream at home: it is refused, or " +
      "stored apart from what the other regions publish.",
  },
  NATSPublishFailing: {
    severity: "critical",
    for: "0s",
    conditions: wherever((site) => burning(site, "NATSPublishFailing", 14.4, ["1h", "5m"])),
    summary: "{{ $value | humanizePercentage }} of messages from {{ $labels.region }} to {{ $labels.to }} fail",
    description:
      "The probe's messages are not acknowledged in time (CANARY_TIMEOUT, 10 s by default), though it repeats them. " +
      "At this rate what may fail in a month has failed within two days. Publishers of tenants meet the same.",
  },
  NATSPublishFailingSlowly: {
    severity: "warning",
    for: "0s",
    conditions: wherever((site) => burning(site, "NATSPublishFailingSlowly", 6, ["6h", "30m"])),
    summary: "{{ $value | humanizePercentage }} of messages from {{ $labels.region }} to {{ $labels.to }} have failed",
    description:
      "The probe's messages were not acknowledged in time (CANARY_TIMEOUT, 10 s by default), though it repeats them. " +
      "At this rate what may fail in a month has failed within five days.",
  },
  NATSProbeBlind: {
    severity: "warning",
    for: "5m",
    conditions: wherever((site) => [
      { expr: compare(max(["region"], site.series("probe_servers_answered")), "==", 0) },
    ]),
    summary: "The probe of {{ $labels.region }} reads nothing of its servers",
    description:
      "No server answers it in the system account, so alerts about certificates, replicas, mirrors in seconds and " +
      "old messages cannot fire in this region.",
  },
} satisfies Partial<Record<AlertName, Alert>>;
