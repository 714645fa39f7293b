import { consumerOf, consumerType, isExcepted, streamOf, streamType } from "../jetstream-resources";
import type { ResourceRule } from "../rule";

/** Fields in which `"unlimited"` may be written. */
const limits = ["maxAge", "maxBytes", "maxAckPending"] as const;

export const unlimitedHasAReason: ResourceRule<Record<string, string>> = {
  name: "unlimited-has-a-reason",
  description: 'Where a stream or consumer is "unlimited", the reason is written down.',
  severity: "medium",
  enforcementLevel: "mandatory",
  why:
    "A stream without maxBytes can fill the disks of its servers, " +
    "one without maxAge keeps what is not read any more, " +
    "and a consumer without maxAckPending gives its workers more than they can hold. " +
    "Each can be right, but later it cannot be seen whether it was meant.",
  remediation: "Write a limit in its tenant's file, or the reason in policies/settings.ts",
  types: [streamType, consumerType],
  setting: {
    name: "reasons",
    description:
      "Why streams and consumers are unlimited, by their names, " +
      "e.g. `irisx/SMS` or `irisx/SMS/sms-worker`; `*` stands for any part.",
    schema: { type: "object", additionalProperties: { type: "string", minLength: 1 } },
    default: {},
  },
  violations(resource, reasons) {
    const isStream = resource.type === streamType;
    const { args, key } = isStream ? streamOf(resource) : consumerOf(resource);
    const without = limits.filter((limit) => (args as Partial<Record<typeof limit, unknown>>)[limit] === "unlimited");
    return without.length && !isExcepted(key, Object.keys(reasons))
      ? [`${isStream ? "stream" : "consumer"} ${key} has an unlimited ${without.join(" and ")}, and no reason is given`]
      : [];
  },
};
