import { covers } from "../../subjects";
import { toMilliseconds } from "../../units";
import { text } from "../messages";
import { acknowledgementRules } from "./acknowledgements";
import {
  allowedOnce,
  bytesOf,
  bytesOfLabels,
  entries,
  isZero,
  longestDescription,
  mostLabelBytes,
  shortestMilliseconds,
} from "./argument-rule";
import { type ConsumerArguments, type ConsumerRule, pushExample, rule, ruleOfEach } from "./consumer-rule";

export type { ConsumerArguments } from "./consumer-rule";

/**
 * Rules about one consumer's arguments, alone. Those with an error code are the server's own, reported before it is
 * asked (sources: server/consumer.go, setConsumerConfigDefaults and checkConsumerCfg); it accepts the other mistakes
 * silently.
 */

const isBelowMillisecond = (duration: string): boolean => !isZero(duration) && toMilliseconds(duration) < 1;

/** A start that does not fit the deliver policy. */
const badStart = 10094;

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
      instead: "write a larger value, or leave it out",
      example: {
        ...(field === "idleHeartbeat" && pushExample),
        ...(field === "priorityTimeout" && { priorityPolicy: "pinned_client", priorityGroups: ["workers"] }),
        [field]: field === "maxBytes" ? "0B" : "0s",
      },
    }),
  ),
  ...(["ackWait", "inactiveThreshold", "priorityTimeout"] as const).map((field) =>
    rule({
      at: field,
      when: ({ [field]: value }) => value !== undefined && isBelowMillisecond(value),
      found: ({ [field]: value }) => `${text(value)} is over before a client can act`,
      instead: 'write another unit, or "1ms" or more',
      example: {
        ...(field === "priorityTimeout" && { priorityPolicy: "pinned_client", priorityGroups: ["workers"] }),
        [field]: "999us",
      },
    }),
  ),
  rule({
    at: "maxExpires",
    when: ({ maxExpires }) => maxExpires !== undefined && isBelowMillisecond(maxExpires),
    found: ({ maxExpires }) => `${text(maxExpires)} is below the minimum of 1ms`,
    instead: 'write another unit, or "1ms" or more',
    error: 10115,
    example: { maxExpires: "999us" },
  }),
  rule({
    at: "description",
    when: ({ description }) => bytesOf(description) > longestDescription,
    found: ({ description }) => `is ${bytesOf(description)} bytes long, and at most ${longestDescription} are allowed`,
    instead: "shorten it",
    error: 10107,
    example: { description: "é".repeat(longestDescription / 2 + 1) },
  }),
  rule({
    at: "metadata",
    when: ({ metadata }) => bytesOfLabels(metadata) > mostLabelBytes,
    found: ({ metadata }) =>
      `is ${bytesOfLabels(metadata)} bytes long, keys included, and at most ${mostLabelBytes} are allowed`,
    instead: "store long values elsewhere",
    error: 10135,
    example: { metadata: { notes: "x".repeat(128 * 1024) } },
  }),
];

// --- what it delivers, from where ------------------------------------------------------------------------------------

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
    found: "cannot be combined with filterSubjects",
    instead: "add it to filterSubjects",
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
    instead: "keep the wider one",
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
      found: ({ deliverPolicy = "all" }) => `cannot be combined with deliverPolicy ${text(deliverPolicy)}`,
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
      found: `cannot be combined with deliverPolicy ${text(policy)}`,
      instead: 'leave it out: only "all", "by_start_sequence" and "by_start_time" can be reset',
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

// --- push and pull ---------------------------------------------------------------------------------------------------

const modes: ConsumerRule[] = [
  rule({
    at: "deliverSubject",
    when: ({ deliverSubject }) => /[*>]/.test(deliverSubject ?? ""),
    found: ({ deliverSubject }) => `${text(deliverSubject)} has a wildcard`,
    instead: "write one subject, which messages are sent to",
    error: 10079,
    example: { deliverSubject: "deliver.*" },
  }),
  rule({
    at: "deliverSubject",
    // isReservedDestination of server/client.go, from 2.15 on; earlier servers take what they deliver for requests.
    when: ({ deliverSubject }) =>
      /^(\$JS\.(API|ACK|FC|SNAPSHOT|EVENT|[^.]+\.API)(\.|$)|_G?R_\.)/.test(deliverSubject ?? ""),
    found: ({ deliverSubject }) => `${text(deliverSubject)} is the servers' own, to which they deliver nothing`,
    instead: "write one of the application's",
    error: 10112,
    example: { deliverSubject: "$JS.ACK.example" },
  }),
  rule({
    at: "flowControl",
    when: ({ ackPolicy, flowControl, idleHeartbeat }) =>
      ackPolicy !== "flow_control" && flowControl && idleHeartbeat === undefined,
    found: "needs idleHeartbeat",
    instead: 'write e.g. idleHeartbeat: "5s"',
    error: 10108,
    example: { ...pushExample, flowControl: true },
  }),
  rule({
    at: "idleHeartbeat",
    when: ({ idleHeartbeat }) =>
      idleHeartbeat !== undefined && !isZero(idleHeartbeat) && toMilliseconds(idleHeartbeat) < shortestMilliseconds,
    found: ({ idleHeartbeat }) => `${text(idleHeartbeat)} is below the minimum of 100ms`,
    instead: "write another unit, or 100ms or more",
    error: 10083,
    example: { ...pushExample, idleHeartbeat: "99ms" },
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
    found: "has no effect without priorityPolicy",
    instead: 'leave it out, or write e.g. priorityPolicy: "overflow"',
    error: 10196,
    example: { priorityGroups: ["workers"] },
  }),
  ruleOfEach({
    each: ({ priorityGroups }) => entries("priorityGroups", priorityGroups),
    at: "",
    when: ({ value }) => !/^[a-zA-Z0-9/_=-]{1,16}$/.test(value),
    found: ({ value }) => `${text(value)} is not a valid group name`,
    instead: "write letters, digits and / _ = -, at most 16",
    error: 10162,
    example: { priorityPolicy: "overflow", priorityGroups: ["workers of the night shift".replaceAll(" ", "-")] },
  }),
  rule({
    at: "priorityTimeout",
    when: ({ priorityPolicy = "none", priorityTimeout }) =>
      priorityPolicy === "none" && priorityTimeout !== undefined && !isZero(priorityTimeout),
    found: "has no effect without priorityPolicy",
    instead: 'leave it out, or write priorityPolicy: "pinned_client"',
    error: 10197,
    example: { priorityTimeout: "1m" },
  }),
  rule({
    at: "priorityTimeout",
    when: ({ priorityPolicy = "none", priorityTimeout }) =>
      !["none", "pinned_client"].includes(priorityPolicy) && priorityTimeout !== undefined,
    found: ({ priorityPolicy }) => `has no effect with priorityPolicy ${text(priorityPolicy)}, which pins no client`,
    instead: 'leave it out, or write priorityPolicy: "pinned_client"',
    example: { priorityPolicy: "overflow", priorityGroups: ["workers"], priorityTimeout: "1m" },
  }),
];

const management: ConsumerRule[] = [
  allowedOnce<ConsumerArguments>({ allowDataLoss: [1, 2].map((maxMessages) => ({ change: "replace", maxMessages })) }),
];

/** All of them, in the order in which they are reported. */
export const consumerArgumentRules: readonly ConsumerRule[] = [
  ...general,
  ...acknowledgementRules,
  ...delivery,
  ...modes,
  ...management,
];
