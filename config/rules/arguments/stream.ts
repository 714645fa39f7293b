import { limitInMilliseconds, toBytes, toMilliseconds, unlimited } from "../../units";
import { invalidConfig } from "../error-codes";
import { text } from "../messages";
import {
  allowedOnce,
  bytesOf,
  bytesOfLabels,
  isZero,
  longestDescription,
  mostLabelBytes,
  shortestMilliseconds,
} from "./argument-rule";
import { copyRules } from "./copy";
import { isSet, rule, type StreamArguments, type StreamRule } from "./stream-rule";
import { subjectRules } from "./subjects";

/**
 * Rules about one stream's arguments, alone. Those with an error code are the server's own, reported before it is asked
 * (sources: server/stream.go, checkStreamCfg, and server/jetstream_api.go); it accepts the other mistakes silently.
 */

// --- limits ----------------------------------------------------------------------------------------------------------

const limits: StreamRule[] = [
  ...(["maxAge", "maxBytes", "maxMsgSize", "duplicateWindow", "subjectDeleteMarkerTtl"] as const).map((field) =>
    rule({
      at: field,
      when: (stream) => isZero(stream[field]),
      found: (stream) =>
        `${text(stream[field])} means ${field === "duplicateWindow" ? "the default" : "no limit"} to JetStream`,
      instead:
        field === "maxAge" || field === "maxBytes"
          ? `write a larger value, or ${text(unlimited)}`
          : "write a larger value, or leave it out",
      example: { [field]: field === "maxBytes" || field === "maxMsgSize" ? "0B" : "0s" },
    }),
  ),
  rule({
    at: "consumerLimits.inactiveThreshold",
    when: ({ consumerLimits }) => isZero(consumerLimits?.inactiveThreshold),
    found: ({ consumerLimits }) => `${text(consumerLimits!.inactiveThreshold)} means no limit to JetStream`,
    instead: "write a larger value, or leave it out",
    example: { consumerLimits: { inactiveThreshold: "0s" } },
  }),
  ...(["maxAge", "duplicateWindow"] as const).map((field) =>
    rule({
      at: field,
      when: ({ [field]: value, mirror }) =>
        value !== undefined &&
        !isZero(value) &&
        limitInMilliseconds(value) < shortestMilliseconds &&
        !(field === "duplicateWindow" && mirror),
      found: (stream) => `${text(stream[field])} is below the minimum of 100ms`,
      instead: "write another unit, or 100ms or more",
      error: invalidConfig,
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
      toMilliseconds(duplicateWindow) > limitInMilliseconds(maxAge),
    found: ({ duplicateWindow, maxAge }) => `${text(duplicateWindow)} is longer than maxAge (${maxAge})`,
    instead: ({ maxAge }) => `write ${text(maxAge)} or less`,
    error: invalidConfig,
    example: { duplicateWindow: "2h", maxAge: "1h" },
  }),
  rule({
    at: "subjectDeleteMarkerTtl",
    when: ({ subjectDeleteMarkerTtl: ttl }) => ttl && !isZero(ttl) && toMilliseconds(ttl) < 1000,
    found: ({ subjectDeleteMarkerTtl }) => `${text(subjectDeleteMarkerTtl)} is below the minimum of 1s`,
    instead: 'write "1s" or more',
    error: invalidConfig,
    example: { subjectDeleteMarkerTtl: "999ms", allowMsgTtl: true, allowRollupHdrs: true },
  }),
  rule({
    at: "maxMsgSize",
    when: ({ maxMsgSize }) => maxMsgSize && toBytes(maxMsgSize) >= toBytes("2GiB"),
    found: ({ maxMsgSize }) => `${text(maxMsgSize)} does not fit into JetStream's 31 bits`,
    instead: "write less than 2GiB; servers accept no message above their max_payload anyway",
    error: 10025,
    example: { maxMsgSize: "2GiB" },
  }),
  rule({
    at: "description",
    when: ({ description }) => bytesOf(description) > longestDescription,
    found: ({ description }) => `is ${bytesOf(description)} bytes long, and at most ${longestDescription} are allowed`,
    instead: "shorten it",
    error: invalidConfig,
    example: { description: "é".repeat(longestDescription / 2 + 1) },
  }),
  rule({
    at: "metadata",
    when: ({ metadata }) => bytesOfLabels(metadata) > mostLabelBytes,
    found: ({ metadata }) =>
      `is ${bytesOfLabels(metadata)} bytes long, keys included, and at most ${mostLabelBytes} are allowed`,
    instead: "store long values elsewhere",
    error: invalidConfig,
    example: { metadata: { notes: "x".repeat(128 * 1024) } },
  }),
];

// --- fields that need or exclude one another -------------------------------------------------------------------------

const together: StreamRule[] = [
  rule({
    at: "allowRollupHdrs",
    when: ({ allowRollupHdrs, denyPurge }) => allowRollupHdrs && denyPurge,
    found: "cannot be combined with denyPurge, which forbids the purge that a rollup is",
    instead: "leave one of the two out",
    error: invalidConfig,
    example: { allowRollupHdrs: true, denyPurge: true },
  }),
  rule({
    at: "discardNewPerSubject",
    when: ({ discardNewPerSubject, discard }) => discardNewPerSubject && discard !== "new",
    found: 'needs discard "new"',
    instead: 'write discard: "new"',
    error: invalidConfig,
    example: { discardNewPerSubject: true, maxMsgsPerSubject: 1 },
  }),
  rule({
    at: "discardNewPerSubject",
    when: ({ discardNewPerSubject, maxMsgsPerSubject }) => discardNewPerSubject && maxMsgsPerSubject === undefined,
    found: "needs maxMsgsPerSubject",
    instead: "write the number of messages of one subject that it may hold",
    error: invalidConfig,
    example: { discardNewPerSubject: true, discard: "new" },
  }),
  ...(["allowMsgTtl", "allowRollupHdrs"] as const).map((field) =>
    rule({
      at: "subjectDeleteMarkerTtl",
      when: (stream) => stream.subjectDeleteMarkerTtl && !isZero(stream.subjectDeleteMarkerTtl) && !stream[field],
      found: `needs ${field}`,
      instead: `write ${field}: true`,
      error: invalidConfig,
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
      found: `${text(wrong)} cannot be combined with allowMsgCounter: a counter that lost an increment would be wrong`,
      instead,
      error: invalidConfig,
      example: { allowMsgCounter: true, [field]: wrong, ...("with" in more ? more.with : {}) },
    }),
  ),
  rule({
    at: "allowMsgSchedules",
    when: ({ allowMsgSchedules, discard }) => allowMsgSchedules && discard === "new",
    found: 'cannot be combined with discard "new"',
    instead: 'write discard: "old"',
    error: invalidConfig,
    example: { allowMsgSchedules: true, allowRollupHdrs: true, discard: "new" },
  }),
  rule({
    at: "allowMsgSchedules",
    when: ({ allowMsgSchedules, allowRollupHdrs }) => allowMsgSchedules && !allowRollupHdrs,
    found: "needs allowRollupHdrs",
    instead: "write allowRollupHdrs: true",
    error: invalidConfig,
    example: { allowMsgSchedules: true },
  }),
  rule({
    at: "allowMsgSchedules",
    when: ({ allowMsgSchedules, sources }) => allowMsgSchedules && isSet(sources),
    found: "cannot be combined with sources",
    instead: "set it on the streams it collects from, or on another stream",
    error: 10187,
    example: { allowMsgSchedules: true, allowRollupHdrs: true, sources: ["ORIGIN"] },
  }),
  ...(
    [
      {
        field: "storage",
        wrong: (value: unknown) => value === "memory",
        because: "acknowledges before the message is on disk, and memory storage has no disk",
        example: "memory",
      },
      {
        field: "replicas",
        wrong: (value: unknown) => Number(value ?? 1) > 1,
        because: "cannot be combined with replicas above 1, whose majority acknowledges",
        example: 3,
      },
      {
        field: "allowAtomic",
        wrong: Boolean,
        because: "cannot be combined with allowAtomic, which stores a batch whole or not at all",
        example: true,
      },
    ] as const
  ).map(({ field, wrong, because, example }) =>
    rule({
      at: "persistMode",
      when: (stream) => stream.persistMode === "async" && wrong(stream[field]),
      found: `"async" ${because}`,
      instead: 'write "default"',
      error: invalidConfig,
      example: { persistMode: "async", [field]: example },
    }),
  ),
  rule({
    at: "mirrorDirect",
    when: ({ mirrorDirect, mirror }) => mirrorDirect && mirror === undefined,
    found: "applies to mirrors only, and this stream is not a mirror",
    instead: "write allowDirect: true for reads from its own replicas",
    error: invalidConfig,
    example: { mirrorDirect: true },
  }),
  rule({
    at: "compression",
    when: ({ compression, storage }) => compression === "s2" && storage === "memory",
    found: "applies to file storage only: memory is never compressed",
    instead: 'leave it out, or write storage: "file"',
    example: { compression: "s2", storage: "memory" },
  }),
];

// --- how the program treats it ---------------------------------------------------------------------------------------

const management: StreamRule[] = [
  ...(["maxAge", "maxBytes", "maxMsgs", "maxMsgsPerSubject"] as const).flatMap((field) => [
    rule({
      at: `lowerBy.${field}`,
      when: ({ lowerBy, ...stream }) =>
        lowerBy?.[field] !== undefined && (stream[field] === undefined || stream[field] === unlimited),
      found: `lowers ${field}, which the stream does not set`,
      instead: `write the ${field} to reach, or leave it out`,
      example: { lowerBy: { [field]: field === "maxAge" ? "1h" : field === "maxBytes" ? "1MiB" : 1 } },
    }),
  ]),
  ...(["maxAge", "maxBytes"] as const).map((field) =>
    rule({
      at: `lowerBy.${field}`,
      when: ({ lowerBy }) => isZero(lowerBy?.[field]),
      found: ({ lowerBy }) => `${text(lowerBy![field])} would never lower the limit`,
      instead: "write the amount by which each step may lower it",
      example: { [field]: field === "maxAge" ? "1h" : "1MiB", lowerBy: { [field]: field === "maxAge" ? "0s" : "0B" } },
    }),
  ),
  rule({
    at: "snapshotTo",
    when: ({ snapshotTo, storage }) => snapshotTo !== undefined && storage === "memory",
    found: "needs file storage: servers before 2.15 take no snapshots of memory streams",
    instead: 'leave it out, or write storage: "file"',
    example: { snapshotTo: "snapshots", storage: "memory" },
  }),
  allowedOnce<StreamArguments>({ allowDataLoss: [1, 2].map((maxMessages) => ({ change: "maxAge", maxMessages })) }),
];

/** All of them, in the order in which they are reported. */
export const streamArgumentRules: readonly StreamRule[] = [
  ...limits,
  ...together,
  ...subjectRules,
  ...copyRules,
  ...management,
];
