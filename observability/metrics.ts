/**
 * Every metric that alerts and recording rules read: where it comes from, its labels, and what it means. The names are
 * those of prometheus-nats-exporter 0.20.1 with the official chart's flags, and of workers/messaging/metrics.ts.
 */

/** Labels that Prometheus gives to all series of a source (components/monitoring/scrape-config.ts). */
export const sources = {
  /** prometheus-nats-exporter, one beside each server; `server` is the server's name. */
  exporter: { job: "nats-jetstream", labels: ["region", "server"] },
  /** Processes of workers; `worker` is the worker's name, `namespace` its tenant's. */
  worker: { job: "nats-workers", labels: ["region", "namespace", "worker", "pod"] },
  /** Recording rules of this folder. */
  rule: { job: undefined, labels: ["region"] },
} as const satisfies Record<string, { job: string | undefined; labels: readonly string[] }>;

type Source = keyof typeof sources;

interface Metric {
  source: Source;
  /** Its own labels; those that no rule needs are left out. */
  labels: readonly string[];
  unit: string;
  meaning: string;
  /**
   * The least of `kubernetes.monitoring.exporter.jetstream` with which the exporter makes it. Default: with any.
   */
  needs?: "streams" | "all";
}

/** Of jsz: `meta_leader` is empty on a server that knows no meta leader. */
const jetstream = ["server_name", "meta_leader"] as const;
const ofAccount = [...jetstream, "account"] as const;
/** Every replica exports these, so a sum needs `is_stream_leader="true"`. `stream_leader` is empty without a leader. */
const ofStream = [...ofAccount, "stream_name", "is_stream_leader", "stream_leader"] as const;
const ofConsumer = [...ofStream, "consumer_name", "is_consumer_leader", "consumer_leader"] as const;

export const metrics = {
  /** The one metric of the exporter that is gone while its server does not answer: `nats_varz_*` keep old values. */
  nats_healthz_status: {
    source: "exporter",
    labels: [],
    unit: "0 is healthy, 1 is not",
    meaning: "Answer of the server's /healthz; absent while the server does not answer",
  },
  nats_varz_remotes: {
    source: "exporter",
    labels: [],
    unit: "servers",
    meaning: "Servers of its region that it has routes to; nats_varz_routes counts the connections of the pool",
  },
  nats_varz_connections: { source: "exporter", labels: [], unit: "connections", meaning: "Clients of the server" },
  nats_varz_max_connections: {
    source: "exporter",
    labels: [],
    unit: "connections",
    meaning: "Clients that the server takes",
  },
  nats_varz_slow_consumers: {
    source: "exporter",
    labels: [],
    unit: "connections, counted since the start",
    meaning: "Connections that the server closed because they did not read fast enough",
  },
  nats_varz_jetstream_meta_cluster_size: {
    source: "exporter",
    labels: [],
    unit: "servers",
    meaning: "Servers that the meta group counts, those that do not answer included",
  },
  nats_varz_jetstream_stats_storage: { source: "exporter", labels: [], unit: "bytes", meaning: "File storage in use" },
  nats_varz_jetstream_config_max_storage: {
    source: "exporter",
    labels: [],
    unit: "bytes",
    meaning: "File storage that the server gives to JetStream",
  },
  nats_varz_jetstream_stats_memory: { source: "exporter", labels: [], unit: "bytes", meaning: "Memory storage in use" },
  nats_varz_jetstream_config_max_memory: {
    source: "exporter",
    labels: [],
    unit: "bytes",
    meaning: "Memory storage that the server gives to JetStream",
  },
  nats_varz_jetstream_stats_api_total: {
    source: "exporter",
    labels: [],
    unit: "requests, counted since the start",
    meaning: "Requests to the JetStream API that the server answered",
  },
  nats_varz_jetstream_stats_api_errors: {
    source: "exporter",
    labels: [],
    unit: "requests, counted since the start",
    meaning: "Those that it answered with an error",
  },
  nats_gatewayz_outbound_gateway_configured: {
    source: "exporter",
    labels: ["remote_gateway_name"],
    unit: "0 or 1",
    meaning: "Present while the server has a connection to the region remote_gateway_name",
  },
  nats_server_jetstream_disabled: {
    source: "exporter",
    labels: jetstream,
    unit: "0 or 1",
    meaning: "1 where JetStream is off; its labels tell which meta leader the server knows",
  },
  nats_account_storage_used: {
    source: "exporter",
    labels: ofAccount,
    unit: "bytes",
    meaning: "File storage of the account in all regions, replicas counted; the same on every server",
  },
  nats_account_max_storage: {
    source: "exporter",
    labels: ofAccount,
    unit: "bytes, 1.8e19 without a limit",
    meaning: "What the account may have of it",
  },
  nats_account_memory_used: {
    source: "exporter",
    labels: ofAccount,
    unit: "bytes",
    meaning: "Memory storage of the account in all regions, replicas counted",
  },
  nats_account_max_memory: {
    source: "exporter",
    labels: ofAccount,
    unit: "bytes, 1.8e19 without a limit",
    meaning: "What the account may have of it",
  },
  nats_stream_total_messages: {
    source: "exporter",
    labels: ofStream,
    unit: "messages",
    meaning: "Messages in the stream",
    needs: "streams",
  },
  nats_stream_total_bytes: {
    source: "exporter",
    labels: ofStream,
    unit: "bytes",
    meaning: "Bytes of one replica of the stream",
    needs: "streams",
  },
  nats_stream_consumer_count: {
    source: "exporter",
    labels: ofStream,
    unit: "consumers",
    meaning: "Consumers of the stream, those that applications create included",
    needs: "streams",
  },
  nats_stream_mirror_lag: {
    source: "exporter",
    labels: [...ofStream, "mirror_name"],
    unit: "messages",
    meaning: "Messages that the mirror knows it is behind; stays as it was while the origin does not answer",
    needs: "streams",
  },
  nats_stream_mirror_active_duration_ns: {
    source: "exporter",
    labels: [...ofStream, "mirror_name"],
    unit: "nanoseconds, -1 before the first contact",
    meaning: "Time since the mirror last heard from its origin",
    needs: "streams",
  },
  nats_consumer_num_pending: {
    source: "exporter",
    labels: ofConsumer,
    unit: "messages",
    meaning: "Messages of the durable that were not delivered yet",
    needs: "all",
  },
  nats_consumer_num_ack_pending: {
    source: "exporter",
    labels: ofConsumer,
    unit: "messages",
    meaning: "Messages that were delivered and not acknowledged yet",
    needs: "all",
  },

  nats_consumer_messages_processed_total: {
    source: "worker",
    labels: ["consumer", "status"],
    unit: "messages, counted since the start",
    meaning: "Messages that a handler has finished, by status: success, retry, unavailable, terminal",
  },
  nats_consumer_dead_letters_total: {
    source: "worker",
    labels: ["consumer", "outcome"],
    unit: "messages, counted since the start",
    meaning: "Dead letters, by outcome: stored, exists, failed",
  },
  nats_consumer_breaker_open: {
    source: "worker",
    labels: ["consumer"],
    unit: "0 or 1",
    meaning: "1 while the worker takes no messages because a dependency does not answer",
  },
  nats_connection_up: {
    source: "worker",
    labels: [],
    unit: "0 or 1",
    meaning: "1 while the process is connected to a server",
  },

  /** Of what is declared: observability/declared.ts. */
  supercluster_stream_max_bytes: {
    source: "rule",
    labels: ["account", "stream_name", "retention"],
    unit: "bytes, +Inf without a limit",
    meaning: "maxBytes of each declared stream; a stream without it is not declared",
  },
  supercluster_stream_max_messages: {
    source: "rule",
    labels: ["account", "stream_name"],
    unit: "messages",
    meaning: "maxMsgs of each declared stream that has a limit of messages",
  },
  supercluster_consumer_max_ack_pending: {
    source: "rule",
    labels: ["account", "stream_name", "consumer_name"],
    unit: "messages, +Inf without a limit",
    meaning: "maxAckPending of each declared durable; a durable without it is not declared",
  },
  /** observability/thresholds.ts. */
  supercluster_alert_threshold: {
    source: "rule",
    labels: ["alert", "account", "stream_name", "consumer_name"],
    unit: "that of the alert, +Inf where it is silenced",
    meaning: "At which an alert about one stream or durable fires, where settings have it for that one",
  },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof metrics;

/** Labels by which a metric can be selected. */
export type LabelOf<Name extends MetricName> =
  (typeof metrics)[Name]["labels"][number] | (typeof sources)[(typeof metrics)[Name]["source"]]["labels"][number];

/** A metric, without the literal types of its name. */
export const metricOf = (name: MetricName): Metric => metrics[name];

/** Labels of its series. */
export function labelsOf(name: MetricName): readonly string[] {
  const { source, labels } = metricOf(name);
  return [...sources[source].labels, ...labels];
}
