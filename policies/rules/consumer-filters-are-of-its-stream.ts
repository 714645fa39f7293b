import { overlaps } from "../../config/subjects";
import { jetstreamResources, consumerType, filtersOf, streamType, subjectsOf } from "../jetstream-resources";
import type { StackRule } from "../rule";

export const consumerFiltersAreOfItsStream: StackRule = {
  name: "consumer-filters-are-of-its-stream",
  description: "Every filter of a consumer matches at least one subject of its stream.",
  severity: "high",
  enforcementLevel: "mandatory",
  why: "Servers accept a filter that matches nothing, and the consumer then delivers nothing, without an error.",
  remediation: "Correct the filter, leave it out, or read the stream that has the subject",
  types: [streamType, consumerType],
  violationsOfStack(resources) {
    const { consumers, byKey } = jetstreamResources(resources);
    return consumers.flatMap((consumer) => {
      const stream = byKey.get(consumer.stream);
      const subjects = stream && subjectsOf(stream, byKey);
      const empty = subjects
        ? filtersOf(consumer).filter((filter) => !subjects.some((subject) => overlaps(subject, filter)))
        : [];
      return empty.map((filter) => ({
        resource: consumer.resource,
        message: `filter ${filter} of ${consumer.key} matches nothing of ${subjects!.join(", ")}`,
      }));
    });
  },
};
