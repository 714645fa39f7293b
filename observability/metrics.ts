/**
 * Every metric that alerts, recording rules and dashboards read: where it comes from, its labels, and what it means.
 * The names are those of prometheus-nats-exporter 0.20.1 with the official chart's flags, and of
 * workers/messaging/metrics.ts.
 */

/** Labels that Prometheus gives to all series of a source (components/monitoring/scrape-config.ts). */
export const sources = {
  /** prometheus-nats-exporter, one beside each server; `server` is the server's name. */
  exporter: { job: "nats-jetstream", labels: ["region", "server"] },
  /** Processes of workers; `worker` is the worker's name, `account` its tenant, `namespace` that of its pods. */
  worker: { job: "nats-workers", labels: ["region", "account", "namespace", "worker", "pod"] },
  /** Recording rules of this folder, and what Prometheus makes of its alerts. */
  rule: { job: undefined, labels: ["region"] },
} as const satisfies Record<string, { job: string | undefined; labels: readonly string[] }>;

type Source = keyof typeof sources;

interface Metric {
  source: Source;
  /** Its own labels; those that no rule needs are left out. */
  labels: readonly string[];
  unit: string;
  meaning: string;
  /** Read by its buckets: `<name>_bucket`, with the label `le`. */
  isHistogram?: true;
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

/** What the probe says of streams and durables: `account` is that of its process. */
const ofProbedStream = ["tenant", "stream_name"] as const;
const ofProbedConsumer = [...ofProbedStream, "consumer_name"] as const;

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
  nats_varz_start: {
    source: "exporter",
    labels: [],
    unit: "milliseconds since 1970",
    meaning: "When the server started",
  },
  nats_varz_cpu: { source: "exporter", labels: [], unit: "percent of one CPU", meaning: "CPU time of the server" },
  nats_varz_mem: { source: "exporter", labels: [], unit: "bytes", meaning: "Memory of the server's process" },
  nats_varz_in_msgs: {
    source: "exporter",
    labels: [],
    unit: "messages, counted since the start",
    meaning: "Messages that clients and other servers have sent to it",
  },
  nats_varz_out_msgs: {
    source: "exporter",
    labels: [],
    unit: "messages, counted since the start",
    meaning: "Messages that it has sent to clients and other servers",
  },
  nats_varz_in_bytes: {
    source: "exporter",
    labels: [],
    unit: "bytes, counted since the start",
    meaning: "The same, without headers of the protocol",
  },
  nats_varz_out_bytes: {
    source: "exporter",
    labels: [],
    unit: "bytes, counted since the start",
    meaning: "The same, without headers of the protocol",
  },
  nats_varz_subscriptions: { source: "exporter", labels: [], unit: "subscriptions", meaning: "Subscriptions it knows" },
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
  nats_varz_jetstream_meta_pending: {
    source: "exporter",
    labels: [],
    unit: "entries",
    meaning: "What the server has not yet applied of the meta group's log",
  },
  nats_varz_jetstream_stats_ha_assets: {
    source: "exporter",
    labels: [],
    unit: "streams and consumers",
    meaning: "Replicated streams and consumers of the server; each costs heartbeats",
  },
  nats_varz_jetstream_stats_reserved_storage: {
    source: "exporter",
    labels: [],
    unit: "bytes",
    meaning: "File storage that streams reserve by maxBytes",
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
  nats_gatewayz_outbound_gateway_conn_rtt: {
    source: "exporter",
    labels: ["remote_gateway_name"],
    unit: "seconds",
    meaning: "Round trip from the server to a server of the region remote_gateway_name",
  },
  nats_gatewayz_outbound_gateway_conn_out_msgs: {
    source: "exporter",
    labels: ["remote_gateway_name"],
    unit: "messages, counted since the connection",
    meaning: "Messages that the server has sent to the region remote_gateway_name",
  },
  nats_gatewayz_outbound_gateway_conn_out_bytes: {
    source: "exporter",
    labels: ["remote_gateway_name"],
    unit: "bytes, counted since the connection",
    meaning: "The same",
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
  nats_stream_last_seq: {
    source: "exporter",
    labels: ofStream,
    unit: "messages, counted since the stream exists",
    meaning: "Sequence of its newest message: what was stored, deleted messages included",
    needs: "streams",
  },
  nats_stream_subject_count: {
    source: "exporter",
    labels: ofStream,
    unit: "subjects",
    meaning: "Subjects of which the stream has messages",
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

  nats_consumer_num_redelivered: {
    source: "exporter",
    labels: ofConsumer,
    unit: "messages",
    meaning: "Messages that were delivered more than once and are not acknowledged yet",
    needs: "all",
  },
  nats_consumer_num_waiting: {
    source: "exporter",
    labels: ofConsumer,
    unit: "requests",
    meaning: "Requests for messages that wait: workers that have nothing to do",
    needs: "all",
  },
  nats_consumer_ack_floor_consumer_seq: {
    source: "exporter",
    labels: ofConsumer,
    unit: "deliveries, counted since the durable exists",
    meaning: "Deliveries up to which all are acknowledged",
    needs: "all",
  },

  nats_consumer_messages_processed_total: {
    source: "worker",
    labels: ["consumer", "status"],
    unit: "messages, counted since the start",
    meaning: "Messages that a handler has finished, by status: success, retry, unavailable, terminal",
  },
  nats_consumer_message_processing_duration_seconds: {
    source: "worker",
    labels: ["consumer"],
    unit: "seconds",
    meaning: "How long the handler took for a message",
    isHistogram: true,
  },
  nats_consumer_delivery_delay_seconds: {
    source: "worker",
    labels: ["consumer"],
    unit: "seconds",
    meaning: "From a message being stored to its first delivery",
    isHistogram: true,
  },
  nats_publisher_message_duration_seconds: {
    source: "worker",
    labels: [],
    unit: "seconds",
    meaning: "From the first attempt to publish a message to its acknowledgement",
    isHistogram: true,
  },
  nats_publisher_messages_total: {
    source: "worker",
    labels: ["status"],
    unit: "messages, counted since the start",
    meaning: "Published messages, by status: acknowledged, duplicate, refused, unacknowledged",
  },
  nats_publisher_retries_total: {
    source: "worker",
    labels: [],
    unit: "attempts, counted since the start",
    meaning: "Attempts after the first to publish a message",
  },
  nats_consumer_lag: {
    source: "worker",
    labels: ["consumer"],
    unit: "messages",
    meaning: "Messages of the durable that are not acknowledged yet; every process has the same",
  },
  nats_consumer_in_flight: {
    source: "worker",
    labels: ["consumer"],
    unit: "messages",
    meaning: "Messages that the process has received and not finished",
  },
  nats_consumer_redeliveries_total: {
    source: "worker",
    labels: ["consumer"],
    unit: "messages, counted since the start",
    meaning: "Messages that were received a second time or later",
  },
  nats_consumer_unknown_messages_total: {
    source: "worker",
    labels: ["consumer"],
    unit: "messages, counted since the start",
    meaning: "Messages of a type that the worker does not know",
  },
  nats_connection_reconnects_total: {
    source: "worker",
    labels: [],
    unit: "connections, counted since the start",
    meaning: "Connections that replaced a lost one",
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

  /** workers/auth-callout/metrics.ts. */
  auth_callout_decisions_total: {
    source: "worker",
    labels: ["outcome", "reason"],
    unit: "logins, counted since the start",
    meaning: "Clients that servers asked about, by outcome: allowed, refused (with the reason), failed: no answer",
  },

  /** workers/backup/metrics.ts. */
  backup_last_begun_timestamp_seconds: {
    source: "worker",
    labels: ["store"],
    unit: "seconds since 1970",
    meaning: "When the last finished backup began; 0 where there is none",
  },
  backup_last_verified_timestamp_seconds: {
    source: "worker",
    labels: ["store"],
    unit: "seconds since 1970",
    meaning: "When a backup was last restored and compared; 0 where none was",
  },

  /** workers/probe/metrics.ts. */
  probe_servers_answered: {
    source: "worker",
    labels: [],
    unit: "servers",
    meaning: "Servers of the region that answered the probe's last reading; the other series are of what they said",
  },
  probe_certificate_expiry_timestamp_seconds: {
    source: "worker",
    labels: ["server", "listener"],
    unit: "seconds since 1970",
    meaning:
      "When the certificate expires that a server shows to clients, to its region (cluster), to others (gateway)",
  },
  probe_meta_peer_behind: {
    source: "worker",
    labels: ["peer"],
    unit: "0 or 1",
    meaning: "1 for a server that answers the meta leader and has not applied what that has",
  },
  probe_meta_peer_offline: {
    source: "worker",
    labels: ["peer"],
    unit: "0 or 1",
    meaning: "1 for a server that does not answer the meta leader",
  },
  probe_stream_quorum: {
    source: "worker",
    labels: ofProbedStream,
    unit: "0 or 1",
    meaning: "1 for a stream with a leader and a majority of its replicas",
  },
  probe_stream_replicas_behind: {
    source: "worker",
    labels: ofProbedStream,
    unit: "replicas",
    meaning: "Replicas that answer their leader and do not have all that it has",
  },
  probe_stream_replicas_offline: {
    source: "worker",
    labels: ofProbedStream,
    unit: "replicas",
    meaning: "Replicas that do not answer their leader",
  },
  probe_consumer_quorum: {
    source: "worker",
    labels: ofProbedConsumer,
    unit: "0 or 1",
    meaning: "1 for a durable with a leader and a majority of its replicas",
  },
  probe_consumer_replicas_behind: {
    source: "worker",
    labels: ofProbedConsumer,
    unit: "replicas",
    meaning: "Replicas of a durable that answer its leader and do not know all that it knows",
  },
  probe_mirror_lag_seconds: {
    source: "worker",
    labels: ofProbedStream,
    unit: "seconds",
    meaning: "Age of the oldest message of its origin that a mirror does not have yet",
  },
  probe_consumer_oldest_seconds: {
    source: "worker",
    labels: ofProbedConsumer,
    unit: "seconds",
    meaning: "Age of the oldest message that a durable has not acknowledged yet",
  },
  probe_account_connections: {
    source: "worker",
    labels: ["tenant"],
    unit: "connections",
    meaning: "Clients of an account on all servers of all regions; only in the region of the meta leader",
  },
  probe_account_streams: {
    source: "worker",
    labels: ["tenant"],
    unit: "streams",
    meaning: "Streams of an account in all regions; only in the region of the meta leader",
  },
  probe_failover_mapped: {
    source: "worker",
    labels: [...ofProbedStream, "in"],
    unit: "0 or 1",
    meaning:
      "1 where all servers of the region `in` map the subjects of a stream that has failed over; of each stream that " +
      "any server maps, and only in the region of the meta leader",
  },
  probe_max_deliveries_total: {
    source: "worker",
    labels: ofProbedConsumer,
    unit: "messages, counted since the start",
    meaning: "Messages that a durable has delivered as often as it may, without an acknowledgement",
  },
  probe_advisories_total: {
    source: "worker",
    labels: ["kind"],
    unit: "events, counted since the start",
    meaning: "Leaders that were elected, majorities that were lost, messages that durables gave up, in the region",
  },
  probe_publishes_total: {
    source: "worker",
    labels: ["to", "outcome"],
    unit: "messages, counted since the start",
    meaning: "What the probe publishes to the stream of a region: acknowledged within its CANARY_TIMEOUT, or failed",
  },
  probe_publish_duration_seconds: {
    source: "worker",
    labels: ["to"],
    unit: "seconds",
    meaning: "From publishing in the region to the acknowledgement of a stream in another, or in the same",
    isHistogram: true,
  },
  probe_delivery_duration_seconds: {
    source: "worker",
    labels: ["from"],
    unit: "seconds",
    meaning: "From publishing in a region to being received in this one, by two clocks",
    isHistogram: true,
  },

  /** workers/arrakis/metrics.ts. */
  arrakis_interactions_total: {
    source: "worker",
    labels: ["outcome"],
    unit: "interactions, counted since the start",
    meaning: "Interactions by outcome: answered; dropped as late, unknown or expired; apology, failed",
  },
  arrakis_interaction_defer_seconds: {
    source: "worker",
    labels: [],
    unit: "seconds",
    meaning: "From an interaction's message in the stream to its deferral at Discord, which allows 3 s",
    isHistogram: true,
  },

  /** Prometheus's own: https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/ */
  ALERTS: {
    source: "rule",
    labels: ["alertname", "alertstate", "severity"],
    unit: "1",
    meaning: "Each alert that is pending or fires, with its labels",
  },
  /** Of what is declared: observability/declared.ts. */
  supercluster_region_servers: {
    source: "rule",
    labels: [],
    unit: "servers",
    meaning: "Servers that the region should have",
  },
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
  supercluster_stream_max_consumers: {
    source: "rule",
    labels: ["account", "stream_name"],
    unit: "consumers",
    meaning: "`limits.consumers` of the tenant, for each of its declared streams; none without it",
  },
  supercluster_account_max_connections: {
    source: "rule",
    labels: ["account"],
    unit: "connections",
    meaning: "`limits.connections` of each tenant that states it",
  },
  supercluster_account_max_streams: {
    source: "rule",
    labels: ["account"],
    unit: "streams",
    meaning: "`limits.streams` of each tenant that states it",
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
  | (typeof metrics)[Name]["labels"][number]
  | (typeof sources)[(typeof metrics)[Name]["source"]]["labels"][number]
  | ((typeof metrics)[Name] extends { isHistogram: true } ? "le" : never);

/** A metric, without the literal types of its name. */
export const metricOf = (name: MetricName): Metric => metrics[name];

/** Labels of its series. */
export function labelsOf(name: MetricName): readonly string[] {
  const { source, labels, isHistogram } = metricOf(name);
  return [...sources[source].labels, ...labels, ...(isHistogram ? ["le"] : [])];
}
