import { plural } from "../../config/plural";
import { consumerType, environmentOf, streamType } from "../jetstream-resources";
import { serversIn } from "../../config/sizes";
import type { ResourceRule } from "../rule";

export const replicasFitTheRegion: ResourceRule = {
  name: "replicas-fit-the-region",
  description: "No stream or consumer asks for more replicas than a region has servers.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "Replicas never span regions: five in a region of three servers are refused (error 10005) in the middle " +
    "of a deployment.",
  remediation:
    "Write at most as many as the region has servers, or raise servers of the environment, or of the region, first",
  types: [streamType, consumerType],
  violations(resource) {
    const environment = environmentOf(resource);
    const { name, inputs } = resource;
    const replicas = Number(inputs.replicas ?? 0);
    if (!environment) return [`${name} has a provider without an environment`];
    // A consumer does not name the region of its stream: it fits where some region has as many.
    const servers =
      typeof inputs.region === "string"
        ? serversIn(environment, inputs.region)
        : Math.max(
            environment.servers,
            ...Object.values(environment.byRegion ?? {}).map(({ servers: own = 1 }) => own),
          );
    return replicas > servers
      ? [`${name} asks for ${plural(replicas, "replica")} of ${plural(servers, "server")}`]
      : [];
  },
};
