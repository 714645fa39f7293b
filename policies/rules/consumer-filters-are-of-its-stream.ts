import { isRenamedAway } from "../../config/subject-transform";
import { overlaps } from "../../config/subjects";
import { consumerType, filtersOf, jetstreamResources, originOf, streamType, subjectsOf } from "../jetstream-resources";
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
      const origin = stream && (originOf(stream, byKey) ?? stream);
      const isLeftBehind = origin && filtersOf(consumer).every((filter) => isRenamedAway(origin.args, filter));
      return [
        ...empty.map((filter) => `filter ${filter} of ${consumer.key} matches nothing of ${subjects!.join(", ")}`),
        ...(isLeftBehind
          ? [
              `filter ${filtersOf(consumer).join(", ")} of ${consumer.key} matches only what ${origin.key} renames ` +
                `to ${origin.args.subjectTransform!.dest} before it stores it`,
            ]
          : []),
      ].map((message) => ({ resource: consumer.resource, message }));
    });
  },
};
