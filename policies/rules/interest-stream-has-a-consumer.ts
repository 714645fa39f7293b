import { jetstreamResources, consumerType, streamType } from "../jetstream-resources";
import type { StackRule } from "../rule";

export const interestStreamHasAConsumer: StackRule = {
  name: "interest-stream-has-a-consumer",
  description: "A stream with interest retention has a consumer in its stack.",
  severity: "high",
  enforcementLevel: "mandatory",
  why: "Without one it acknowledges every message and keeps none; a consumer that is made later gets none of them.",
  remediation: 'Declare its consumers in the same stack, or write retention: "limits"',
  types: [streamType, consumerType],
  violationsOfStack(resources) {
    const { streams, consumers } = jetstreamResources(resources);
    return streams
      .filter(({ key, args }) => args.retention === "interest" && !consumers.some(({ stream }) => stream === key))
      .map(({ key, resource }) => ({ resource, message: `${key} has interest retention and no consumer` }));
  },
};
