import type { Wire } from "./fields";

/** What `STREAM.INFO` and `CONSUMER.INFO` answer, as far as it is looked at. Shapes: nats-server's StreamInfo, ConsumerInfo. */
export interface Info {
  config: Wire;
  /** When the server answered, RFC 3339. */
  ts: string;
  /** Of a stream. */
  state?: StreamState;
  /** A stream and its mirrors, best first; absent where there are none. */
  alternates?: { name: string; cluster: string }[];
  /** Of a consumer: messages it has not delivered yet. */
  num_pending?: number;
  /** Of a consumer: messages it has delivered, without an acknowledgement so far. */
  num_ack_pending?: number;
  /** Absent on a server that is no part of a cluster. */
  cluster?: {
    name?: string;
    leader?: string;
    replicas?: { name: string; current: boolean; offline?: boolean; active: number; lag?: number }[];
  };
}

/** Without one, a server that has lost the others still answers, with what it knew then. */
export const hasLeader = ({ cluster }: Info): boolean => !cluster || Boolean(cluster.leader);

export interface StreamState {
  messages: number;
  bytes: number;
  first_seq: number;
  /** RFC 3339; year 1 when nothing was ever stored. */
  first_ts: string;
  last_seq: number;
  num_deleted?: number;
  consumer_count: number;
  /** Counts by subject, where asked for. */
  subjects?: Record<string, number>;
}
