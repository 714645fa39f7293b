import { attemptsLabel } from "../../workers/messaging/contract";
import type { Field, Refusal, Wire } from "./field";
import { consumerMonitor } from "./monitor";
import { always, wouldLosePosition } from "./refusals";

const seconds = 1_000_000_000;

const acknowledged = ({ ack_policy }: Wire) => ack_policy !== "none";
const redelivers = (config: Wire) => acknowledged(config) && config.ack_policy !== "flow_control";
const isPush = ({ deliver_subject }: Wire) => deliver_subject !== undefined;
const losesPosition: Refusal[] = always({ reason: wouldLosePosition, error: 10012 });

/**
 * Fields of a consumer, in the order of nats-server's ConsumerConfig. Sources: server/consumer.go, checkConsumerCfg and
 * checkNewConsumerConfig.
 */
export const consumerFields: Field[] = [
  { arg: "name", wire: "durable_name", kind: "text" },
  { arg: "name", wire: "name", kind: "text" },
  { arg: "description", wire: "description", kind: "text" },
  { arg: "deliverPolicy", wire: "deliver_policy", kind: "text", default: "all", refused: losesPosition },
  { arg: "optStartSeq", wire: "opt_start_seq", kind: "number", refused: losesPosition },
  { arg: "optStartTime", wire: "opt_start_time", kind: "time", refused: losesPosition },
  {
    arg: "ackPolicy",
    wire: "ack_policy",
    kind: "text",
    default: "none",
    level: (policy: string) => (policy === "flow_control" ? 4 : 0),
    refused: losesPosition,
  },
  { arg: "backoff", wire: "backoff", kind: "durations" },
  {
    arg: "ackWait",
    wire: "ack_wait",
    kind: "duration",
    default: (config: Wire) => config.backoff?.[0] ?? (redelivers(config) ? 30 * seconds : undefined),
  },
  { arg: "maxDeliver", wire: "max_deliver", kind: "number", default: -1 },
  { arg: "filterSubject", wire: "filter_subject", kind: "text" },
  { arg: "filterSubjects", wire: "filter_subjects", kind: "texts", single: "filter_subject" },
  { arg: "replayPolicy", wire: "replay_policy", kind: "text", default: "instant", refused: losesPosition },
  { arg: "rateLimitBps", wire: "rate_limit_bps", kind: "number" },
  { arg: "sampleFreq", wire: "sample_freq", kind: "text" },
  {
    arg: "maxWaiting",
    wire: "max_waiting",
    kind: "number",
    default: (config: Wire) => (isPush(config) ? undefined : 512),
    refused: losesPosition,
  },
  {
    arg: "maxAckPending",
    wire: "max_ack_pending",
    kind: "numberLimit",
    default: (config: Wire) => (acknowledged(config) ? 1000 : undefined),
  },
  { arg: "flowControl", wire: "flow_control", kind: "flag", default: false, refused: losesPosition },
  { arg: "headersOnly", wire: "headers_only", kind: "flag" },
  { arg: "maxBatch", wire: "max_batch", kind: "number" },
  { arg: "maxExpires", wire: "max_expires", kind: "duration" },
  { arg: "maxBytes", wire: "max_bytes", kind: "size" },
  {
    arg: "deliverSubject",
    wire: "deliver_subject",
    kind: "text",
    refused: [
      {
        what: "push to pull, or pull to push",
        when: (from, to) => from === undefined || to === undefined,
        reason: wouldLosePosition,
        error: 10012,
      },
    ],
  },
  { arg: "deliverGroup", wire: "deliver_group", kind: "text" },
  { arg: "idleHeartbeat", wire: "idle_heartbeat", kind: "duration", refused: losesPosition },
  { arg: "inactiveThreshold", wire: "inactive_threshold", kind: "duration" },
  { arg: "replicas", wire: "num_replicas", kind: "number" },
  {
    arg: "memStorage",
    wire: "mem_storage",
    kind: "flag",
    refused: always({ reason: wouldLosePosition, error: 10012, errorSince: "2.14.4" }),
  },
  { arg: "metadata", wire: "metadata", kind: "labels", derived: consumerMonitor },
  // Behind the other labels, which it is added to. The server knows nothing of it: workers read it.
  { arg: "attempts", wire: `metadata.${attemptsLabel.replaceAll(".", "\\.")}`, kind: "numberLabel" },
  { arg: "pauseUntil", wire: "pause_until", kind: "pause", level: 1, ownRequest: true },
  { arg: "priorityGroups", wire: "priority_groups", kind: "texts", level: 1 },
  {
    arg: "priorityPolicy",
    wire: "priority_policy",
    kind: "choice",
    level: (policy: string) => (policy === "none" ? 0 : 1),
  },
  {
    arg: "priorityTimeout",
    wire: "priority_timeout",
    kind: "duration",
    level: 1,
    default: ({ priority_policy }: Wire) => (priority_policy === "pinned_client" ? 120 * seconds : undefined),
  },
];
