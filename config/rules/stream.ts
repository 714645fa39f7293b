import {
  allowedOnce,
  bytesOf,
  bytesOfLabels,
  entries,
  isZero,
  longestDescription,
  mostLabels,
  shortest,
  text,
} from "./argument-rule";
import { copyRules } from "./mirror";
import {
  invalid,
  isSet,
  rule,
  ruleOfEach,
  type StreamArguments,
  type StreamRule,
  transformRule,
} from "./stream-argument";
import { covers, overlaps } from "../subjects";
import { toBytes, toMilliseconds } from "../units";

/**
 * Rules about one stream's arguments, alone. Those with an error are the server's own, told before it is asked (sources:
 * server/stream.go, checkStreamCfg, and server/jetstream_api.go); the others are mistakes that it accepts in silence.
 */

const pedantic = 10157;

// --- limits ------------------------------------------------------------------------------------------------------------

const limits: StreamRule[] = [
  ...(["maxAge", "maxBytes", "maxMsgSize", "duplicateWindow", "subjectDeleteMarkerTtl"] as const).map((field) =>
    rule({
      at: field,
      when: (stream) => isZero(stream[field]),
      found: (stream) =>
        `${text(stream[field])} means ${field === "duplicateWindow" ? "the default" : "no limit"} to JetStream`,
      instead: "write how much it may be, or leave it out",
      example: { [field]: field === "maxBytes" || field === "maxMsgSize" ? "0B" : "0s" },
    }),
  ),
  ...(["maxAge", "duplicateWindow"] as const).map((field) =>
    rule({
      at: field,
      when: ({ [field]: value, mirror }) =>
        value !== undefined &&
        !isZero(value) &&
        toMilliseconds(value) < shortest &&
        !(field === "duplicateWindow" && mirror),
      found: (stream) => `${text(stream[field])} is under 100ms`,
      instead: "was another unit meant?",
      error: invalid,
      example: { [field]: "99ms" },
    }),
  ),
  rule({
    at: "duplicateWindow",
    when: ({ duplicateWindow, maxAge, mirror }) =>
      !mirror &&
      duplicateWindow &&
      maxAge &&
      !isZero(maxAge) &&
      toMilliseconds(duplicateWindow) > toMilliseconds(maxAge),
    found: ({ duplicateWindow, maxAge }) => `${text(duplicateWindow)} is longer than maxAge (${maxAge})`,
    instead: ({ maxAge }) => `write ${text(maxAge)} or less`,
    error: invalid,
    example: { duplicateWindow: "2h", maxAge: "1h" },
  }),
  rule({
    at: "subjectDeleteMarkerTtl",
    when: ({ subjectDeleteMarkerTtl: ttl }) => ttl && !isZero(ttl) && toMilliseconds(ttl) < 1000,
    found: ({ subjectDeleteMarkerTtl }) => `${text(subjectDeleteMarkerTtl)} is under 1s`,
    instead: 'write "1s" or more',
    error: invalid,
    example: { subjectDeleteMarkerTtl: "999ms", allowMsgTtl: true, allowRollupHdrs: true },
  }),
  rule({
    at: "maxMsgSize",
    when: ({ maxMsgSize }) => maxMsgSize && toBytes(maxMsgSize) >= toBytes("2GiB"),
    found: ({ maxMsgSize }) => `${text(maxMsgSize)} does not fit into JetStream's 31 bits`,
    instead: "write less than 2GiB; servers take no message above their max_payload anyway",
    error: 10025,
    example: { maxMsgSize: "2GiB" },
  }),
  rule({
    at: "description",
    when: ({ description }) => bytesOf(description) > longestDescription,
    found: ({ description }) => `${bytesOf(description)} bytes are more than ${longestDescription}`,
    instead: "shorten it",
    error: invalid,
    example: { description: "é".repeat(longestDescription / 2 + 1) },
  }),
  rule({
    at: "metadata",
    when: ({ metadata }) => bytesOfLabels(metadata) > mostLabels,
    found: ({ metadata }) =>
      `${bytesOfLabels(metadata)} bytes, keys included, are more than the ${mostLabels} there is room for`,
    instead: "keep what is long elsewhere",
    error: invalid,
    example: { metadata: { notes: "x".repeat(128 * 1024) } },
  }),
];

// --- fields that need or exclude one another ---------------------------------------------------------------------------

const together: StreamRule[] = [
  rule({
    at: "allowRollupHdrs",
    when: ({ allowRollupHdrs, denyPurge }) => allowRollupHdrs && denyPurge,
    found: "a rollup removes what was before it, which denyPurge forbids",
    instead: "leave one of the two out",
    error: invalid,
    example: { allowRollupHdrs: true, denyPurge: true },
  }),
  rule({
    at: "discardNewPerSubject",
    when: ({ discardNewPerSubject, discard }) => discardNewPerSubject && discard !== "new",
    found: 'needs discard "new"',
    instead: 'write discard: "new"',
    error: invalid,
    example: { discardNewPerSubject: true, maxMsgsPerSubject: 1 },
  }),
  rule({
    at: "discardNewPerSubject",
    when: ({ discardNewPerSubject, maxMsgsPerSubject }) => discardNewPerSubject && maxMsgsPerSubject === undefined,
    found: "needs maxMsgsPerSubject",
    instead: "write how many messages of one subject it may hold",
    error: invalid,
    example: { discardNewPerSubject: true, discard: "new" },
  }),
  ...(["allowMsgTtl", "allowRollupHdrs"] as const).map((field) =>
    rule({
      at: "subjectDeleteMarkerTtl",
      when: (stream) => stream.subjectDeleteMarkerTtl && !isZero(stream.subjectDeleteMarkerTtl) && !stream[field],
      found: `needs ${field}`,
      instead: `write ${field}: true`,
      error: invalid,
      example: { subjectDeleteMarkerTtl: "1h", allowMsgTtl: true, allowRollupHdrs: true, [field]: undefined },
    }),
  ),
  ...(
    [
      { field: "discard", wrong: "new", instead: 'write "old"' },
      { field: "allowMsgTtl", wrong: true, instead: "leave it out" },
      { field: "allowMsgSchedules", wrong: true, instead: "leave it out", with: { allowRollupHdrs: true } },
      { field: "retention", wrong: "interest", instead: 'write "limits"' },
      { field: "retention", wrong: "workqueue", instead: 'write "limits"' },
    ] as const
  ).map(({ field, wrong, instead, ...more }) =>
    rule({
      at: field,
      when: (stream) => stream.allowMsgCounter && stream[field] === wrong,
      found: `${text(wrong)} does not go with allowMsgCounter: a counter that lost an increment would be wrong`,
      instead,
      error: invalid,
      example: { allowMsgCounter: true, [field]: wrong, ...("with" in more ? more.with : {}) },
    }),
  ),
  rule({
    at: "allowMsgSchedules",
    when: ({ allowMsgSchedules, discard }) => allowMsgSchedules && discard === "new",
    found: 'does not go with discard "new"',
    instead: 'write discard: "old"',
    error: invalid,
    example: { allowMsgSchedules: true, allowRollupHdrs: true, discard: "new" },
  }),
  rule({
    at: "allowMsgSchedules",
    when: ({ allowMsgSchedules, allowRollupHdrs }) => allowMsgSchedules && !allowRollupHdrs,
    found: "needs allowRollupHdrs",
    instead: "write allowRollupHdrs: true",
    error: invalid,
    example: { allowMsgSchedules: true },
  }),
  rule({
    at: "allowMsgSchedules",
    when: ({ allowMsgSchedules, sources }) => allowMsgSchedules && isSet(sources),
    found: "does not go with sources",
    instead: "schedule in the streams it collects from, or in one of its own",
    error: 10187,
    example: { allowMsgSchedules: true, allowRollupHdrs: true, sources: ["ORIGIN"] },
  }),
  ...(
    [
      {
        field: "storage",
        wrong: (value: unknown) => value === "memory",
        because: "acknowledges before the disk has it, and memory has none",
        example: "memory",
      },
      {
        field: "replicas",
        wrong: (value: unknown) => Number(value ?? 1) > 1,
        because: "does not go with replicas above 1, whose majority acknowledges",
        example: 3,
      },
      {
        field: "allowAtomic",
        wrong: Boolean,
        because: "does not go with allowAtomic, which stores all or nothing",
        example: true,
      },
    ] as const
  ).map(({ field, wrong, because, example }) =>
    rule({
      at: "persistMode",
      when: (stream) => stream.persistMode === "async" && wrong(stream[field]),
      found: `"async" ${because}`,
      instead: 'write "default"',
      error: invalid,
      example: { persistMode: "async", [field]: example },
    }),
  ),
  rule({
    at: "mirrorDirect",
    when: ({ mirrorDirect, mirror }) => mirrorDirect && mirror === undefined,
    found: "is of mirrors, and this stream copies none",
    instead: "write allowDirect: true for reads from its own replicas",
    error: invalid,
    example: { mirrorDirect: true },
  }),
  rule({
    at: "compression",
    when: ({ compression, storage }) => compression === "s2" && storage === "memory",
    found: "is of files: memory is never compressed",
    instead: "leave it out",
    example: { compression: "s2", storage: "memory" },
  }),
];

// --- subjects ----------------------------------------------------------------------------------------------------------

/** The servers' own subjects, and the parts of them that a stream may capture: advisories. */
const systemSubjects = ["$JS.>", "$JSC.>", "$NRG.>", "$SYS.>"];
const capturable = ["$JS.EVENT.>", "$SYS.ACCOUNT.>"];

/** Where the answers of requests arrive. */
const isInbox = (subject: string): boolean => subject.startsWith("_INBOX");

const subjectsOf = ({ subjects, noAck }: StreamArguments) =>
  entries("subjects", subjects).map((entry) => ({ ...entry, noAck }));

const subjects: StreamRule[] = [
  ruleOfEach({
    each: subjectsOf,
    at: "",
    when: ({ value, noAck }) =>
      !noAck &&
      systemSubjects.some((system) => overlaps(system, value)) &&
      !capturable.some((outer) => covers(outer, value)),
    found: ({ value }) => `${text(value)} takes in subjects of the servers ($JS, $SYS)`,
    instead: "name the first token of your own",
    error: invalid,
    example: { subjects: ["$JS.API.>"] },
  }),
  ruleOfEach({
    each: subjectsOf,
    at: "",
    when: ({ value, noAck }) => !noAck && isInbox(value),
    found: ({ value }) =>
      `${text(value)} takes in inboxes: JetStream's acknowledgement would be an answer to every answer`,
    instead: "name the first token of your own",
    example: { subjects: ["_INBOX.>"] },
  }),
  rule({
    at: "replicas",
    when: ({ subjects, noAck, replicas = 1 }) => noAck && subjects?.includes(">") && replicas > 1,
    found: 'of a stream of everything (">") can only be 1',
    instead: "write 1, or name its subjects",
    error: invalid,
    example: { subjects: [">"], noAck: true, replicas: 3 },
  }),
  ruleOfEach({
    each: subjectsOf,
    at: "",
    when: ({ value, earlier }) => earlier.some((other) => overlaps(other, value)),
    found: ({ value, earlier }) =>
      `${text(value)} overlaps ${text(earlier.find((other) => overlaps(other, value)))} of the same stream`,
    instead: "leave one out",
    error: invalid,
    example: { subjects: ["example.>", "example.*"] },
  }),
  transformRule(({ subjectTransform }) => [{ at: ["subjectTransform"], transform: subjectTransform }], 10156, {
    subjectTransform: { src: "example.*", dest: "copy.{{wildcard(2)}}" },
  }),
  rule({
    at: "subjectTransform.src",
    when: ({ subjectTransform: transform, subjects, sources, mirror }) =>
      transform?.src &&
      isSet(subjects) &&
      !isSet(sources) &&
      !isSet(mirror) &&
      !subjects!.some((subject) => overlaps(subject, transform.src!)),
    found: ({ subjectTransform }) =>
      `${text(subjectTransform!.src)} is none of the stream's subjects: nothing would be renamed`,
    instead: ({ subjects }) => `name one of ${subjects!.join(", ")}`,
    example: { subjectTransform: { src: "other.>", dest: "copy.>" } },
  }),
];

const republished: StreamRule[] = [
  rule({
    at: "republish.src",
    when: ({ republish }) => republish && republish.src === undefined,
    found: "is missing",
    instead: 'write ">" for all of the stream\'s subjects',
    error: pedantic,
    example: { republish: { dest: "copy.>" } },
  }),
  rule({
    at: "republish.src",
    when: ({ republish, subjects, sources, subjectTransform }) =>
      republish?.src &&
      isSet(subjects) &&
      !isSet(sources) &&
      !subjectTransform &&
      !subjects!.some((subject) => overlaps(subject, republish.src!)),
    found: ({ republish }) => `${text(republish!.src)} is none of the stream's subjects: nothing would be published`,
    instead: ({ subjects }) => `name one of ${subjects!.join(", ")}, or ">"`,
    example: { republish: { src: "other.>", dest: "copy.>" } },
  }),
  rule({
    at: "republish.dest",
    when: ({ republish, subjects }) => republish && subjects?.some((subject) => overlaps(subject, republish.dest)),
    found: ({ republish, subjects }) =>
      `${text(republish!.dest)} would come back into the stream (${subjects!.join(", ")})`,
    instead: "publish to subjects that are not its own",
    error: invalid,
    example: { republish: { src: ">", dest: "example.>" } },
  }),
  transformRule(({ republish }) => [{ at: ["republish"], transform: republish }], invalid, {
    republish: { src: "example.*", dest: "copy.{{wildcard(2)}}" },
  }),
];

// --- how the program treats it -----------------------------------------------------------------------------------------

const management: StreamRule[] = [
  ...(["maxAge", "maxBytes", "maxMsgs", "maxMsgsPerSubject"] as const).flatMap((field) => [
    rule({
      at: `lowerBy.${field}`,
      when: ({ lowerBy, ...stream }) => lowerBy?.[field] !== undefined && stream[field] === undefined,
      found: `has no ${field} to go down to`,
      instead: `write the ${field} to reach, or leave it out`,
      example: { lowerBy: { [field]: field === "maxAge" ? "1h" : field === "maxBytes" ? "1MiB" : 1 } },
    }),
  ]),
  ...(["maxAge", "maxBytes"] as const).map((field) =>
    rule({
      at: `lowerBy.${field}`,
      when: ({ lowerBy }) => isZero(lowerBy?.[field]),
      found: ({ lowerBy }) => `${text(lowerBy![field])} would never lower it`,
      instead: "write how much each step may take",
      example: { [field]: field === "maxAge" ? "1h" : "1MiB", lowerBy: { [field]: field === "maxAge" ? "0s" : "0B" } },
    }),
  ),
  rule({
    at: "snapshotTo",
    when: ({ snapshotTo, storage }) => snapshotTo !== undefined && storage === "memory",
    found: "cannot be kept: servers take no snapshots of streams in memory",
    instead: 'leave it out, or write storage: "file"',
    example: { snapshotTo: "snapshots", storage: "memory" },
  }),
  allowedOnce<StreamArguments>({ allowDataLoss: [1, 2].map((maxMessages) => ({ change: "maxAge", maxMessages })) }),
];

/** All of them, in the order in which they are told. */
export const streamRules: readonly StreamRule[] = [
  ...limits,
  ...together,
  ...subjects,
  ...republished,
  ...copyRules,
  ...management,
];
