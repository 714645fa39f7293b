import type { ResourceRule } from "../rule";
import { configuredServers, serverTypes } from "../servers";

export const clusterHasItsRegionsName: ResourceRule = {
  name: "cluster-has-its-regions-name",
  description: "Cluster and gateway both have the name of their region, and no other cluster has it.",
  severity: "critical",
  enforcementLevel: "mandatory",
  why:
    "A server whose gateway has another name than its cluster does not start, " +
    "although nats-server -t accepts the configuration. The chart names both after the release: " +
    "three regions with the same release name never connect.",
  remediation: "Name the StatefulSet after the region, and set no other name for either",
  types: serverTypes,
  violations(resource) {
    const servers = configuredServers(resource);
    if (!servers) return [];
    const { region, config } = servers;
    const names = { cluster: config.cluster?.name, gateway: config.gateway?.name };
    return Object.entries(names).flatMap(([what, name]) =>
      name === region && name ? [] : [`the ${what} of ${region} is called ${name}`],
    );
  },
};
