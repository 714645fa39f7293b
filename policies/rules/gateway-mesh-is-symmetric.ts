import type { StackRule } from "../rule";
import { configuredServers, serverTypes } from "../servers";

export const gatewayMeshIsSymmetric: StackRule = {
  name: "gateway-mesh-is-symmetric",
  description: "All servers that are checked together list the same gateways, and no two regions have the same name.",
  severity: "high",
  enforcementLevel: "mandatory",
  why: "A region that another one does not list is reached in one direction only, until a restart.",
  notSeen:
    "Other stacks: it compares the servers of one stack. " +
    "Tests run it on what all regions of an environment register. " +
    "Local servers that are not changed have no configuration in the state.",
  remediation: "Set the regions once, in the environment of Pulumi.yaml, and deploy every region's stack",
  types: serverTypes,
  violationsOfStack(resources) {
    const all = resources.flatMap((resource) => {
      const servers = configuredServers(resource);
      return servers
        ? [
            {
              resource,
              isLocal: servers.isLocal,
              region: servers.region,
              list: JSON.stringify(servers.config.gateway?.gateways ?? []),
            },
          ]
        : [];
    });
    const [first] = all;
    return [
      ...all
        .filter(({ list }) => list !== first!.list)
        .map(({ resource }) => ({
          resource,
          message: `${resource.name} lists other gateways than ${first!.resource.name}`,
        })),
      ...all
        .filter(({ isLocal, region }, index) => !isLocal && all.findIndex((other) => other.region === region) < index)
        .map(({ resource, region }) => ({ resource, message: `two clusters are called ${region}` })),
    ];
  },
};
