import { jetstreamResources, consumerType, streamType } from "../jetstream-resources";
import type { StackRule } from "../rule";

export const consumerHasAStream: StackRule = {
  name: "consumer-has-a-stream",
  description: "Every consumer's stream is in the same stack, and no two consumers of a stream have the same name.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "A consumer belongs to one stream. Without a declaration of the stream, " +
    "the deployment cannot wait for it; the second of two consumers with the same name changes the first.",
  remediation: "Declare the stream, or correct its name; declare a durable for each stream that is read",
  types: [streamType, consumerType],
  violationsOfStack(resources) {
    const { consumers, byKey } = jetstreamResources(resources);
    return consumers.flatMap(({ resource, key, stream }, index) => [
      ...(byKey.has(stream)
        ? []
        : [{ resource, message: `${key} reads ${stream}, which is not a stream of its stack` }]),
      ...(consumers.findIndex((other) => other.key === key) < index
        ? [{ resource, message: `${key} is the name of two consumers` }]
        : []),
    ]);
  },
};
