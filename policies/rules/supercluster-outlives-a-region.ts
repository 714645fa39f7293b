import type { ResourceRule } from "../rule";
import { configuredServers, serverTypes } from "../servers";

export const superclusterOutlivesARegion: ResourceRule = {
  name: "supercluster-outlives-a-region",
  description: "Outside local environments there are at least three regions.",
  severity: "medium",
  enforcementLevel: "advisory",
  why:
    "With two regions each has half of the meta group. When one is lost, " +
    "no stream or consumer can be created or changed anywhere until it is back.",
  remediation: "Add a region to the environment, or accept that changes wait for both",
  types: serverTypes,
  violations(resource) {
    const servers = configuredServers(resource);
    const regions = servers?.config.gateway?.gateways?.length ?? 0;
    return servers && !servers.isLocal && regions < 3 ? [`${resource.name} is one of ${regions} regions`] : [];
  },
};
