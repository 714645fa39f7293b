import type { Environment } from "../../config/schema/settings";
import { consumerLabels, ofLeader, percentOf, streamLabels } from "../alerts/alert";
import { probed } from "../alerts/probe";
import { clusterHealth } from "./cluster-health";
import { acknowledged, failedShare, processed, quantiles, stored, totalOf } from "./expressions";
import {
  accounts,
  as,
  consumers,
  type Dashboard,
  graph,
  limitOf,
  probedStreams,
  streams,
  value,
  withoutProbe,
} from "./panel";

const ofStream = "{{stream_name}} in {{region}}";
const ofDurable = "{{consumer_name}} of {{stream_name}}";

/**
 * One tenant. Panels have the titles that the source systems gave them: Stream Depth, Consumer Lag, Messages/sec,
 * Processing Latency and Storage Size (arrakis), and the four groups of covenant's "NATS JetStream Monitoring".
 */
export const tenant = (environment: Environment): Dashboard => ({
  uid: "nats-tenant",
  title: "NATS / Tenant",
  description:
    "The streams, durables and workers of a tenant: what waits, how fast it is processed, what room is left.",
  variables: ["region", "account", "stream", "consumer"],
  rows: [
    clusterHealth(environment),
    {
      title: "Stream Metrics",
      panels: [
        value("Total Messages", "number", "In the chosen streams.", [as("messages", totalOf.messages(streams))]),
        value("Storage Size", "bytes", "Of the chosen streams, one replica each.", [
          as("bytes", totalOf.bytes(streams)),
        ]),
        graph("Stream Depth", "number", "Messages in each stream.", [
          as(ofStream, ofLeader.stream(streams, "nats_stream_total_messages")),
        ]),
        graph("Message Rate", "messages/s", "Messages stored, by stream.", [as(ofStream, stored(streams))]),
        graph("Bytes Per Stream", "bytes", "One replica of each stream.", [
          as(ofStream, ofLeader.stream(streams, "nats_stream_total_bytes")),
        ]),
        graph(
          "Bytes of the limit",
          "percent",
          "Of maxBytes. At 100 % a stream refuses messages (discard new) or deletes the oldest (discard old).",
          [
            as(
              ofStream,
              percentOf(
                ofLeader.stream(streams, "nats_stream_total_bytes"),
                streams.series("supercluster_stream_max_bytes"),
                streamLabels,
              ),
            ),
          ],
          { limit: limitOf(environment, "NATSStreamNearFull") },
        ),
        graph(
          "Messages of the limit",
          "percent",
          "Of maxMsgs, where a stream has it.",
          [
            as(
              ofStream,
              percentOf(
                ofLeader.stream(streams, "nats_stream_total_messages"),
                streams.series("supercluster_stream_max_messages"),
                streamLabels,
              ),
            ),
          ],
          {
            limit: limitOf(environment, "NATSStreamNearFull"),
            whenEmpty: "No stream of these has a limit of messages",
          },
        ),
      ],
    },
    {
      title: "Consumer Metrics",
      panels: [
        value("Pending Messages", "number", "What waits for all durables of the chosen streams.", [
          as("messages", totalOf.pending(streams)),
        ]),
        graph(
          "Consumer Lag",
          "number",
          "What waits for each durable and was not delivered yet.",
          [as(ofDurable, ofLeader.consumer(streams, "nats_consumer_num_pending"))],
          { width: 12, limit: limitOf(environment, "NATSConsumerLagHigh") },
        ),
        graph(
          "Unacknowledged",
          "percent",
          "Of maxAckPending. At 100 % a durable delivers nothing until one is acknowledged.",
          [
            as(
              ofDurable,
              percentOf(
                ofLeader.consumer(streams, "nats_consumer_num_ack_pending"),
                streams.series("supercluster_consumer_max_ack_pending"),
                consumerLabels,
              ),
            ),
          ],
          { limit: limitOf(environment, "NATSConsumerAckPendingNearLimit") },
        ),
        graph(
          "Oldest Message",
          "seconds",
          "How long the oldest message has waited that a durable has not acknowledged.",
          [as(ofDurable, probed(probedStreams, "probe_consumer_oldest_seconds", consumerLabels))],
          { ...withoutProbe, limit: limitOf(environment, "NATSConsumerMessageOld") },
        ),
        graph("Processing Rate", "messages/s", "Deliveries that were acknowledged, by durable.", [
          as(ofDurable, acknowledged(streams)),
        ]),
        graph("Messages/sec", "messages/s", "What workers have finished, by durable.", [
          as("{{consumer}}", processed()),
        ]),
        graph(
          "Error Rate",
          "percent",
          "Of what workers have finished: retried, given up, or kept while a dependency does not answer.",
          [as("{{consumer}}", failedShare)],
          { limit: limitOf(environment, "NATSConsumerProcessingErrors"), whenEmpty: "No message has failed" },
        ),
        graph("Redelivered", "number", "Messages that were delivered more than once and are not acknowledged yet.", [
          as(ofDurable, ofLeader.consumer(streams, "nats_consumer_num_redelivered")),
        ]),
      ],
    },
    {
      title: "Performance",
      panels: [
        graph(
          "Processing Latency",
          "seconds",
          "How long handlers take for a message: p50, p95, p99.",
          quantiles(consumers, "nats_consumer_message_processing_duration_seconds", ["consumer"]),
          { width: 12 },
        ),
        graph(
          "Publish Latency",
          "seconds",
          "From a worker's first attempt to publish to the acknowledgement: p50, p95, p99.",
          quantiles(accounts, "nats_publisher_message_duration_seconds", ["account"]),
          { width: 12, whenEmpty: "No worker has published" },
        ),
        graph(
          "Subscribe Latency",
          "seconds",
          "From stored to first delivered to a worker, time in the queue included: p50, p95, p99.",
          quantiles(consumers, "nats_consumer_delivery_delay_seconds", ["consumer"]),
          { width: 12 },
        ),
        graph(
          "Replication Lag",
          "number",
          "Messages that mirrors are behind.",
          [as(ofStream, ofLeader.stream(streams, "nats_stream_mirror_lag"))],
          {
            width: 12,
            limit: limitOf(environment, "NATSMirrorLagHigh"),
            whenEmpty: "No stream of these is a mirror",
          },
        ),
      ],
    },
  ],
});
