import { Counter, Gauge, type Registry } from "prom-client";

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
} as const;

export type ReadingName = keyof typeof readings;

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

export type AdvisoryKind = (typeof advisoryKinds)[keyof typeof advisoryKinds];

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
    help: "Leaders elected and majorities lost, of the region",
    labelNames: ["kind"] as const,
    registers,
  });
  for (const kind of Object.values(advisoryKinds)) advisories.inc({ kind }, 0);
  return {
    advisories,
    /** Replaces all that was read before; `undefined`: nothing could be read. */
    show(read: { servers: number; readings: readonly Reading[] } | undefined): void {
      for (const gauge of gauges.values()) gauge.reset();
      for (const { name, labels, value } of read?.readings ?? []) gauges.get(name)!.set(labels, value);
      answered.set(read?.servers ?? 0);
      if (!read) failed.inc();
    },
  };
}

export type ProbeMetrics = ReturnType<typeof probeMetrics>;
