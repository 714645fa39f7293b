import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { givenUpKinds } from "../messaging";

const ofStream = ["tenant", "stream_name"] as const;
const ofDurable = [...ofStream, "consumer_name"] as const;

/** What is read from servers each time, and gone where it could not be read. */
const readings = {
  probe_certificate_expiry_timestamp_seconds: {
    help: "When the certificate expires that a server shows to clients, to servers of its region, to other regions",
    labels: ["server", "listener"],
  },
  probe_meta_peer_behind: {
    help: "1 for a server that answers the meta leader and has not applied what that has; only in the leader's region",
    labels: ["peer"],
  },
  probe_meta_peer_offline: {
    help: "1 for a server that does not answer the meta leader; only in the leader's region",
    labels: ["peer"],
  },
  probe_stream_quorum: {
    help: "1 for a stream of the region that has a leader and a majority of its replicas, else 0",
    labels: ofStream,
  },
  probe_stream_replicas_behind: {
    help: "Replicas of a stream that answer its leader and do not have all that it has",
    labels: ofStream,
  },
  probe_stream_replicas_offline: { help: "Replicas of a stream that do not answer its leader", labels: ofStream },
  probe_consumer_quorum: {
    help: "1 for a durable of the region that has a leader and a majority of its replicas, else 0",
    labels: ofDurable,
  },
  probe_consumer_replicas_behind: {
    help: "Replicas of a durable that answer its leader and do not know all that it knows",
    labels: ofDurable,
  },
  probe_mirror_lag_seconds: {
    help: "How long the oldest message of its origin has waited that a mirror does not have yet",
    labels: ofStream,
  },
  probe_consumer_oldest_seconds: {
    help: "How long the oldest message of a durable has waited that is not acknowledged yet",
    labels: ofDurable,
  },
  probe_account_connections: {
    help: "Clients of an account on all servers of all regions that answer; only in the meta leader's region",
    labels: ["tenant"],
  },
  probe_account_streams: {
    help: "Streams of an account in all regions that have a leader; only in the meta leader's region",
    labels: ["tenant"],
  },
  probe_failover_mapped: {
    help:
      "1 where all servers of the region `in` that answer map the subjects of a stream that has failed over, 0 where " +
      "some do not; of each stream that any server maps; only in the meta leader's region",
    labels: [...ofStream, "in"],
  },
} as const;

export type ReadingName = keyof typeof readings;

/** Which durable: its account, stream and name. */
export type DurableLabels = Record<(typeof ofDurable)[number], string>;

/** One series of what was read. */
export interface Reading {
  name: ReadingName;
  labels: Readonly<Record<string, string>>;
  value: number;
}

/** Subjects on which servers tell the system account what happened, and how each is counted. */
export const advisoryKinds = {
  "$JS.EVENT.ADVISORY.DOMAIN.LEADER_ELECTED": "meta_leader_elected",
  "$JS.EVENT.ADVISORY.STREAM.LEADER_ELECTED.>": "stream_leader_elected",
  "$JS.EVENT.ADVISORY.STREAM.QUORUM_LOST.>": "stream_quorum_lost",
  "$JS.EVENT.ADVISORY.CONSUMER.LEADER_ELECTED.>": "consumer_leader_elected",
  "$JS.EVENT.ADVISORY.CONSUMER.QUORUM_LOST.>": "consumer_quorum_lost",
} as const;

/** The same of what servers tell in the account of the stream alone, which exports it to the probe's. */
export const givenUpAdvisories = {
  MAX_DELIVERIES: "consumer_max_deliveries",
  MSG_TERMINATED: "consumer_message_terminated",
} as const satisfies Record<(typeof givenUpKinds)[number], string>;

const kinds = [...Object.values(advisoryKinds), ...Object.values(givenUpAdvisories)];

export type AdvisoryKind = (typeof kinds)[number];

/** Seconds: from one server to the next in a room, to the other side of the earth with an election in between. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const outcomes = ["acknowledged", "failed"] as const;

/** What the probe reports, beside what every worker does. No label has a value that senders of messages choose. */
export function probeMetrics(registry: Registry) {
  const registers = [registry];
  const gauges = new Map(
    Object.entries(readings).map(([name, { help, labels }]) => [
      name as ReadingName,
      new Gauge<string>({ name, help, labelNames: labels, registers }),
    ]),
  );
  const answered = new Gauge({ name: "probe_servers_answered", help: "Servers of the last reading", registers });
  const failed = new Counter({
    name: "probe_readings_failed_total",
    help: "Readings of servers without an answer",
    registers,
  });
  const advisories = new Counter({
    name: "probe_advisories_total",
    help: "Leaders elected, majorities lost and messages given up by durables, of the region",
    labelNames: ["kind"] as const,
    registers,
  });
  for (const kind of kinds) advisories.inc({ kind }, 0);
  const maxDeliveries = new Counter({
    name: "probe_max_deliveries_total",
    help: "Messages that a durable of the region has delivered as often as it may, without an acknowledgement",
    labelNames: ofDurable,
    registers,
  });
  const publishes = new Counter({
    name: "probe_publishes_total",
    help: "Messages to the stream of another region or of this one: acknowledged in time, with retries, or failed",
    labelNames: ["to", "outcome"] as const,
    registers,
  });
  const publishing = new Histogram({
    name: "probe_publish_duration_seconds",
    help: "From publishing to the acknowledgement of the stream of a region",
    ...{ labelNames: ["to"] as const, buckets, registers },
  });
  const delivery = new Histogram({
    name: "probe_delivery_duration_seconds",
    help: "From publishing in a region to being received in this one, by the clocks of both",
    ...{ labelNames: ["from"] as const, buckets, registers },
  });
  return {
    advisories,
    maxDeliveries,
    /** Makes the series of all regions begin with 0: of a counter that begins with 1 no increase is seen. */
    begin(regions: readonly string[]): void {
      for (const region of regions) {
        for (const outcome of outcomes) publishes.inc({ to: region, outcome }, 0);
        publishing.zero({ to: region });
        delivery.zero({ from: region });
      }
    },
    /** `seconds`: until the acknowledgement; `undefined`: there was none. */
    published(to: string, seconds: number | undefined): void {
      publishes.inc({ to, outcome: seconds === undefined ? "failed" : "acknowledged" });
      if (seconds !== undefined) publishing.observe({ to }, seconds);
    },
    delivered(from: string, seconds: number): void {
      delivery.observe({ from }, seconds);
    },
    /** Replaces all that was read before; `undefined`: nothing could be read. */
    show(
      read: { servers: number; readings: readonly Reading[]; durables: readonly DurableLabels[] } | undefined,
    ): void {
      for (const gauge of gauges.values()) gauge.reset();
      for (const { name, labels, value } of read?.readings ?? []) gauges.get(name)!.set(labels, value);
      answered.set(read?.servers ?? 0);
      if (!read) failed.inc();
      // As above: of each durable they begin with 0.
      for (const labels of read?.durables ?? []) maxDeliveries.inc(labels, 0);
    },
  };
}

export type ProbeMetrics = ReturnType<typeof probeMetrics>;
