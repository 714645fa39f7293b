import {
  allowedOnce,
  type ArgumentRule,
  bytesOf,
  bytesOfLabels,
  entries,
  type FieldsOf,
  isZero,
  longestDescription,
  mostLabels,
  rulesAbout,
  shortest,
  text,
} from "./argument-rule";
import type { consumerShape, consumerManagement, pullShape, pushShape } from "../schema/consumer";
import { covers } from "../subjects";
import { toMilliseconds } from "../units";

/**
 * Rules about one consumer's arguments, alone. Those with an error are the server's own, told before it is asked (sources:
 * server/consumer.go, setConsumerConfigDefaults and checkConsumerCfg); the others are mistakes that it accepts in silence.
 */

export type ConsumerArguments = { name: string; filterSubject?: string; filterSubjects?: string[] } & FieldsOf<
  typeof consumerShape & typeof pullShape & typeof pushShape & typeof consumerManagement
>;

const { rule, ruleOfEach } = rulesAbout<ConsumerArguments>();
type ConsumerRule = ArgumentRule<ConsumerArguments>;

const invalid = 10052;
const pedantic = 10157;
const badStart = 10094;

const push = { deliverSubject: "deliver.example" };
const heartbeat = { idleHeartbeat: "1s" } as const;

const general: ConsumerRule[] = [
  ...(
    [
      ["ackWait", "the default"],
      ["inactiveThreshold", "never"],
      ["maxExpires", "no limit"],
      ["maxBytes", "no limit"],
      ["idleHeartbeat", "never"],
      ["priorityTimeout", "the default"],
    ] as const
  ).map(([field, meaning]) =>
    rule({
      at: field,
      when: (consumer) => isZero(consumer[field]),
      found: (consumer) => `${text(consumer[field])} means ${meaning} to JetStream`,
      instead: "write how much it may be, or leave it out",
      example: {
        ...(field === "idleHeartbeat" && push),
        ...(field === "priorityTimeout" && { priorityPolicy: "pinned_client", priorityGroups: ["workers"] }),
        [field]: field === "maxBytes" ? "0B" : "0s",
      },
    }),
  ),
  rule({
    at: "description",
    when: ({ description }) => bytesOf(description) > longestDescription,
    found: ({ description }) => `${bytesOf(description)} bytes are more than ${longestDescription}`,
    instead: "shorten it",
    error: 10107,
    example: { description: "é".repeat(longestDescription / 2 + 1) },
  }),
  rule({
    at: "metadata",
    when: ({ metadata }) => bytesOfLabels(metadata) > mostLabels,
    found: ({ metadata }) =>
      `${bytesOfLabels(metadata)} bytes, keys included, are more than the ${mostLabels} there is room for`,
    instead: "keep what is long elsewhere",
    error: 10135,
    example: { metadata: { notes: "x".repeat(128 * 1024) } },
  }),
];

// --- acknowledgements and redelivery -----------------------------------------------------------------------------------

const acknowledgements: ConsumerRule[] = [
  rule({
    at: "maxDeliver",
    when: ({ backoff, maxDeliver }) => (backoff?.length ?? 0) > (maxDeliver ?? Infinity),
    found: ({ backoff, maxDeliver }) => `${maxDeliver} is less than the ${backoff!.length} waits of backoff`,
    instead: ({ backoff }) => `write ${backoff!.length + 1}, or leave it out`,
    error: 10116,
    example: { backoff: ["1s", "5s"], maxDeliver: 1 },
  }),
  rule({
    at: "ackWait",
    when: ({ backoff, ackWait }) =>
      backoff && ackWait !== undefined && toMilliseconds(ackWait) !== toMilliseconds(backoff[0]!),
    found: ({ backoff, ackWait }) => `${text(ackWait)} is not backoff[0] (${backoff![0]}), which takes its place`,
    instead: ({ backoff }) => `write ${text(backoff![0])}, or leave it out`,
    error: pedantic,
    example: { backoff: ["1s"], ackWait: "30s" },
  }),
  ruleOfEach({
    each: ({ backoff }) => entries("backoff", backoff),
    at: "",
    when: ({ value }) => isZero(value),
    found: ({ value }) => `${text(value)} is no wait: it redelivers at once`,
    instead: "write how long to wait",
    example: { backoff: ["1s", "0s"] },
  }),
  rule({
    at: "ackPolicy",
    when: ({ ackPolicy, maxDeliver, backoff, ackWait, sampleFreq, maxAckPending, deliverSubject }) =>
      ackPolicy === "none" &&
      (maxDeliver ?? backoff ?? ackWait ?? sampleFreq ?? (deliverSubject === undefined ? maxAckPending : undefined)) !==
        undefined,
    found:
      '"none" means that nothing is acknowledged or redelivered: maxDeliver, backoff, ackWait, sampleFreq and maxAckPending would do nothing',
    instead: 'write "explicit", or leave them out',
    example: { ackPolicy: "none", maxDeliver: 5 },
  }),
  rule({
    at: "maxAckPending",
    when: ({ ackPolicy, maxAckPending, deliverSubject }) =>
      ackPolicy === "none" && maxAckPending !== undefined && deliverSubject !== undefined,
    found: 'limits nothing with ackPolicy "none"',
    instead: 'write ackPolicy: "explicit", or leave it out',
    error: 10082,
    example: { ...push, ackPolicy: "none", maxAckPending: 100 },
  }),
];

const flowControlled: ConsumerRule[] = [
  rule({
    at: "ackPolicy",
    when: ({ ackPolicy, deliverSubject }) => ackPolicy === "flow_control" && deliverSubject === undefined,
    found: '"flow_control" is of push consumers',
    instead: 'write "explicit", or a deliverSubject',
    error: 10218,
    example: { ackPolicy: "flow_control" },
  }),
  rule({
    at: "flowControl",
    when: ({ ackPolicy, deliverSubject, flowControl }) =>
      ackPolicy === "flow_control" && deliverSubject !== undefined && !flowControl,
    found: 'is what ackPolicy "flow_control" goes by',
    instead: "write flowControl: true",
    error: 10219,
    example: { ...push, ...heartbeat, ackPolicy: "flow_control" },
  }),
  rule({
    at: "idleHeartbeat",
    when: ({ ackPolicy, deliverSubject, idleHeartbeat }) =>
      ackPolicy === "flow_control" &&
      deliverSubject !== undefined &&
      (!idleHeartbeat || toMilliseconds(idleHeartbeat) !== 1000),
    found: ({ idleHeartbeat }) =>
      `${idleHeartbeat ? text(idleHeartbeat) : "none"} does not go with ackPolicy "flow_control"`,
    instead: 'write "1s"',
    error: invalid,
    example: { ...push, ackPolicy: "flow_control", flowControl: true, idleHeartbeat: "5s" },
  }),
  ...(
    [
      { field: "ackWait", error: 10221, example: "30s" },
      { field: "backoff", error: 10221, example: ["1s"] },
      { field: "maxDeliver", error: 10222, example: 5 },
    ] as const
  ).map(({ field, error, example }) =>
    rule({
      at: field,
      when: ({ ackPolicy, [field]: value }) => ackPolicy === "flow_control" && value !== undefined,
      found: 'does not go with ackPolicy "flow_control", where no message is redelivered by itself',
      instead: "leave it out",
      error,
      example: { ...push, ...heartbeat, ackPolicy: "flow_control", flowControl: true, [field]: example },
    }),
  ),
];

// --- what it delivers, from where --------------------------------------------------------------------------------------

const noStart = ["new", "last", "last_per_subject"] as const;

const delivery: ConsumerRule[] = [
  rule({
    at: "filterSubjects",
    when: ({ deliverPolicy, filterSubject, filterSubjects }) =>
      deliverPolicy === "last_per_subject" && !filterSubject && !filterSubjects?.length,
    found: 'is missing, and deliverPolicy "last_per_subject" needs it',
    instead: 'write e.g. ["<subject>.>"]',
    error: badStart,
    example: { deliverPolicy: "last_per_subject" },
  }),
  rule({
    at: "filterSubject",
    when: ({ filterSubject, filterSubjects }) => filterSubject !== undefined && filterSubjects !== undefined,
    found: "does not go with filterSubjects",
    instead: "add it to those",
    error: 10136,
    example: { filterSubject: "example.a", filterSubjects: ["example.b"] },
  }),
  ruleOfEach({
    each: ({ filterSubjects }) =>
      entries("filterSubjects", filterSubjects).map((entry) => ({
        ...entry,
        rival: entry.earlier.find((other) => covers(other, entry.value) || covers(entry.value, other)),
      })),
    at: "",
    when: ({ rival }) => rival !== undefined,
    found: ({ value, rival }) => `${text(value)} and ${text(rival)} overlap`,
    instead: "the wider one is enough",
    error: 10138,
    example: { filterSubjects: ["example.>", "example.a"] },
  }),
  ...(
    [
      { field: "optStartSeq", policy: "by_start_sequence", example: 5 },
      { field: "optStartTime", policy: "by_start_time", example: "2026-01-31T00:00:00Z" },
    ] as const
  ).flatMap(({ field, policy, example }) => [
    rule({
      at: field,
      when: ({ deliverPolicy, [field]: start }) => start !== undefined && deliverPolicy !== policy,
      found: ({ deliverPolicy = "all" }) => `is not for deliverPolicy ${text(deliverPolicy)}`,
      instead: `leave it out, or write deliverPolicy: ${text(policy)}`,
      error: badStart,
      example: { [field]: example },
    }),
    rule({
      at: field,
      when: ({ deliverPolicy, [field]: start }) => start === undefined && deliverPolicy === policy,
      found: `is missing, and deliverPolicy ${text(policy)} needs it`,
      instead: `write e.g. ${text(example)}`,
      error: badStart,
      example: { deliverPolicy: policy },
    }),
  ]),
  ...noStart.map((policy) =>
    rule({
      at: "resetTo",
      when: ({ resetTo, deliverPolicy }) => resetTo !== undefined && deliverPolicy === policy,
      found: `is not for deliverPolicy ${text(policy)}`,
      instead: 'leave it out: only "all" and those with a start can be moved',
      error: 10204,
      example: {
        resetTo: 5,
        deliverPolicy: policy,
        ...(policy === "last_per_subject" && { filterSubject: "example.>" }),
      },
    }),
  ),
  rule({
    at: "resetTo",
    when: ({ resetTo, optStartSeq }) => resetTo !== undefined && optStartSeq !== undefined && resetTo < optStartSeq,
    found: ({ resetTo, optStartSeq }) => `${resetTo} is before optStartSeq (${optStartSeq})`,
    instead: ({ optStartSeq }) => `write ${optStartSeq} or more`,
    error: 10204,
    example: { resetTo: 4, deliverPolicy: "by_start_sequence", optStartSeq: 5 },
  }),
];

// --- push and pull -----------------------------------------------------------------------------------------------------

const modes: ConsumerRule[] = [
  rule({
    at: "deliverSubject",
    when: ({ deliverSubject }) => /[*>]/.test(deliverSubject ?? ""),
    found: ({ deliverSubject }) => `${text(deliverSubject)} has a wildcard`,
    instead: "messages are sent to one subject",
    error: 10079,
    example: { deliverSubject: "deliver.*" },
  }),
  rule({
    at: "flowControl",
    when: ({ ackPolicy, flowControl, idleHeartbeat }) =>
      ackPolicy !== "flow_control" && flowControl && idleHeartbeat === undefined,
    found: "needs idleHeartbeat",
    instead: 'write e.g. idleHeartbeat: "5s"',
    error: 10108,
    example: { ...push, flowControl: true },
  }),
  rule({
    at: "idleHeartbeat",
    when: ({ idleHeartbeat }) =>
      idleHeartbeat !== undefined && !isZero(idleHeartbeat) && toMilliseconds(idleHeartbeat) < shortest,
    found: ({ idleHeartbeat }) => `${text(idleHeartbeat)} is under 100ms`,
    instead: "was another unit meant?",
    error: 10083,
    example: { ...push, idleHeartbeat: "99ms" },
  }),
  rule({
    at: "priorityGroups",
    when: ({ priorityPolicy = "none", priorityGroups }) => priorityPolicy !== "none" && !priorityGroups,
    found: ({ priorityPolicy }) => `is missing, and priorityPolicy ${text(priorityPolicy)} needs it`,
    instead: 'write e.g. ["workers"]',
    error: 10159,
    example: { priorityPolicy: "overflow" },
  }),
  rule({
    at: "priorityGroups",
    when: ({ priorityPolicy = "none", priorityGroups }) => priorityPolicy === "none" && priorityGroups,
    found: "is not for a consumer without priorityPolicy",
    instead: 'leave it out, or write e.g. priorityPolicy: "overflow"',
    error: 10196,
    example: { priorityGroups: ["workers"] },
  }),
  ruleOfEach({
    each: ({ priorityGroups }) => entries("priorityGroups", priorityGroups),
    at: "",
    when: ({ value }) => !/^[a-zA-Z0-9/_=-]{1,16}$/.test(value),
    found: ({ value }) => `${text(value)} is not a group's name`,
    instead: "write letters, digits and / _ = -, at most 16",
    error: 10162,
    example: { priorityPolicy: "overflow", priorityGroups: ["workers of the night shift".replaceAll(" ", "-")] },
  }),
  rule({
    at: "priorityTimeout",
    when: ({ priorityPolicy = "none", priorityTimeout }) =>
      priorityPolicy === "none" && priorityTimeout !== undefined && !isZero(priorityTimeout),
    found: "is not for a consumer without priorityPolicy",
    instead: 'leave it out, or write priorityPolicy: "pinned_client"',
    error: 10197,
    example: { priorityTimeout: "1m" },
  }),
  rule({
    at: "priorityTimeout",
    when: ({ priorityPolicy = "none", priorityTimeout }) =>
      !["none", "pinned_client"].includes(priorityPolicy) && priorityTimeout !== undefined,
    found: ({ priorityPolicy }) => `does nothing with priorityPolicy ${text(priorityPolicy)}: no client is pinned`,
    instead: 'leave it out, or write priorityPolicy: "pinned_client"',
    example: { priorityPolicy: "overflow", priorityGroups: ["workers"], priorityTimeout: "1m" },
  }),
];

const management: ConsumerRule[] = [
  allowedOnce<ConsumerArguments>({ allowDataLoss: [1, 2].map((maxMessages) => ({ change: "replace", maxMessages })) }),
];

/** All of them, in the order in which they are told. */
export const consumerRules: readonly ConsumerRule[] = [
  ...general,
  ...acknowledgements,
  ...flowControlled,
  ...delivery,
  ...modes,
  ...management,
];
