import type { Wire } from "./fields";

/**
 * The parts of `STREAM.INFO` and `CONSUMER.INFO` answers that are read. Source: nats-server's StreamInfo, ConsumerInfo.
 */
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
  /** Of a consumer: messages it has delivered that are not acknowledged yet. */
  num_ack_pending?: number;
  /** Absent on a server that is not part of a cluster. */
  cluster?: {
    name?: string;
    leader?: string;
    replicas?: { name: string; current: boolean; offline?: boolean; active: number; lag?: number }[];
    /** Where servers of 2.15 and later are moving or scaling it to; until they are done they refuse another move. */
    desired?: { status?: { description?: string; err?: string } };
  };
}

/** Without a leader, a server that lost the others still answers, with what it last knew. */
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
