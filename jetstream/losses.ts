import type { Wire } from "./fields";
import { isEmpty, limit } from "./fields/conversions";
import { parkedSubject } from "../config/assets/standard";
import { covers } from "../config/subjects";

/**
 * Changes of a stream that the server makes without warning although messages are deleted, or can no longer arrive: one
 * row each. Counting: costs.ts.
 */
export interface LossRule {
  /** The name under which `allowDataLoss` allows it. */
  change: string;
  /** Which changes of the field, in words, for the documentation. */
  what: string;
  when(from: Wire, to: Wire): boolean;
  count: "older" | "over-bytes" | "over-messages" | "over-subject" | "no-interest" | "all" | "dropped-subjects";
  /** What the change does to the messages that were counted. */
  effect: string;
  /** It has a cost even if no message is stored: future messages, or a copy. */
  evenIfEmpty?: true;
}

type Limit = "max_age" | "max_bytes" | "max_msgs" | "max_msgs_per_subject";
const lowered = (field: Limit) => (from: Wire, to: Wire) => limit(to[field]) < limit(from[field]);
/** With discard `new` a full stream refuses new messages: a limit drops nothing until discard is `old` again. */
const loweredInForce = (field: Limit) => (from: Wire, to: Wire) => {
  const inForce = (config: Wire) => (config.discard === "new" ? Infinity : limit(config[field]));
  return inForce(to) < inForce(from);
};

export const streamLosses: LossRule[] = [
  { change: "maxAge", what: "lower", when: lowered("max_age"), count: "older", effect: "drop" },
  {
    change: "maxBytes",
    what: "lower, or discard old again",
    when: loweredInForce("max_bytes"),
    count: "over-bytes",
    effect: "drop",
  },
  {
    change: "maxMsgs",
    what: "lower, or discard old again",
    when: loweredInForce("max_msgs"),
    count: "over-messages",
    effect: "drop",
  },
  {
    change: "maxMsgsPerSubject",
    what: "lower",
    when: lowered("max_msgs_per_subject"),
    count: "over-subject",
    effect: "drop",
  },
  {
    change: "subjects",
    what: "take one away",
    when: (from, to) => droppedSubjects(from, to).length > 0,
    count: "dropped-subjects",
    effect: "no longer capture a subject of",
    evenIfEmpty: true,
  },
  {
    change: "retention",
    what: "limits to interest",
    when: (from, to) => from.retention === "limits" && to.retention === "interest",
    count: "no-interest",
    effect: "drop",
  },
  {
    change: "replicas",
    what: "down to 1",
    when: (from, to) => from.num_replicas! > 1 && to.num_replicas === 1,
    count: "all",
    effect: "keep a single copy of",
    evenIfEmpty: true,
  },
  {
    change: "mirror",
    what: "take it away",
    when: (from, to) => !isEmpty(from.mirror) && isEmpty(to.mirror),
    count: "all",
    effect: "stop copying its origin beyond",
    evenIfEmpty: true,
  },
];

/** Subjects captured before that are not all captured afterwards. */
export function droppedSubjects(from: Wire, to: Wire): string[] {
  return subjectsOf(from).filter((subject) => subject !== parkedSubject(from.name!) && !isCaptured(to, subject));
}

/** Whether a stream captures all of a subject. */
export const isCaptured = (config: Wire, subject: string): boolean =>
  subjectsOf(config).some((own) => covers(own, subject));

const subjectsOf = (config: Wire): string[] => config.subjects ?? [];
