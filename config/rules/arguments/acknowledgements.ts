import { spareDeliveries } from "../../../workers/messaging/contract";
import { toMilliseconds, unlimited } from "../../units";
import { invalidConfig, pedanticMode } from "../error-codes";
import { text } from "../messages";
import { entries } from "./argument-rule";
import { type ConsumerRule, pushExample, rule, ruleOfEach } from "./consumer-rule";

/** Rules about acknowledgement and redelivery in one consumer's arguments. See consumer.ts. */

const heartbeat = { idleHeartbeat: "1s" } as const;

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
    at: "maxDeliver",
    when: ({ attempts, maxDeliver }) =>
      attempts !== undefined && maxDeliver !== undefined && maxDeliver <= attempts + spareDeliveries,
    found: ({ attempts, maxDeliver }) =>
      `${maxDeliver} is not more than attempts (${attempts}) and the ${spareDeliveries} deliveries after them, ` +
      "so the server would give a message up before its worker can",
    instead: ({ attempts }) => `leave it out, or write ${attempts! + spareDeliveries + 1} or more`,
    example: { attempts: 5, maxDeliver: 5 + spareDeliveries },
  }),
  rule({
    at: "attempts",
    when: ({ attempts, ackPolicy }) => attempts !== undefined && ackPolicy !== "explicit",
    found: ({ ackPolicy }) => `needs ackPolicy "explicit", and it is ${text(ackPolicy)}`,
    instead: 'write ackPolicy: "explicit", or leave attempts out',
    example: { attempts: 5, ackPolicy: "all" },
  }),
  rule({
    at: "ackWait",
    when: ({ backoff, ackWait }) =>
      backoff && ackWait !== undefined && toMilliseconds(ackWait) !== toMilliseconds(backoff[0]!),
    found: ({ backoff, ackWait }) => `${text(ackWait)} is not backoff[0] (${backoff![0]}), which replaces it`,
    instead: ({ backoff }) => `write ${text(backoff![0])}, or leave it out`,
    error: pedanticMode,
    example: { backoff: ["1s"], ackWait: "30s" },
  }),
  ruleOfEach({
    each: ({ backoff }) => entries("backoff", backoff),
    at: "",
    when: ({ value }) => toMilliseconds(value) < 1,
    found: ({ value }) => `${text(value)} is not a wait: it would redeliver at once`,
    instead: "write a longer wait",
    example: { backoff: ["1s", "0s"] },
  }),
  rule({
    at: "ackPolicy",
    when: ({ ackPolicy, maxDeliver, backoff, ackWait, sampleFreq, maxAckPending, deliverSubject }) =>
      ackPolicy === "none" &&
      (maxDeliver ?? backoff ?? ackWait ?? sampleFreq ?? (deliverSubject === undefined ? maxAckPending : undefined)) !==
        undefined,
    found:
      '"none" means that nothing is acknowledged or redelivered: ' +
      "maxDeliver, backoff, ackWait, sampleFreq and maxAckPending would have no effect",
    instead: 'write "explicit", or leave them out',
    example: { ackPolicy: "none", maxDeliver: 5 },
  }),
  rule({
    at: "maxAckPending",
    when: ({ ackPolicy, maxAckPending, deliverSubject }) =>
      ackPolicy === "none" && maxAckPending !== undefined && deliverSubject !== undefined,
    found: 'has no effect with ackPolicy "none"',
    instead: 'write ackPolicy: "explicit", or leave it out',
    error: 10082,
    example: { ...pushExample, ackPolicy: "none", maxAckPending: 100 },
  }),
];

const flowControlled: ConsumerRule[] = [
  rule({
    at: "ackPolicy",
    when: ({ ackPolicy, deliverSubject }) => ackPolicy === "flow_control" && deliverSubject === undefined,
    found: '"flow_control" applies to push consumers only',
    instead: 'write "explicit", or a deliverSubject',
    error: 10218,
    example: { ackPolicy: "flow_control" },
  }),
  rule({
    at: "flowControl",
    when: ({ ackPolicy, deliverSubject, flowControl }) =>
      ackPolicy === "flow_control" && deliverSubject !== undefined && !flowControl,
    found: 'is missing, and ackPolicy "flow_control" needs it',
    instead: "write flowControl: true",
    error: 10219,
    example: { ...pushExample, ...heartbeat, ackPolicy: "flow_control" },
  }),
  rule({
    at: "idleHeartbeat",
    when: ({ ackPolicy, deliverSubject, idleHeartbeat }) =>
      ackPolicy === "flow_control" &&
      deliverSubject !== undefined &&
      (!idleHeartbeat || toMilliseconds(idleHeartbeat) !== 1000),
    found: ({ idleHeartbeat }) =>
      `${idleHeartbeat ? text(idleHeartbeat) : "none"} cannot be combined with ackPolicy "flow_control"`,
    instead: 'write "1s"',
    error: invalidConfig,
    example: { ...pushExample, ackPolicy: "flow_control", flowControl: true, idleHeartbeat: "5s" },
  }),
  rule({
    at: "maxAckPending",
    when: ({ ackPolicy, maxAckPending }) => ackPolicy === "flow_control" && maxAckPending === unlimited,
    found: `${text(unlimited)} cannot be combined with ackPolicy "flow_control"`,
    instead: "write a number, or leave it out",
    error: 10220,
    example: {
      ...pushExample,
      ...heartbeat,
      ackPolicy: "flow_control",
      flowControl: true,
      maxAckPending: unlimited,
    },
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
      found: 'cannot be combined with ackPolicy "flow_control", which redelivers no single message',
      instead: "leave it out",
      error,
      example: { ...pushExample, ...heartbeat, ackPolicy: "flow_control", flowControl: true, [field]: example },
    }),
  ),
];

export const acknowledgementRules: readonly ConsumerRule[] = [...acknowledgements, ...flowControlled];
