import { streamOf, streamType } from "../jetstream-resources";
import type { ResourceRule } from "../rule";

const limits = ["maxAge", "maxBytes", "maxMsgs"] as const;

export const streamIsBounded: ResourceRule = {
  name: "stream-is-bounded",
  description: "Every stream and mirror has a limit: an age, a number of bytes or a number of messages.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "A stream without a limit grows until the disks of its servers are full. " +
    "Then every stream on them stops accepting messages, also those of other tenants, " +
    "and JetStream disables itself there.",
  remediation:
    "Give it maxAge, maxBytes or maxMsgs in its tenant's file. " +
    "Lowering a limit later deletes messages at once; raising it costs nothing",
  types: [streamType],
  violations(resource) {
    const { args } = streamOf(resource);
    // To JetStream 0 and less mean no limit, whatever the unit.
    if (limits.some((limit) => parseFloat(String(args[limit])) > 0)) return [];
    return [`stream ${args.name} of account ${args.account} has no limit and grows until its servers' disks are full`];
  },
};
