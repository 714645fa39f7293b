/**
 * Answers of servers to monitoring requests of the system account: only the fields that are read here.
 * Source: nats-server, server/monitor.go.
 */

export interface Varz {
  /** Number of servers of its region to which it has routes. */
  remotes?: number;
  connections: number;
  mem: number;
  /** Percent of one processor. */
  cpu?: number;
  /** When the process started, RFC 3339. */
  start?: string;
  /** Messages from and to clients, routes and gateways since then. */
  in_msgs?: number;
  out_msgs?: number;
  /** Clients that were disconnected since then because they took too long to read. */
  slow_consumers?: number;
}

export interface Gatewayz {
  outbound_gateways?: Record<
    string,
    { connection?: { rtt?: string; port?: number; out_msgs?: number; out_bytes?: number } }
  >;
  inbound_gateways?: Record<string, unknown[]>;
}

export interface Healthz {
  status: string;
  error?: string;
  errors?: { error: string }[];
}

export interface Peer {
  name: string;
  /** Id of the peer in the meta group, derived from the server's name. */
  peer?: string;
  current: boolean;
  offline?: boolean;
  lag?: number;
  /** Nanoseconds since the leader last received something from it. */
  active?: number;
}

export interface RaftGroup {
  name?: string;
  leader?: string;
  replicas?: Peer[];
}

export interface Jsz {
  meta_cluster?: { leader?: string; cluster_size: number; replicas?: Peer[] };
  account_details?: { name: string; stream_detail?: StreamDetail[] }[];
}

export interface StreamDetail {
  name: string;
  cluster?: RaftGroup;
  config: Record<string, unknown>;
  /** `first_ts`: when its oldest message was stored, RFC 3339; of an empty stream it says nothing. */
  state: { messages: number; bytes: number; last_seq: number; first_ts?: string };
  mirror?: Origin;
  sources?: Origin[];
  consumer_detail?: ConsumerDetail[];
}

/** What a stream copies, with why that fails. `active` is -1 where it never began. */
export interface Origin {
  name: string;
  /** How its account or domain is asked, where it is another one. */
  external?: { api: string };
  lag: number;
  active: number;
  error?: { description: string };
}

export interface ConsumerDetail {
  name: string;
  config: Record<string, unknown>;
  cluster?: RaftGroup;
  num_pending: number;
  num_ack_pending: number;
  /** Messages in hand that were delivered more than once. */
  num_redelivered?: number;
  num_waiting: number;
  /** The last that was delivered for the first time; `last_active` is when, RFC 3339. */
  delivered?: { consumer_seq: number; stream_seq: number; last_active?: string };
  /** All up to these sequences are acknowledged; `last_active` is when, RFC 3339. */
  ack_floor?: { consumer_seq: number; stream_seq: number; last_active?: string };
  /**
   * When its oldest message was stored that is not acknowledged, RFC 3339. No server reports it: those who need it look
   * the message up (operations/supercluster/oldest-waiting.ts).
   */
  oldest_waiting?: string;
}

/** A duration in Go's notation, as `86.5ms` or `1m2.5s`, in milliseconds; undefined for none. */
export function milliseconds(duration = ""): number | undefined {
  const units: Record<string, number> = { ns: 1e-6, µs: 1e-3, us: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  const parts = [...duration.matchAll(/([\d.]+)(ns|µs|us|ms|s|m|h)/g)];
  return parts.length > 0 ? parts.reduce((sum, [, value, unit]) => sum + Number(value) * units[unit!]!, 0) : undefined;
}
