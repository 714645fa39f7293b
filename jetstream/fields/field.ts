import type { Kind } from "./conversions";

/** A source or mirror as the server's API has it. Source: nats-server's StreamSource. */
export interface WireSource {
  [key: string]: unknown;
  name: string;
  opt_start_seq?: number;
  opt_start_time?: string;
  external?: { api: string; deliver?: string };
  consumer?: { name?: string; deliver_subject?: string };
}

/**
 * A stream's or consumer's configuration as the server's API has it (nats-server's StreamConfig, ConsumerConfig): the
 * fields that code reads by name have their types, all others are what JSON holds. Durations are nanoseconds, sizes
 * bytes.
 */
export interface Wire {
  [key: string]: unknown;
  name?: string;
  metadata?: Record<string, string>;
  num_replicas?: number;
  /** Of a stream. */
  subjects?: string[];
  retention?: string;
  discard?: string;
  max_age?: number;
  max_bytes?: number;
  max_msgs?: number;
  max_msgs_per_subject?: number;
  placement?: { cluster?: string; tags?: readonly string[] };
  mirror?: WireSource;
  sources?: WireSource[];
  first_seq?: number;
  /** Of a consumer. */
  durable_name?: string;
  filter_subject?: string;
  filter_subjects?: string[];
  ack_policy?: string;
  deliver_subject?: string;
  deliver_policy?: string;
  opt_start_seq?: number;
  opt_start_time?: string;
  backoff?: number[];
  max_ack_pending?: number;
  max_waiting?: number;
}

/**
 * One configuration field that the program manages: its name here, its place in JetStream's JSON, how the two forms
 * convert, what the server fills in, which API level it needs, and which changes the server refuses. Adding a field is
 * adding a row.
 */
export interface Field {
  arg: string;
  /** Path in the server's JSON, dotted where nested; a dot that is part of a name stands behind a backslash. */
  wire: string;
  kind: Kind;
  /** Wire value of a field that is not set; a function where the server couples it to other fields. */
  default?: unknown | ((config: Wire) => unknown);
  /** What servers of other versions fill in instead; it is left as it is where the arguments do not set the field. */
  otherDefault?: (config: Wire) => unknown;
  /** Value that the server sets whatever is asked for, because of another field. `undefined`: it sets none. */
  forced?: (config: Wire) => unknown;
  /** Entries that this program adds to a field of labels. */
  derived?: (config: Wire) => Record<string, string>;
  /** API level that the field needs, by its wire value where it depends on it. */
  level?: number | ((value: never) => number);
  /** Changes that the server does not make in place; it makes all others. */
  refused?: Refusal[];
  /** Path of the field for a single value, which means the same as a list of one. */
  single?: string;
  /** The field has a request of its own: updates leave it as it is. */
  ownRequest?: true;
}

/** A change that the server does not make in place. */
export interface Refusal {
  /** The change in words, behind the field's name: `to or from "workqueue"`. */
  what: string;
  /** Sees the wire values before and after, which are not the same. */
  when: (from: unknown, to: unknown) => boolean;
  reason: string;
  /** Error code of the server's answer. None: it accepts the change and ignores it. */
  error?: number;
  /** First server version that answers so; those before accept the change and ignore it. */
  errorSince?: string;
  /** First server version that makes the change in place. */
  until?: string;
}
