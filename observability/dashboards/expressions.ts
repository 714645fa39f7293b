import { answering, consumerLabels, current, ofLeader, type Selection, streamLabels } from "../alerts/alert";
import type { MetricName } from "../metrics";
import {
  compare,
  type Expr,
  from,
  matched,
  max,
  orZero,
  quantile,
  rate,
  rateInterval,
  secondsSince,
  sum,
  times,
} from "../promql";
import { as, consumers, type Query, servers } from "./panel";

/** Expressions of several dashboards. Those that alerts have, too, are theirs. */

export const gatewayLabels = ["region", "remote_gateway_name"] as const;

type ServerCounter = Extract<
  MetricName,
  `nats_varz_${"in" | "out"}_${"msgs" | "bytes"}` | `nats_varz_${string}_api_${string}`
>;

/** A second. */
export const rateOf = (by: readonly string[], selector: Expr): Expr => sum(by, rate(selector, rateInterval));
export const serverRate = (by: readonly string[], name: ServerCounter): Expr => rateOf(by, servers.series(name));

/** Messages stored a second, by stream. */
export const stored = (selection: Selection): Expr =>
  max(streamLabels, rate(selection.series("nats_stream_last_seq", { is_stream_leader: "true" }), rateInterval));

/** Deliveries acknowledged a second, by durable. */
export const acknowledged = (selection: Selection): Expr =>
  max(
    consumerLabels,
    rate(selection.series("nats_consumer_ack_floor_consumer_seq", { is_consumer_leader: "true" }), rateInterval),
  );

export const totalOf = {
  messages: (selection: Selection): Expr => orZero(ofLeader.stream(selection, "nats_stream_total_messages")),
  bytes: (selection: Selection): Expr => orZero(ofLeader.stream(selection, "nats_stream_total_bytes")),
  pending: (selection: Selection): Expr => orZero(ofLeader.consumer(selection, "nats_consumer_num_pending")),
};

/** Of one server each. */
export const uptime: Expr = secondsSince(times(current(servers, "nats_varz_start"), 1e-3));
export const peers: Expr = current(servers, "nats_varz_remotes");
/** 1 for each server that is healthy, 0 for one that answers and is not. */
export const healthy: Expr = from(1, answering(servers));

const worker = ["account", "consumer"] as const;

/** Messages that handlers finished a second. */
export const processed = (status?: "!success"): Expr =>
  rateOf(worker, consumers.series("nats_consumer_messages_processed_total", status ? { "!status": "success" } : {}));

export const failedShare: Expr = times(matched(processed("!success"), "/", compare(processed(), ">", 0), worker), 100);

type Histogram =
  | "nats_consumer_message_processing_duration_seconds"
  | "nats_consumer_delivery_delay_seconds"
  | "nats_publisher_message_duration_seconds";

/** What one of 100 of the probe's messages exceeds, in seconds. */
export const slowest = (
  by: readonly string[],
  name: "probe_publish_duration_seconds" | "probe_delivery_duration_seconds",
): Expr => quantile(0.99, by, rate(servers.series(name), rateInterval));

/** The median and what one of 20 and of 100 exceeds, in seconds. */
export const quantiles = (selection: Selection, name: Histogram, by: readonly string[]): Query[] =>
  [0.5, 0.95, 0.99].map((share) =>
    as(
      [...by.map((label) => `{{${label}}}`), `p${share * 100}`].join(" "),
      quantile(share, by, rate(selection.series(name), rateInterval)),
    ),
  );
