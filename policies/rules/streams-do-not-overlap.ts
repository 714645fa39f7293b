import { overlaps } from "../../config/subjects";
import { jetstreamResources, streamType } from "../jetstream-resources";
import type { StackRule } from "../rule";

export const streamsDoNotOverlap: StackRule = {
  name: "streams-do-not-overlap",
  description: "No two streams of an account have the same name, or accept the same subject.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "An account is one namespace over all regions. The second stream is refused (errors 10058, 10065); " +
    "two resources with the same name would overwrite each other at every update.",
  remediation: "Rename one of them, or narrow its subjects",
  types: [streamType],
  violationsOfStack(resources) {
    const { streams } = jetstreamResources(resources);
    return streams.flatMap((stream, index) => {
      const earlier = streams.slice(0, index).filter(({ args }) => args.account === stream.args.account);
      const namesake = earlier.find(({ key }) => key === stream.key);
      if (namesake)
        return [
          {
            resource: stream.resource,
            message: `${stream.key} is the name of two streams, in ${namesake.args.region} and ${stream.args.region}`,
          },
        ];
      return earlier.flatMap((other) => {
        const shared = (stream.args.subjects ?? []).find((subject) =>
          other.args.subjects?.some((taken) => overlaps(taken, subject)),
        );
        return shared === undefined
          ? []
          : [{ resource: stream.resource, message: `${shared} of ${stream.key} is also a subject of ${other.key}` }];
      });
    });
  },
};
