/** What servers answer to requests of the system account, as far as it is read here. Source: nats-server's server/monitor.go. */

export interface Varz {
  /** Servers it has routes to. */
  remotes?: number;
  connections: number;
  mem: number;
}

export interface Gatewayz {
  outbound_gateways?: Record<string, unknown>;
  inbound_gateways?: Record<string, unknown[]>;
}

export interface Healthz {
  status: string;
  error?: string;
  errors?: { error: string }[];
}

export interface Peer {
  name: string;
  /** Follows from the server's name; the meta group knows its peers by it. */
  peer?: string;
  current: boolean;
  offline?: boolean;
  lag?: number;
  /** Nanoseconds since the leader heard of it. */
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
  state: { messages: number; bytes: number; last_seq: number };
  mirror?: { name: string; lag: number; active: number; error?: { description: string } };
  consumer_detail?: ConsumerDetail[];
}

export interface ConsumerDetail {
  name: string;
  config: Record<string, unknown>;
  cluster?: RaftGroup;
  num_pending: number;
  num_ack_pending: number;
  num_waiting: number;
}
