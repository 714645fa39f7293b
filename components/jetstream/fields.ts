import { fromBytes, fromNanoseconds, toBytes, toNanoseconds } from "../../config/units";

/**
 * Every configuration field the program manages, one row each: its name here, its place in JetStream's JSON, how the two
 * forms convert, and the value the server gives it when it is left out. Adding a field is adding a row.
 */
export interface Field {
  arg: string;
  /** Path in the server's JSON, dotted where nested. */
  wire: string;
  kind: Kind;
  /** Wire value of a field that is not set; a function where the server couples it to other fields. */
  default?: unknown | ((config: Wire) => unknown);
}

/** A stream's or consumer's configuration as the server's API has it. */
export type Wire = Record<string, unknown>;

export type Kind = keyof typeof kinds;

interface Conversion {
  toWire(value: never): unknown;
  fromWire(value: never): unknown;
}

const same: Conversion = { toWire: (value) => value, fromWire: (value) => value };
const list = (item: Conversion): Conversion => ({
  toWire: (values: never[]) => values.map(item.toWire),
  fromWire: (values: never[]) => values.map(item.fromWire),
});
/** Nanoseconds on the wire. */
const duration: Conversion = { toWire: (text: string) => toNanoseconds(text), fromWire: (value: number) => fromNanoseconds(value) };
const size: Conversion = { toWire: (text: string) => toBytes(text), fromWire: (value: number) => fromBytes(value) };

export const kinds = { text: same, number: same, flag: same, texts: list(same), duration, durations: list(duration), size } satisfies Record<
  string,
  Conversion
>;

const seconds = 1_000_000_000;

export const streamFields: Field[] = [
  { arg: "name", wire: "name", kind: "text" },
  { arg: "region", wire: "placement.cluster", kind: "text" },
  { arg: "description", wire: "description", kind: "text" },
  { arg: "subjects", wire: "subjects", kind: "texts" },
  { arg: "mirror", wire: "mirror.name", kind: "text" },
  { arg: "retention", wire: "retention", kind: "text", default: "limits" },
  { arg: "storage", wire: "storage", kind: "text", default: "file" },
  { arg: "replicas", wire: "num_replicas", kind: "number", default: 1 },
  { arg: "maxAge", wire: "max_age", kind: "duration", default: 0 },
  { arg: "maxBytes", wire: "max_bytes", kind: "size", default: -1 },
  { arg: "maxMsgs", wire: "max_msgs", kind: "number", default: -1 },
  { arg: "maxMsgSize", wire: "max_msg_size", kind: "size", default: -1 },
  { arg: "maxMsgsPerSubject", wire: "max_msgs_per_subject", kind: "number", default: -1 },
  { arg: "discard", wire: "discard", kind: "text", default: "old" },
  {
    arg: "duplicateWindow",
    wire: "duplicate_window",
    kind: "duration",
    default: ({ mirror, max_age }: Wire) => (mirror ? 0 : Math.min(120 * seconds, (max_age as number) || Infinity)),
  },
  { arg: "denyDelete", wire: "deny_delete", kind: "flag", default: false },
  { arg: "denyPurge", wire: "deny_purge", kind: "flag", default: false },
];

const acknowledged = ({ ack_policy }: Wire) => ack_policy !== "none";

export const consumerFields: Field[] = [
  { arg: "name", wire: "name", kind: "text" },
  { arg: "name", wire: "durable_name", kind: "text" },
  { arg: "description", wire: "description", kind: "text" },
  { arg: "filterSubject", wire: "filter_subject", kind: "text" },
  { arg: "filterSubjects", wire: "filter_subjects", kind: "texts" },
  { arg: "deliverPolicy", wire: "deliver_policy", kind: "text", default: "all" },
  { arg: "ackPolicy", wire: "ack_policy", kind: "text", default: "none" },
  { arg: "replayPolicy", wire: "replay_policy", kind: "text", default: "instant" },
  { arg: "backoff", wire: "backoff", kind: "durations" },
  {
    arg: "ackWait",
    wire: "ack_wait",
    kind: "duration",
    default: (config: Wire) => (config.backoff as number[] | undefined)?.[0] ?? (acknowledged(config) ? 30 * seconds : undefined),
  },
  { arg: "maxDeliver", wire: "max_deliver", kind: "number", default: -1 },
  {
    arg: "maxAckPending",
    wire: "max_ack_pending",
    kind: "number",
    default: (config: Wire) => (acknowledged(config) ? 1000 : undefined),
  },
  {
    arg: "maxWaiting",
    wire: "max_waiting",
    kind: "number",
    default: ({ deliver_subject }: Wire) => (deliver_subject ? undefined : 512),
  },
  { arg: "deliverSubject", wire: "deliver_subject", kind: "text" },
  { arg: "deliverGroup", wire: "deliver_group", kind: "text" },
  { arg: "flowControl", wire: "flow_control", kind: "flag", default: false },
  { arg: "idleHeartbeat", wire: "idle_heartbeat", kind: "duration" },
  { arg: "rateLimitBps", wire: "rate_limit_bps", kind: "number" },
];
