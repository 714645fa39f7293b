import type { AlertName } from "../../config/schema/alerts";
import { below, compare, max } from "../promql";
import {
  aboveThreshold,
  accountLabels,
  type Alert,
  consumerLabels,
  current,
  ofLeader,
  percentOf,
  serverLabels,
  type Selection,
  streamLabels,
} from "./alert";

/** Alerts about what fills up. */

/** Servers report "no limit" as the largest unsigned number of 64 bits. */
const noLimit = 1e18;

/** What is used of a limit, in percent. */
export const percent = {
  ofStream: (
    site: Selection,
    used: "nats_stream_total_bytes" | "nats_stream_total_messages" | "nats_stream_consumer_count",
    limit: "supercluster_stream_max_bytes" | "supercluster_stream_max_messages" | "supercluster_stream_max_consumers",
  ) => percentOf(ofLeader.stream(site, used), site.series(limit), streamLabels),
  ofAccount: (
    site: Selection,
    used: "nats_account_storage_used" | "nats_account_memory_used",
    limit: "nats_account_max_storage" | "nats_account_max_memory",
  ) =>
    percentOf(
      max(accountLabels, site.series(used)),
      below(max(accountLabels, site.series(limit)), noLimit),
      accountLabels,
    ),
  ofServer: (
    site: Selection,
    used: "nats_varz_jetstream_stats_storage" | "nats_varz_jetstream_stats_memory" | "nats_varz_connections",
    limit:
      "nats_varz_jetstream_config_max_storage" | "nats_varz_jetstream_config_max_memory" | "nats_varz_max_connections",
  ) => percentOf(current(site, used), compare(site.series(limit), ">", 0), serverLabels),
};

export const limitAlerts = {
  NATSStreamNearFull: {
    severity: "warning",
    for: "5m",
    conditions: (site) => [
      {
        expr: aboveThreshold(
          site,
          "NATSStreamNearFull",
          percent.ofStream(site, "nats_stream_total_bytes", "supercluster_stream_max_bytes"),
          streamLabels,
        ),
        labels: { limit: "bytes" },
      },
      {
        expr: aboveThreshold(
          site,
          "NATSStreamNearFull",
          percent.ofStream(site, "nats_stream_total_messages", "supercluster_stream_max_messages"),
          streamLabels,
        ),
        labels: { limit: "messages" },
      },
    ],
    summary:
      "Stream {{ $labels.stream_name }} of {{ $labels.account }} is nearly full: {{ $value | humanize }} % of its " +
      "limit of {{ $labels.limit }}",
    description:
      "At its limit it refuses new messages (discard new), or deletes the oldest ones, read or not (discard old).",
  },
  NATSAccountStorageNearFull: {
    severity: "warning",
    for: "5m",
    conditions: (site) => {
      const limit = site.threshold("NATSAccountStorageNearFull");
      return [
        {
          expr: compare(percent.ofAccount(site, "nats_account_storage_used", "nats_account_max_storage"), ">", limit),
          labels: { storage: "file" },
        },
        {
          expr: compare(percent.ofAccount(site, "nats_account_memory_used", "nats_account_max_memory"), ">", limit),
          labels: { storage: "memory" },
        },
      ];
    },
    summary: "Account {{ $labels.account }} uses {{ $value | humanize }} % of its {{ $labels.storage }} storage",
    description: "At its limit every stream of the account refuses messages, in all regions.",
  },
  NATSServerStorageNearFull: {
    severity: "warning",
    for: "5m",
    conditions: (site) => {
      const limit = site.threshold("NATSServerStorageNearFull");
      return [
        {
          expr: compare(
            percent.ofServer(site, "nats_varz_jetstream_stats_storage", "nats_varz_jetstream_config_max_storage"),
            ">",
            limit,
          ),
          labels: { storage: "file" },
        },
        {
          expr: compare(
            percent.ofServer(site, "nats_varz_jetstream_stats_memory", "nats_varz_jetstream_config_max_memory"),
            ">",
            limit,
          ),
          labels: { storage: "memory" },
        },
      ];
    },
    summary: "Server {{ $labels.server }} uses {{ $value | humanize }} % of its {{ $labels.storage }} storage",
    description: "When it is full, streams with a replica on it refuse messages.",
  },
  NATSServerConnectionsNearFull: {
    severity: "warning",
    for: "5m",
    conditions: (site) => [
      {
        expr: compare(
          percent.ofServer(site, "nats_varz_connections", "nats_varz_max_connections"),
          ">",
          site.threshold("NATSServerConnectionsNearFull"),
        ),
      },
    ],
    summary: "Server {{ $labels.server }} has {{ $value | humanize }} % of the clients that it takes",
    description: "At its limit it refuses new clients. If another server stops, its clients come here too.",
  },
  NATSStreamConsumersNearFull: {
    severity: "warning",
    for: "5m",
    conditions: (site) => [
      {
        expr: aboveThreshold(
          site,
          "NATSStreamConsumersNearFull",
          percent.ofStream(site, "nats_stream_consumer_count", "supercluster_stream_max_consumers"),
          streamLabels,
        ),
      },
    ],
    summary:
      "Stream {{ $labels.stream_name }} of {{ $labels.account }} has {{ $value | humanize }} % of the consumers that " +
      "it may have",
    description:
      "At the limit no client can watch, read in order or subscribe any more, and no durable can be made. " +
      "Consumers that exist go on.",
  },
  NATSConsumerAckPendingNearLimit: {
    severity: "warning",
    for: "5m",
    conditions: (site) => [
      {
        expr: aboveThreshold(
          site,
          "NATSConsumerAckPendingNearLimit",
          percentOf(
            ofLeader.consumer(site, "nats_consumer_num_ack_pending"),
            site.series("supercluster_consumer_max_ack_pending"),
            consumerLabels,
          ),
          consumerLabels,
        ),
      },
    ],
    summary:
      "Durable {{ $labels.consumer_name }} of {{ $labels.stream_name }}: {{ $value | humanize }} % of maxAckPending " +
      "are delivered and not acknowledged",
    description:
      "At maxAckPending it delivers nothing to any worker until one acknowledges. Handlers hang or are slow.",
  },
} satisfies Partial<Record<AlertName, Alert>>;
