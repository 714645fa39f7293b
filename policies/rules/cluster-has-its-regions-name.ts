import type { ResourceRule } from "../rule";
import { configuredServers, serverTypes } from "../servers";

export const clusterHasItsRegionsName: ResourceRule = {
  name: "cluster-has-its-regions-name",
  description: "Cluster and gateway are both called like their region, which no other cluster is.",
  severity: "critical",
  enforcementLevel: "mandatory",
  why:
    "A server whose gateway has another name than its cluster does not start, " +
    "and nats-server -t calls that valid. The chart calls both like the release: " +
    "three regions of one release's name never find each other.",
  remediation: "Name the StatefulSet like the region, and neither of the two otherwise",
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
