import { assetsOf } from "../../config/assets/assets";
import { validateTenants } from "../../config/rules/validate";
import { type LabelOf, labelsOf, type MetricName, metricOf, sources } from "../../observability/metrics";
import { kubernetesEnvironment, kubernetesSettings } from "../support/kubernetes";
import { pull, stream } from "../support/rule-cases";

/** A region of three servers with one of each, and the series that its exporters and workers make while all is well. */

export const region = "iad";

export const environment = kubernetesEnvironment({
  jetstream: { jetstream: ["shop", "cart", "probe"] },
  authCallout: {},
  kubernetes: kubernetesSettings({
    workers: { image: { repository: "example/workers", tag: "1.4.0" } },
    backups: {
      ...{ region, to: "s3://backups", secrets: ["s3"] },
      recipients: ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"],
    },
  }),
});

export const tenants = validateTenants(
  {
    shop: {
      name: "shop",
      home: region,
      streams: {
        ORDERS: stream(["orders.>"], { maxMsgs: 50_000 }),
        COMMANDS: stream(["commands.>"]),
        EVENTS: stream(["events.>"], { retention: "interest" }),
        PRICES: stream(["prices.>"], { home: "ams", mirrors: { iad: { maxAge: "7d", maxBytes: "1GiB" } } }),
      },
      consumers: {
        biller: pull(["ORDERS"], { maxDeliver: 5, maxAckPending: 200 }),
        audit: pull(["EVENTS"], { maxDeliver: 5 }),
      },
      users: { api: { publishes: ["orders.>"] }, biller: { consumes: ["biller", "audit"] } },
      workers: { biller: {} },
      deadLetters: {},
      limits: { connections: 100, streams: 20, consumers: 50 },
    },
    cart: {
      name: "cart",
      home: region,
      streams: { CARTS: stream(["carts.>"]) },
      consumers: { mailer: pull(["CARTS"], { maxDeliver: 5 }) },
      users: { mailer: { consumes: ["mailer"] } },
    },
  },
  environment,
);

/** A gauge's value, or what a counter grows by every minute. */
export type Value = number | { perMinute: number };

/** Series, by their name and labels as Prometheus writes them. */
export type Series = ReadonlyMap<string, Value>;

type Labels = Record<string, string>;

/** A series with the labels that Prometheus and the exporter give it. */
function key<Name extends MetricName>(name: Name, labels: Partial<Record<LabelOf<Name>, string>>): string {
  const { source, isHistogram } = metricOf(name);
  const { pod, server } = labels as Labels;
  const all: Labels = { job: sources[source].job!, region, instance: pod ?? server!, ...labels };
  for (const label of labelsOf(name)) if (!(label in all)) throw new Error(`${name} has no value for ${label}`);
  const text = Object.entries(all).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
  return `${name}${isHistogram ? "_bucket" : ""}{${text.join(",")}}`;
}

export const servers = ["iad-0", "iad-1", "iad-2"];
const leader = "iad-0";

const { streams, consumers } = assetsOf(environment, tenants);
const here = streams.filter((one) => one.region === region);

/** What one server's exporter has. */
function ofServer(server: string): [string, Value][] {
  const jetstream = { server, server_name: server, meta_leader: "ams-1" };
  const plain: [Parameters<typeof key>[0], Value][] = [
    ["nats_healthz_status", 0],
    ["nats_varz_remotes", 2],
    ["nats_varz_start", 0],
    ["nats_varz_cpu", 12],
    ["nats_varz_mem", 5e7],
    ["nats_varz_subscriptions", 200],
    ["nats_varz_in_msgs", { perMinute: 6000 }],
    ["nats_varz_out_msgs", { perMinute: 9000 }],
    ["nats_varz_in_bytes", { perMinute: 6e6 }],
    ["nats_varz_out_bytes", { perMinute: 9e6 }],
    ["nats_varz_connections", 12],
    ["nats_varz_max_connections", 65536],
    ["nats_varz_slow_consumers", 3],
    ["nats_varz_jetstream_meta_cluster_size", 9],
    ["nats_varz_jetstream_meta_pending", 0],
    ["nats_varz_jetstream_stats_ha_assets", 30],
    ["nats_varz_jetstream_stats_reserved_storage", 5e9],
    ["nats_varz_jetstream_stats_storage", 1e9],
    ["nats_varz_jetstream_config_max_storage", 9e10],
    ["nats_varz_jetstream_stats_memory", 1e6],
    ["nats_varz_jetstream_config_max_memory", 1e9],
    ["nats_varz_jetstream_stats_api_total", { perMinute: 600 }],
    ["nats_varz_jetstream_stats_api_errors", { perMinute: 3 }],
  ];
  const accountOf = (account: string) => ({ ...jetstream, account });
  const account = accountOf("shop");
  return [
    ...plain.map(([name, value]): [string, Value] => [key(name, { server }), value]),
    ...["ams", "syd"].flatMap((remote_gateway_name): [string, Value][] => {
      const gateway = { server, remote_gateway_name };
      return [
        [key("nats_gatewayz_outbound_gateway_configured", gateway), 1],
        [key("nats_gatewayz_outbound_gateway_conn_rtt", gateway), 0.09],
        [key("nats_gatewayz_outbound_gateway_conn_out_msgs", gateway), { perMinute: 60 }],
        [key("nats_gatewayz_outbound_gateway_conn_out_bytes", gateway), { perMinute: 6e4 }],
      ];
    }),
    [key("nats_server_jetstream_disabled", jetstream), 0],
    [key("nats_account_storage_used", account), 1e9],
    [key("nats_account_max_storage", account), 1e10],
    [key("nats_account_memory_used", account), 1e6],
    // Without a limit.
    [key("nats_account_max_memory", account), 1.8446744073709552e19],
    ...here.flatMap(({ account: owner, name, mirrorOf, spec }): [string, Value][] => {
      const own = {
        ...{ ...accountOf(owner), stream_name: name, stream_leader: leader },
        is_stream_leader: String(server === leader),
      };
      const mirror = { ...own, mirror_name: mirrorOf ?? "" };
      return [
        [key("nats_stream_total_messages", own), name.startsWith("DEAD_LETTER") ? 0 : 100],
        [key("nats_stream_total_bytes", own), 1e5],
        [key("nats_stream_last_seq", own), { perMinute: 60 }],
        [key("nats_stream_subject_count", own), 3],
        [key("nats_stream_consumer_count", own), spec.retention === "interest" ? 1 : 0],
        ...(mirrorOf !== undefined
          ? ([
              [key("nats_stream_mirror_lag", mirror), server === leader ? 3 : 0],
              [key("nats_stream_mirror_active_duration_ns", mirror), server === leader ? 5e8 : -1],
            ] as [string, Value][])
          : []),
        ...consumers
          .filter((consumer) => consumer.account === owner && consumer.stream === name)
          .flatMap((consumer): [string, Value][] => {
            const durable = {
              ...{ ...own, consumer_name: consumer.name, consumer_leader: leader },
              is_consumer_leader: String(server === leader),
            };
            return [
              [key("nats_consumer_num_pending", durable), 10],
              [key("nats_consumer_num_ack_pending", durable), 5],
              [key("nats_consumer_num_redelivered", durable), 0],
              [key("nats_consumer_num_waiting", durable), 2],
              [key("nats_consumer_ack_floor_consumer_seq", durable), { perMinute: 60 }],
            ];
          }),
      ];
    }),
  ];
}

function ofWorker(pod: string): [string, Value][] {
  const process = { account: "shop", namespace: "workers-shop", worker: "biller", pod };
  const consumer = { ...process, consumer: "biller" };
  const timed = { "0.005": 50, "0.05": 90, "+Inf": 95 };
  const deferred = { "1": 90, "2.5": 95, "3": 95, "+Inf": 95 };
  const buckets = (
    name:
      | "nats_consumer_message_processing_duration_seconds"
      | "nats_consumer_delivery_delay_seconds"
      | "nats_publisher_message_duration_seconds"
      | "arrakis_interaction_defer_seconds",
    labels: Labels,
    counts: Readonly<Record<string, number>> = timed,
  ) => Object.entries(counts).map(([le, perMinute]): [string, Value] => [key(name, { ...labels, le }), { perMinute }]);
  return [
    ...buckets("nats_consumer_message_processing_duration_seconds", consumer),
    ...buckets("nats_consumer_delivery_delay_seconds", consumer),
    ...buckets("nats_publisher_message_duration_seconds", process),
    ...buckets("arrakis_interaction_defer_seconds", process, deferred),
    [key("arrakis_interactions_total", { ...process, outcome: "answered" }), { perMinute: 95 }],
    [key("arrakis_interactions_total", { ...process, outcome: "late" }), { perMinute: 3 }],
    [key("nats_publisher_messages_total", { ...process, status: "acknowledged" }), { perMinute: 95 }],
    [key("nats_publisher_retries_total", process), 0],
    [key("nats_connection_reconnects_total", process), 0],
    [key("nats_consumer_lag", consumer), 10],
    [key("nats_consumer_in_flight", consumer), 5],
    [key("nats_consumer_redeliveries_total", consumer), { perMinute: 5 }],
    [key("nats_consumer_unknown_messages_total", consumer), 0],
    [key("nats_connection_up", process), 1],
    [key("nats_consumer_breaker_open", consumer), 0],
    [key("nats_consumer_messages_processed_total", { ...consumer, status: "success" }), { perMinute: 95 }],
    [key("nats_consumer_messages_processed_total", { ...consumer, status: "retry" }), { perMinute: 5 }],
    [key("nats_consumer_dead_letters_total", { ...consumer, outcome: "stored" }), { perMinute: 1 }],
    [key("nats_consumer_dead_letters_total", { ...consumer, outcome: "failed" }), 0],
  ];
}

const probePod = { account: "probe", namespace: "workers-probe", worker: "probe", pod: "probe-a" };
/** So that a certificate is far from its end during all of a test. */
const inYears = 1e8;

/** What the probe reads and measures. */
function ofProbe(): [string, Value][] {
  const one = (name: MetricName, labels: Labels, value: Value): [string, Value] => [
    key(name, { ...probePod, ...labels }),
    value,
  ];
  return [
    one("nats_connection_up", {}, 1),
    one("probe_servers_answered", {}, 3),
    ...servers.flatMap((server) =>
      ["client", "cluster", "gateway"].map((listener) =>
        one("probe_certificate_expiry_timestamp_seconds", { server, listener }, inYears),
      ),
    ),
    ...["iad-1", "ams-0"].flatMap((peer) => [
      one("probe_meta_peer_behind", { peer }, 0),
      one("probe_meta_peer_offline", { peer }, 0),
    ]),
    ...here.flatMap(({ account: tenant, name: stream_name, mirrorOf }) => {
      const stream = { tenant, stream_name };
      return [
        one("probe_stream_quorum", stream, 1),
        one("probe_stream_replicas_behind", stream, 0),
        one("probe_stream_replicas_offline", stream, 0),
        ...(mirrorOf === undefined ? [] : [one("probe_mirror_lag_seconds", stream, 1)]),
        ...consumers
          .filter((consumer) => consumer.account === tenant && consumer.stream === stream_name)
          .flatMap(({ name: consumer_name }) => [
            one("probe_consumer_quorum", { ...stream, consumer_name }, 1),
            one("probe_consumer_replicas_behind", { ...stream, consumer_name }, 0),
            one("probe_consumer_oldest_seconds", { ...stream, consumer_name }, 5),
            one("probe_max_deliveries_total", { ...stream, consumer_name }, 0),
          ]),
      ];
    }),
    one("probe_account_connections", { tenant: "shop" }, 10),
    one("probe_account_streams", { tenant: "shop" }, 10),
    ...["iad", "ams", "syd"].map((other) =>
      one("probe_failover_mapped", { tenant: "shop", stream_name: "PRICES", in: other }, 1),
    ),
    one("probe_advisories_total", { kind: "stream_leader_elected" }, 0),
    ...["iad", "ams", "syd"].flatMap((other) => [
      one("probe_publishes_total", { to: other, outcome: "acknowledged" }, { perMinute: 12 }),
      one("probe_publishes_total", { to: other, outcome: "failed" }, 0),
      ...Object.entries({ "0.1": 10, "+Inf": 12 }).flatMap(([le, perMinute]) => [
        one("probe_publish_duration_seconds", { to: other, le }, { perMinute }),
        one("probe_delivery_duration_seconds", { from: other, le }, { perMinute }),
      ]),
    ]),
  ];
}

/** What the auth callout's service has: most clients are let in, and now and then one is refused. */
function ofCallout(pod: string): [string, Value][] {
  const process = { account: "logins", namespace: "workers-logins", worker: "auth-callout", pod };
  const decisions = (outcome: string, reason: string, value: Value): [string, Value] => [
    key("auth_callout_decisions_total", { ...process, outcome, reason }),
    value,
  ];
  return [
    [key("nats_connection_up", process), 1],
    decisions("allowed", "", { perMinute: 60 }),
    decisions("refused", "unknown token", { perMinute: 1 }),
    decisions("failed", "", 0),
  ];
}

const watchPod = { account: "backup", namespace: "workers-backup", worker: "backup-watch", pod: "backup-watch-a" };

/** Just made, and just restored. */
const ofBackups: [string, Value][] = (
  ["backup_last_begun_timestamp_seconds", "backup_last_verified_timestamp_seconds"] as const
).map((name) => [key(name, { ...watchPod, store: "s3://backups" }), 0]);

export const healthy: Series = new Map([
  ...servers.flatMap(ofServer),
  ...["biller-a", "biller-b"].flatMap(ofWorker),
  ...ofProbe(),
  ...["callout-a", "callout-b"].flatMap(ofCallout),
  ...ofBackups,
]);

/** Whether a series has these labels; a value that begins with `!` is one that it must not have. */
const fits = (series: string, name: string, where: Labels): boolean =>
  (series.startsWith(`${name}{`) || series.startsWith(`${name}_bucket{`)) &&
  Object.entries(where).every(([label, value]) =>
    value.startsWith("!")
      ? !series.includes(`${label}="${value.slice(1)}"`)
      : new RegExp(`[{,]${label}="${value}"`).test(series),
  );

/** A change of series; throws where there is none to change. */
export type Change = (series: Series) => Series;

function changed(
  series: Series,
  name: string,
  where: Labels,
  change: (series: string, value: Value) => [string, Value][],
) {
  const found = [...series.keys()].filter((one) => fits(one, name, where));
  if (found.length === 0) throw new Error(`no series ${name} with ${JSON.stringify(where)}`);
  return new Map([...series].flatMap(([one, value]) => (found.includes(one) ? change(one, value) : [[one, value]])));
}

/** Other values. */
export const set =
  (name: MetricName, where: Labels, value: Value): Change =>
  (series) =>
    changed(series, name, where, (one) => [[one, value]]);

/** Series that are missing. */
export const without =
  (name: MetricName, where: Labels): Change =>
  (series) =>
    changed(series, name, where, () => []);

/** Another value of a label. */
export const relabelled =
  (name: MetricName, where: Labels, labels: Labels): Change =>
  (series) =>
    changed(series, name, where, (one, value) => [
      [
        Object.entries(labels).reduce(
          (text, [label, to]) => text.replace(new RegExp(`([{,])${label}="[^"]*"`), `$1${label}="${to}"`),
          one,
        ),
        value,
      ],
    ]);

/** Nothing is scraped from these servers. */
export const unscraped =
  (...names: string[]): Change =>
  (series) =>
    new Map([...series].filter(([one]) => !names.some((name) => one.includes(`,server="${name}"`))));

/**
 * A server that has stopped while its exporter runs, as observed: `/healthz` and `/jsz` have no series, `/varz` keeps
 * its last values, and its peers have one route less.
 */
export const stopped =
  (name: string): Change =>
  (series) => {
    const left = new Map(
      [...series].filter(([one]) => !one.includes(`,server="${name}"`) || one.startsWith("nats_varz_")),
    );
    for (const [one, value] of left)
      if (one.startsWith("nats_varz_remotes{") && !one.includes(`server="${name}"`))
        left.set(one, (value as number) - 1);
    return left;
  };

export const all =
  (...changes: Change[]): Change =>
  (series) =>
    changes.reduce((left, change) => change(left), series);
