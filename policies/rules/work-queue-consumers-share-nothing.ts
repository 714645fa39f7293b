import { overlaps } from "../../config/subjects";
import { jetstreamResources, consumerType, filtersOf, streamType } from "../jetstream-resources";
import type { StackRule } from "../rule";

export const workQueueConsumersShareNothing: StackRule = {
  name: "work-queue-consumers-share-nothing",
  description: "No two consumers of a work queue ask for the same subject, and each delivers all messages.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "Each message of a work queue is for one consumer. The second is refused (errors 10099, 10100, 10101) " +
    "in the middle of a deployment, and its messages accumulate until they expire.",
  remediation: 'Give each a filter of its own and deliverPolicy: "all"; workers of one kind share a durable',
  types: [streamType, consumerType],
  violationsOfStack(resources) {
    const { consumers, byKey } = jetstreamResources(resources);
    const ofQueues = consumers.filter(({ stream }) => byKey.get(stream)?.args.retention === "workqueue");
    return ofQueues.flatMap((consumer, index) => {
      const { key, resource, args } = consumer;
      const rival = ofQueues
        .slice(0, index)
        .find(
          (other) =>
            other.stream === consumer.stream &&
            other.key !== key &&
            filtersOf(other).some((taken) => filtersOf(consumer).some((filter) => overlaps(taken, filter))),
        );
      return [
        ...(rival ? [{ resource, message: `${key} takes the same messages as ${rival.key}` }] : []),
        ...((args.deliverPolicy ?? "all") === "all"
          ? []
          : [{ resource, message: `${key} has deliverPolicy "${args.deliverPolicy}" on a work queue` }]),
      ];
    });
  },
};
