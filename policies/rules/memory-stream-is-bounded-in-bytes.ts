import { streamOf, streamType } from "../jetstream-resources";
import type { ResourceRule } from "../rule";

export const memoryStreamIsBoundedInBytes: ResourceRule = {
  name: "memory-stream-is-bounded-in-bytes",
  description: "A stream in memory has maxBytes.",
  severity: "high",
  enforcementLevel: "mandatory",
  why: "An age bounds time, not memory: a burst within that time takes down the server with everything on it.",
  remediation: "Give it maxBytes in its tenant's file",
  types: [streamType],
  violations(resource) {
    const { args, key } = streamOf(resource);
    return args.storage === "memory" && !(parseFloat(String(args.maxBytes)) > 0)
      ? [`stream ${key} is in memory and has no maxBytes`]
      : [];
  },
};
