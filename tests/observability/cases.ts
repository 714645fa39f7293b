import type { AlertName } from "../../config/schema/alerts";
import type { MetricName } from "../../observability/metrics";
import { all, type Change, relabelled, servers, set, stopped, unscraped, without } from "./region";

/** For each alert an accident, and what is nearly one. */

export interface Firing {
  alert: AlertName;
  labels: Record<string, string>;
}

interface Case {
  what: string;
  /** What has changed while it lasts. */
  accident: Change;
  /** All alerts that fire then, and no other. */
  fires: Firing[];
  /** Changes with which nothing fires: just at a threshold, or what could be taken for the accident. */
  quiet?: Change[];
}

const shop = { account: "shop" };
const orders = { ...shop, stream_name: "ORDERS" };
const biller = { ...orders, consumer_name: "biller" };
const mailer = { tenant: "cart", stream_name: "CARTS", consumer_name: "mailer" };
const mirror = { ...shop, stream_name: "PRICES-iad" };
const leading = { is_stream_leader: "true" };
const ofBiller = { namespace: "workers-shop", consumer: "biller" };

const one = (alert: AlertName, labels: Record<string, string> = {}): Firing[] => [{ alert, labels }];

/** What all servers report of streams: they know no leader. */
const leaderless = (kind: "stream" | "consumer", metrics: MetricName[], where: Record<string, string>): Change =>
  all(...metrics.map((name) => relabelled(name, where, { [`${kind}_leader`]: "", [`is_${kind}_leader`]: "false" })));

const streamMetrics: MetricName[] = [
  "nats_stream_total_messages",
  "nats_stream_total_bytes",
  "nats_stream_consumer_count",
];

/** Servers that know no meta leader. */
const withoutMeta = (where: Record<string, string> = {}): Change =>
  all(relabelled("nats_server_jetstream_disabled", where, { meta_leader: "" }), set("nats_healthz_status", where, 1));

const gatewayTo = (remote_gateway_name: string, where: Record<string, string> = {}): Change =>
  without("nats_gatewayz_outbound_gateway_configured", { ...where, remote_gateway_name });

/** Of streams without replicas on a stopped server, nothing changes: their leader is on iad-0. */
export const cases: Record<AlertName, Case> = {
  NATSConsumerLagHigh: {
    what: "1,001 messages wait for a durable",
    accident: set("nats_consumer_num_pending", { ...biller, is_consumer_leader: "true" }, 1001),
    fires: one("NATSConsumerLagHigh", biller),
    quiet: [
      set("nats_consumer_num_pending", biller, 1000),
      // A follower that is behind counts nothing.
      set("nats_consumer_num_pending", { ...biller, is_consumer_leader: "false" }, 5000),
    ],
  },
  NATSConsumerProcessingErrors: {
    what: "every fifth message fails",
    accident: set("nats_consumer_messages_processed_total", { status: "retry" }, { perMinute: 24 }),
    fires: one("NATSConsumerProcessingErrors", ofBiller),
    quiet: [
      set("nats_consumer_messages_processed_total", { status: "retry" }, { perMinute: 10 }),
      // Idle workers: no message is no error.
      set("nats_consumer_messages_processed_total", {}, 0),
    ],
  },
  NATSClusterQuorumLost: {
    what: "two servers of three have stopped",
    accident: all(stopped("iad-1"), stopped("iad-2")),
    fires: [
      { alert: "NATSClusterQuorumLost", labels: {} },
      { alert: "NATSServerDown", labels: { server: "iad-1" } },
      { alert: "NATSServerDown", labels: { server: "iad-2" } },
    ],
  },
  NATSCommandStreamDepthHigh: {
    what: "COMMANDS holds 10,001 messages",
    accident: set("nats_stream_total_messages", { stream_name: "COMMANDS" }, 10_001),
    fires: one("NATSCommandStreamDepthHigh", { ...shop, stream_name: "COMMANDS" }),
    quiet: [set("nats_stream_total_messages", { stream_name: "COMMANDS" }, 10_000)],
  },
  NATSServerDown: {
    what: "a server has stopped, and its exporter runs",
    accident: stopped("iad-2"),
    fires: one("NATSServerDown", { server: "iad-2" }),
  },
  NATSExporterDown: {
    what: "a server runs, and its exporter does not",
    accident: unscraped("iad-2"),
    fires: one("NATSExporterDown", { server: "iad-2" }),
  },
  NATSServerUnhealthy: {
    what: "a server's /healthz answers 503",
    accident: set("nats_healthz_status", { server: "iad-2" }, 1),
    fires: one("NATSServerUnhealthy", { server: "iad-2" }),
  },
  NATSRouteLost: {
    what: "two servers cannot reach each other",
    accident: set("nats_varz_remotes", { server: "iad-[12]" }, 1),
    fires: ["iad-1", "iad-2"].flatMap((server) => one("NATSRouteLost", { server })),
  },
  NATSGatewayLost: {
    what: "a server has no connection to another region",
    accident: gatewayTo("syd", { server: "iad-2" }),
    fires: one("NATSGatewayLost", { server: "iad-2", remote: "syd" }),
  },
  NATSRegionLost: {
    what: "no server has a connection to another region",
    accident: gatewayTo("syd"),
    fires: one("NATSRegionLost", { remote: "syd" }),
  },
  NATSMetaLeaderMissing: {
    what: "no server knows a meta leader",
    accident: withoutMeta(),
    fires: one("NATSMetaLeaderMissing"),
    // One that is cut off is unhealthy, and not that.
    quiet: [relabelled("nats_server_jetstream_disabled", { server: "iad-2" }, { meta_leader: "" })],
  },
  NATSMetaGroupSizeWrong: {
    what: "the meta group counts servers of a region that was removed",
    accident: set("nats_varz_jetstream_meta_cluster_size", {}, 12),
    fires: servers.flatMap((server) => one("NATSMetaGroupSizeWrong", { server })),
  },
  NATSStreamWithoutLeader: {
    what: "most replicas of a stream are gone",
    accident: leaderless("stream", streamMetrics, orders),
    fires: one("NATSStreamWithoutLeader", orders),
    // One replica has not heard of the leader yet.
    quiet: [relabelled("nats_stream_total_messages", { ...orders, server: "iad-1" }, { stream_leader: "" })],
  },
  NATSConsumerWithoutLeader: {
    what: "most replicas of a durable are gone",
    accident: leaderless("consumer", ["nats_consumer_num_pending", "nats_consumer_num_ack_pending"], biller),
    fires: one("NATSConsumerWithoutLeader", biller),
  },
  NATSStreamMissing: {
    what: "a stream was deleted by hand",
    accident: all(...streamMetrics.map((name) => without(name, { stream_name: "COMMANDS" }))),
    fires: one("NATSStreamMissing", { ...shop, stream_name: "COMMANDS" }),
    // Only servers without a replica of it answer.
    quiet: [without("nats_stream_total_messages", { stream_name: "COMMANDS", is_stream_leader: "false" })],
  },
  NATSConsumerMissing: {
    what: "a durable was deleted by hand",
    accident: all(without("nats_consumer_num_pending", biller), without("nats_consumer_num_ack_pending", biller)),
    fires: one("NATSConsumerMissing", biller),
  },
  NATSInterestStreamUnconsumed: {
    what: "a stream that keeps messages for durables has none",
    accident: set("nats_stream_consumer_count", { stream_name: "EVENTS" }, 0),
    fires: one("NATSInterestStreamUnconsumed", { ...shop, stream_name: "EVENTS" }),
  },
  NATSMirrorLagHigh: {
    what: "a mirror is 1,001 messages behind",
    accident: set("nats_stream_mirror_lag", leading, 1001),
    fires: one("NATSMirrorLagHigh", mirror),
    quiet: [set("nats_stream_mirror_lag", leading, 1000)],
  },
  NATSMirrorStalled: {
    what: "a mirror has not heard from its origin for 90 s",
    accident: set("nats_stream_mirror_active_duration_ns", leading, 9e10),
    fires: one("NATSMirrorStalled", mirror),
    quiet: [set("nats_stream_mirror_active_duration_ns", leading, 5e10)],
  },
  NATSStreamNearFull: {
    what: "a stream has more than 80 % of its messages",
    accident: set("nats_stream_total_messages", orders, 40_001),
    fires: one("NATSStreamNearFull", { ...orders, limit: "messages" }),
    quiet: [set("nats_stream_total_messages", orders, 40_000)],
  },
  NATSAccountStorageNearFull: {
    what: "an account uses 85 % of its storage",
    accident: set("nats_account_storage_used", shop, 8.5e9),
    fires: one("NATSAccountStorageNearFull", { ...shop, storage: "file" }),
    quiet: [set("nats_account_memory_used", shop, 1e12)],
  },
  NATSServerStorageNearFull: {
    what: "a server uses 90 % of its memory storage",
    accident: set("nats_varz_jetstream_stats_memory", { server: "iad-1" }, 9e8),
    fires: one("NATSServerStorageNearFull", { server: "iad-1", storage: "memory" }),
    quiet: [set("nats_varz_jetstream_config_max_memory", {}, 0)],
  },
  NATSServerConnectionsNearFull: {
    what: "a server has 60,000 clients of 65,536",
    accident: set("nats_varz_connections", { server: "iad-1" }, 60_000),
    fires: one("NATSServerConnectionsNearFull", { server: "iad-1" }),
  },
  NATSStreamConsumersNearFull: {
    what: "a stream has 41 of 50 consumers",
    accident: set("nats_stream_consumer_count", orders, 41),
    fires: one("NATSStreamConsumersNearFull", orders),
    quiet: [
      set("nats_stream_consumer_count", orders, 40),
      // Of a tenant that states no limit.
      set("nats_stream_consumer_count", { stream_name: "CARTS" }, 5000),
    ],
  },
  NATSConsumerAckPendingNearLimit: {
    what: "181 of 200 messages of a durable are not acknowledged",
    accident: set("nats_consumer_num_ack_pending", biller, 181),
    fires: one("NATSConsumerAckPendingNearLimit", biller),
    quiet: [set("nats_consumer_num_ack_pending", biller, 160)],
  },
  NATSSlowConsumers: {
    what: "a server disconnects slow clients",
    accident: set("nats_varz_slow_consumers", { server: "iad-1" }, { perMinute: 1 }),
    fires: one("NATSSlowConsumers", { server: "iad-1" }),
  },
  NATSApiErrors: {
    what: "every fifth request to the API fails",
    accident: set("nats_varz_jetstream_stats_api_errors", { server: "iad-1" }, { perMinute: 120 }),
    fires: one("NATSApiErrors", { server: "iad-1" }),
    quiet: [
      // A few errors of few requests.
      all(
        set("nats_varz_jetstream_stats_api_errors", { server: "iad-1" }, { perMinute: 5 }),
        set("nats_varz_jetstream_stats_api_total", { server: "iad-1" }, { perMinute: 6 }),
      ),
    ],
  },
  NATSDeadLetters: {
    what: "there is one dead letter",
    accident: set("nats_stream_total_messages", { stream_name: "DEAD_LETTERS" }, 1),
    fires: one("NATSDeadLetters", { ...shop, stream_name: "DEAD_LETTERS" }),
  },
  NATSDeadLettersWaiting: {
    what: "nothing copies what was given up",
    accident: set("nats_stream_total_messages", { stream_name: "DEAD_LETTER_EVENTS" }, 1),
    fires: one("NATSDeadLettersWaiting", { ...shop, stream_name: "DEAD_LETTER_EVENTS" }),
  },
  NATSDeadLetterNotStored: {
    what: "a worker cannot store a dead letter",
    accident: set("nats_consumer_dead_letters_total", { outcome: "failed", pod: "biller-a" }, { perMinute: 1 }),
    fires: one("NATSDeadLetterNotStored", ofBiller),
  },
  NATSConsumerBreakerOpen: {
    what: "one process of a worker waits for its database",
    accident: set("nats_consumer_breaker_open", { pod: "biller-b" }, 1),
    fires: one("NATSConsumerBreakerOpen", ofBiller),
  },
  NATSWorkerDown: {
    what: "no process of a worker runs",
    accident: without("nats_connection_up", { worker: "biller" }),
    fires: one("NATSWorkerDown", { ...shop, worker: "biller" }),
    quiet: [without("nats_connection_up", { pod: "biller-a" })],
  },
  NATSWorkerDisconnected: {
    what: "one process of a worker has no connection",
    accident: set("nats_connection_up", { pod: "biller-a" }, 0),
    fires: one("NATSWorkerDisconnected", { namespace: "workers-shop", worker: "biller", pod: "biller-a" }),
  },
  NATSAuthCalloutDown: {
    what: "no process of the auth callout's service runs",
    accident: without("nats_connection_up", { worker: "auth-callout" }),
    fires: one("NATSAuthCalloutDown"),
    quiet: [without("nats_connection_up", { pod: "callout-a" })],
  },
  NATSAuthCalloutFailing: {
    what: "one process of the auth callout's service has another key than the servers",
    accident: set("auth_callout_decisions_total", { pod: "callout-a", outcome: "failed" }, { perMinute: 1 }),
    fires: one("NATSAuthCalloutFailing"),
    quiet: [set("auth_callout_decisions_total", { outcome: "allowed" }, 0)],
  },
  NATSLoginsRefused: {
    what: "a client tries a wrong token every four seconds",
    accident: set("auth_callout_decisions_total", { pod: "callout-a", outcome: "refused" }, { perMinute: 15 }),
    fires: one("NATSLoginsRefused"),
    quiet: [
      set("auth_callout_decisions_total", { outcome: "refused" }, { perMinute: 4 }),
      set("auth_callout_decisions_total", { outcome: "allowed" }, { perMinute: 6000 }),
    ],
  },
  NATSCertificateExpiring: {
    what: "a server's certificate for clients expires in less than 30 days",
    accident: set("probe_certificate_expiry_timestamp_seconds", { server: "iad-1", listener: "client" }, 29 * 86_400),
    fires: one("NATSCertificateExpiring", { server: "iad-1", listener: "client" }),
    // Until the end of the test.
    quiet: [set("probe_certificate_expiry_timestamp_seconds", {}, 30 * 86_400 + 7_200)],
  },
  NATSBackupTooOld: {
    what: "the last backup began more than 26 h ago",
    accident: set("backup_last_begun_timestamp_seconds", {}, -26 * 3_600),
    fires: one("NATSBackupTooOld"),
    // Until the end of the test.
    quiet: [set("backup_last_begun_timestamp_seconds", {}, -24 * 3_600)],
  },
  NATSBackupNotVerified: {
    what: "no backup was restored for more than 8 days",
    accident: set("backup_last_verified_timestamp_seconds", {}, -8 * 86_400),
    fires: one("NATSBackupNotVerified"),
    quiet: [set("backup_last_verified_timestamp_seconds", {}, -7 * 86_400)],
  },
  NATSBackupUnwatched: {
    what: "what reports the age of backups is gone",
    accident: without("backup_last_begun_timestamp_seconds", {}),
    fires: one("NATSBackupUnwatched"),
  },
  NATSMetaPeerBehind: {
    what: "a server does not apply what the meta leader has",
    accident: set("probe_meta_peer_behind", { peer: "ams-0" }, 1),
    fires: one("NATSMetaPeerBehind", { peer: "ams-0" }),
    // Its server does not answer: that is another alert.
    quiet: [set("probe_meta_peer_offline", { peer: "ams-0" }, 1)],
  },
  NATSReplicaBehind: {
    what: "a replica of a stream and one of a durable are behind",
    accident: all(
      set("probe_stream_replicas_behind", { tenant: "shop", stream_name: "ORDERS" }, 1),
      set("probe_consumer_replicas_behind", { tenant: "shop", stream_name: "ORDERS" }, 1),
    ),
    fires: ["the stream", "a durable"].flatMap((of) => one("NATSReplicaBehind", { ...orders, of })),
    quiet: [set("probe_stream_replicas_offline", { stream_name: "ORDERS" }, 1)],
  },
  NATSMirrorLate: {
    what: "a mirror has not had a message for 61 s",
    accident: set("probe_mirror_lag_seconds", {}, 61),
    fires: one("NATSMirrorLate", mirror),
    quiet: [set("probe_mirror_lag_seconds", {}, 60)],
  },
  NATSConsumerMessageOld: {
    what: "a message waits for more than an hour",
    accident: set("probe_consumer_oldest_seconds", { consumer_name: "biller" }, 3601),
    fires: one("NATSConsumerMessageOld", biller),
    quiet: [set("probe_consumer_oldest_seconds", { consumer_name: "biller" }, 3600)],
  },
  NATSMaxDeliveries: {
    what: "a durable of a tenant without dead letters gives up a message every minute",
    accident: set("probe_max_deliveries_total", mailer, { perMinute: 1 }),
    fires: one("NATSMaxDeliveries", { account: "cart", stream_name: "CARTS", consumer_name: "mailer" }),
    // Of a tenant with dead letters: these alert.
    quiet: [set("probe_max_deliveries_total", { consumer_name: "biller" }, { perMinute: 1 })],
  },
  NATSAccountConnectionsNearFull: {
    what: "an account has 81 of 100 clients",
    accident: set("probe_account_connections", { tenant: "shop" }, 81),
    fires: one("NATSAccountConnectionsNearFull", shop),
    quiet: [set("probe_account_connections", { tenant: "shop" }, 80)],
  },
  NATSAccountStreamsNearFull: {
    what: "an account has 17 of 20 streams",
    accident: set("probe_account_streams", { tenant: "shop" }, 17),
    fires: one("NATSAccountStreamsNearFull", shop),
    quiet: [set("probe_account_streams", { tenant: "shop" }, 16)],
  },
  NATSFailoverMappingsDiffer: {
    what: "servers of one region do not map a stream that others map",
    accident: set("probe_failover_mapped", { in: "syd" }, 0),
    fires: one("NATSFailoverMappingsDiffer", { ...shop, stream_name: "PRICES", in: "syd" }),
    quiet: [
      // A lost region tells nothing.
      without("probe_failover_mapped", { in: "syd" }),
      // None has failed over.
      without("probe_failover_mapped", {}),
    ],
  },
  NATSPublishFailing: {
    what: "one of 120 messages to another region fails",
    accident: set("probe_publishes_total", { to: "ams", outcome: "failed" }, { perMinute: 0.1 }),
    fires: (["NATSPublishFailing", "NATSPublishFailingSlowly"] as const).flatMap((name) => one(name, { to: "ams" })),
    quiet: [set("probe_publishes_total", { to: "ams", outcome: "failed" }, { perMinute: 0.0005 })],
  },
  NATSPublishFailingSlowly: {
    what: "one of 1,200 messages to another region fails",
    accident: set("probe_publishes_total", { to: "ams", outcome: "failed" }, { perMinute: 0.01 }),
    fires: one("NATSPublishFailingSlowly", { to: "ams" }),
  },
  NATSProbeBlind: {
    what: "no server answers the probe",
    accident: set("probe_servers_answered", {}, 0),
    fires: one("NATSProbeBlind"),
  },
  ArrakisInteractionsUnanswered: {
    what: "one interaction in ten is taken after its 3 s",
    accident: set("arrakis_interactions_total", { outcome: "late" }, { perMinute: 10 }),
    fires: one("ArrakisInteractionsUnanswered", { namespace: "workers-shop", worker: "biller", outcome: "late" }),
    quiet: [
      set("arrakis_interactions_total", { outcome: "late" }, { perMinute: 4 }),
      // Nothing is asked for.
      set("arrakis_interactions_total", {}, 0),
    ],
  },
  ArrakisDeferralsSlow: {
    what: "two of 97 interactions are deferred after 2.5 s and more",
    accident: all(
      set("arrakis_interaction_defer_seconds", { le: "2.5" }, { perMinute: 95 }),
      set("arrakis_interaction_defer_seconds", { le: "3" }, { perMinute: 97 }),
      set("arrakis_interaction_defer_seconds", { le: "\\+Inf" }, { perMinute: 97 }),
    ),
    fires: one("ArrakisDeferralsSlow", { namespace: "workers-shop", worker: "biller" }),
    // Nothing is deferred.
    quiet: [set("arrakis_interaction_defer_seconds", {}, 0)],
  },
};

/** Accidents of which each makes several alerts fire, or that are about a limit of another kind. */
export const moreCases: Case[] = [
  {
    what: "a region is down",
    accident: all(...servers.map(stopped)),
    fires: [
      { alert: "NATSClusterQuorumLost", labels: {} },
      ...servers.flatMap((server) => one("NATSServerDown", { server })),
    ],
  },
  {
    what: "Prometheus reads nothing of a region",
    accident: unscraped(...servers),
    fires: [
      { alert: "NATSClusterQuorumLost", labels: {} },
      ...servers.flatMap((server) => one("NATSServerDown", { server })),
    ],
  },
  {
    what: "a server is cut off from all others",
    accident: all(withoutMeta({ server: "iad-2" }), set("nats_varz_remotes", { server: "iad-2" }, 0)),
    fires: [
      { alert: "NATSServerUnhealthy", labels: { server: "iad-2" } },
      { alert: "NATSRouteLost", labels: { server: "iad-2" } },
    ],
  },
  {
    what: "a stream has more than 80 % of its bytes",
    accident: set("nats_stream_total_bytes", orders, 0.81 * 1024 ** 3),
    fires: one("NATSStreamNearFull", { ...orders, limit: "bytes" }),
  },
  {
    what: "a mirror has never reached its origin",
    accident: set("nats_stream_mirror_active_duration_ns", leading, -1),
    fires: one("NATSMirrorStalled", mirror),
  },
  {
    what: "a server uses 90 % of its file storage",
    accident: set("nats_varz_jetstream_stats_storage", { server: "iad-1" }, 8.2e10),
    fires: one("NATSServerStorageNearFull", { server: "iad-1", storage: "file" }),
  },
  {
    what: "an account uses 90 % of its memory",
    accident: all(set("nats_account_max_memory", shop, 1e9), set("nats_account_memory_used", shop, 9e8)),
    fires: one("NATSAccountStorageNearFull", { ...shop, storage: "memory" }),
  },
];
