import { deadLetterNames } from "../../workers/messaging/contract";
import type { AlertName } from "../../config/schema/alerts";
import { and, compare, either, max, minus, times, unless } from "../promql";
import {
  aboveThreshold,
  type Alert,
  consumerLabels,
  missing,
  ofDeclared,
  ofLeader,
  type Selection,
  type Site,
  streamLabels,
} from "./alert";

/** Alerts about streams, mirrors and durables. */

const streams = (site: Site, where: { stream_leader?: string; is_stream_leader?: string } = {}) =>
  max(streamLabels, site.series("nats_stream_total_messages", where));

const consumers = (site: Site, where: { consumer_leader?: string; is_consumer_leader?: string } = {}) =>
  max(consumerLabels, site.series("nats_consumer_num_pending", where));

/** Time since the mirror heard from its origin, in seconds; where it never did, a day. */
export const silence = (site: Selection) => {
  const active = ofLeader.stream(site, "nats_stream_mirror_active_duration_ns");
  return either(times(compare(active, ">=", 0), 1e-9), minus(compare(active, "<", 0), -86_400));
};

/** Messages of a stream that each account may have. */
const messagesOf = (site: Site, stream_name: string) =>
  max(streamLabels, site.series("nats_stream_total_messages", { stream_name, is_stream_leader: "true" }));

/** The stream whose depth the source system watches. */
const commands = "COMMANDS";

export const streamAlerts = {
  NATSConsumerLagHigh: {
    severity: "warning",
    for: "5m",
    conditions: (site) => [
      {
        expr: aboveThreshold(
          site,
          "NATSConsumerLagHigh",
          ofLeader.consumer(site, "nats_consumer_num_pending"),
          consumerLabels,
        ),
      },
    ],
    summary: "{{ $value }} messages wait for durable {{ $labels.consumer_name }} of {{ $labels.stream_name }}",
    description:
      "Its workers take fewer messages than arrive, or none. Messages are late; a stream with a limit will delete or " +
      "refuse messages once it is full.",
  },
  NATSCommandStreamDepthHigh: {
    severity: "warning",
    for: "5m",
    conditions: (site) => [
      {
        expr: compare(messagesOf(site, commands), ">", site.threshold("NATSCommandStreamDepthHigh")),
      },
    ],
    summary: "Stream COMMANDS of {{ $labels.account }} holds {{ $value }} messages",
    description: "Commands wait longer than the people who gave them. When it is full, new commands are refused.",
  },
  NATSStreamWithoutLeader: {
    severity: "critical",
    for: "2m",
    conditions: (site) => [
      {
        expr: ofDeclared(
          site,
          "NATSStreamWithoutLeader",
          unless(streams(site, { stream_leader: "" }), streams(site, { is_stream_leader: "true" }), streamLabels),
          streamLabels,
        ),
      },
    ],
    summary: "Stream {{ $labels.stream_name }} of {{ $labels.account }} has no leader",
    description:
      "Most of its replicas are down or cannot reach each other. It refuses messages, and delivers none, until a " +
      "majority of them is back.",
  },
  NATSConsumerWithoutLeader: {
    severity: "critical",
    for: "2m",
    conditions: (site) => [
      {
        expr: ofDeclared(
          site,
          "NATSConsumerWithoutLeader",
          unless(
            consumers(site, { consumer_leader: "" }),
            consumers(site, { is_consumer_leader: "true" }),
            consumerLabels,
          ),
          consumerLabels,
        ),
      },
    ],
    summary: "Durable {{ $labels.consumer_name }} of {{ $labels.stream_name }} ({{ $labels.account }}) has no leader",
    description:
      "Most of its replicas are down or cannot reach each other. It delivers no messages; they stay in the stream as " +
      "long as its limits allow.",
  },
  NATSStreamMissing: {
    severity: "critical",
    for: "10m",
    conditions: (site) => [{ expr: missing(site, "NATSStreamMissing", streams(site), streamLabels) }],
    summary: "Stream {{ $labels.stream_name }} of {{ $labels.account }} does not exist in {{ $labels.region }}",
    description:
      "It is declared, and no server of the region reports it: it was deleted, is in another region, or was never " +
      "deployed. What is published to its subjects is refused, or stored nowhere.",
  },
  NATSConsumerMissing: {
    severity: "warning",
    for: "10m",
    conditions: (site) => [{ expr: missing(site, "NATSConsumerMissing", consumers(site), consumerLabels) }],
    summary: "Durable {{ $labels.consumer_name }} of {{ $labels.stream_name }} ({{ $labels.account }}) does not exist",
    description:
      "It is declared, and no server of the region reports it. Its workers receive nothing; a stream that keeps " +
      "messages for its durables alone keeps none for this one.",
  },
  NATSInterestStreamUnconsumed: {
    severity: "critical",
    for: "5m",
    conditions: (site) => [
      {
        expr: ofDeclared(
          site,
          "NATSInterestStreamUnconsumed",
          and(
            compare(ofLeader.stream(site, "nats_stream_consumer_count"), "==", 0),
            site.series("supercluster_stream_max_bytes", { retention: "interest" }),
            streamLabels,
          ),
          streamLabels,
        ),
      },
    ],
    summary: "Stream {{ $labels.stream_name }} of {{ $labels.account }} has no durable, and keeps no message",
    description:
      "Its retention is interest: without a durable it acknowledges what is published and stores nothing. " +
      "Every message that is published now is lost.",
  },
  NATSMirrorLagHigh: {
    severity: "warning",
    for: "5m",
    conditions: (site) => [
      {
        expr: aboveThreshold(site, "NATSMirrorLagHigh", ofLeader.stream(site, "nats_stream_mirror_lag"), streamLabels),
      },
    ],
    summary: "Mirror {{ $labels.stream_name }} of {{ $labels.account }} is {{ $value }} messages behind",
    description: "If the origin's region were lost now, these messages would not be here.",
  },
  NATSMirrorStalled: {
    severity: "warning",
    for: "2m",
    conditions: (site) => [{ expr: aboveThreshold(site, "NATSMirrorStalled", silence(site), streamLabels) }],
    summary:
      "Mirror {{ $labels.stream_name }} of {{ $labels.account }} has not heard from its origin for " +
      "{{ $value | humanizeDuration }}",
    description:
      "It copies nothing, and does not know how far it is behind. What the origin stores from now on exists in its " +
      "region alone.",
  },
  NATSDeadLetters: {
    severity: "warning",
    for: "1m",
    conditions: (site) => [
      {
        expr: aboveThreshold(site, "NATSDeadLetters", messagesOf(site, deadLetterNames.copies), streamLabels),
      },
    ],
    summary: "{{ $labels.account }} has {{ $value }} dead letters",
    description:
      "Workers gave these messages up. Each is kept until it is sent again, deleted, or older than the stream allows.",
  },
  NATSDeadLettersWaiting: {
    severity: "warning",
    for: "15m",
    conditions: (site) => [
      {
        expr: aboveThreshold(site, "NATSDeadLettersWaiting", messagesOf(site, deadLetterNames.events), streamLabels),
      },
    ],
    summary: "{{ $value }} messages that were given up in {{ $labels.account }} are not copied to the dead letters",
    description:
      `${deadLetterNames.events} has their advisories, which the worker dead-letters copies and removes. Until then ` +
      "a message is only in its own stream, whose limits may delete it.",
  },
} satisfies Partial<Record<AlertName, Alert>>;
