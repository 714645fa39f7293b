import { consumerOf, consumerType, exceptions, isExcepted } from "../jetstream-resources";
import type { ResourceRule } from "../rule";

export const consumerGivesUp: ResourceRule<string[]> = {
  name: "consumer-gives-up",
  description:
    "Every consumer limits how often it delivers a message (maxDeliver), " +
    "or how often its worker tries it (attempts), unless it is excepted.",
  severity: "medium",
  enforcementLevel: "mandatory",
  why: "A message that no worker can handle is redelivered until it expires, for days, and delays all others.",
  remediation:
    "Write maxDeliver in its tenant's file; the advisory MAX_DELIVERIES then reports what was given up. " +
    "With deadLetters write attempts instead",
  types: [consumerType],
  setting: exceptions("Consumers", "covenant/*/AUDIT_LOGGER"),
  violations(resource, except) {
    const { args, key } = consumerOf(resource);
    const isEndless = args.ackPolicy === "explicit" && !(Number(args.maxDeliver) > 0 || Number(args.attempts) > 0);
    return isEndless && !isExcepted(key, except) ? [`consumer ${key} delivers a message without limit`] : [];
  },
};
