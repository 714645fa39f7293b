import { consumerOf, consumerType, exceptions, isExcepted } from "../jetstream-resources";
import type { ResourceRule } from "../rule";

export const consumerAcknowledges: ResourceRule<string[]> = {
  name: "consumer-acknowledges",
  description: "Every consumer states its ack policy, and acknowledges each message on its own unless it is excepted.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "A missing ack policy means none, even with max_deliver and backoff: " +
    "a message that a worker drops is lost. With all, " +
    "acknowledging one message also acknowledges earlier ones that other workers still process.",
  remediation: 'Write ackPolicy: "explicit" in its tenant\'s file',
  types: [consumerType],
  setting: exceptions("Consumers", "covenant/COVENANT_USERS/DASHBOARD"),
  violations(resource, except) {
    const { args, key } = consumerOf(resource);
    const policy = args.ackPolicy as string | undefined;
    return ["explicit", "flow_control"].includes(policy ?? "") || isExcepted(key, except)
      ? []
      : [`consumer ${key} has ${policy ? `ackPolicy "${policy}"` : "no ackPolicy"}`];
  },
};
