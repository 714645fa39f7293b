import { copiedBy, jetstreamResources, originOf, streamType } from "../jetstream-resources";
import type { StackRule } from "../rule";

export const mirrorIsOfALimitsStream: StackRule = {
  name: "mirror-is-of-a-limits-stream",
  description:
    "Mirrors and sources copy only streams with limits retention, and a mirror's origin is in the same stack.",
  severity: "critical",
  enforcementLevel: "mandatory",
  why:
    "A copy consumes messages: it empties a work queue, " +
    "and makes an interest stream hold every message until it is copied. Servers accept both.",
  remediation: 'Make the origin retention: "limits", or leave the copy out',
  types: [streamType],
  violationsOfStack(resources) {
    const { streams, byKey } = jetstreamResources(resources);
    return streams.flatMap((stream) => {
      const { account, mirror, sources = [] } = stream.args;
      const origins = [originOf(stream, byKey), ...sources.map((source) => copiedBy(account, source, byKey))];
      const isLost = mirror !== undefined && !(typeof mirror === "object" && mirror.external) && !origins[0];
      return [
        ...(isLost
          ? [
              {
                resource: stream.resource,
                message:
                  `${stream.key} copies ${typeof mirror === "string" ? mirror : mirror.name}, ` +
                  "which is not a stream of its stack",
              },
            ]
          : []),
        ...origins
          .filter((origin) => origin && (origin.args.retention ?? "limits") !== "limits")
          .map((origin) => ({
            resource: stream.resource,
            message: `${stream.key} copies ${origin!.key}, which has retention ${origin!.args.retention}`,
          })),
      ];
    });
  },
};
