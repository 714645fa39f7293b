import type { Rule } from "../rule";

const limits = ["maxAge", "maxBytes", "maxMsgs"];

export const streamIsBounded: Rule = {
  name: "stream-is-bounded",
  description: "Every stream and mirror has a limit: an age, a number of bytes or a number of messages.",
  severity: "high",
  enforcementLevel: "mandatory",
  remediation: "Give it maxAge, maxBytes or maxMsgs in its tenant's file",
  type: "pulumi-nodejs:dynamic/nats:Stream",
  // To JetStream 0 and less mean no limit, whatever the unit.
  violation: (inputs) =>
    limits.some((limit) => parseFloat(String(inputs[limit])) > 0)
      ? undefined
      : `stream ${String(inputs.name)} of account ${String(inputs.account)} has no limit and grows until its servers' disks are full`,
};
