import { count, type Expr, sum } from "./promql";
import { accountLabels, current, ofLeader, type Site } from "./alerts/alert";

/**
 * Series under the names that documents and dashboards of the source systems use, which no exporter makes. Each stream
 * and durable counts once, whatever its number of replicas.
 */
export const recordingRules: Readonly<Record<string, (site: Site) => Expr>> = {
  nats_stream_messages: (site) => ofLeader.stream(site, "nats_stream_total_messages"),
  nats_stream_bytes: (site) => ofLeader.stream(site, "nats_stream_total_bytes"),
  nats_jetstream_streams: (site) => count(accountLabels, ofLeader.stream(site, "nats_stream_total_messages")),
  nats_jetstream_consumers: (site) => count(accountLabels, ofLeader.consumer(site, "nats_consumer_num_pending")),
  nats_jetstream_messages: (site) => sum(accountLabels, ofLeader.stream(site, "nats_stream_total_messages")),
  nats_jetstream_bytes: (site) => sum(accountLabels, ofLeader.stream(site, "nats_stream_total_bytes")),
  // A route serves both directions, and a pool of them one peer: both are the number of peers.
  nats_routes_inbound: (site) => current(site, "nats_varz_remotes"),
  nats_routes_outbound: (site) => current(site, "nats_varz_remotes"),
};
