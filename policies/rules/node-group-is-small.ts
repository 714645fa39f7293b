import type { ResourceRule } from "../rule";

export const nodeGroupIsSmall: ResourceRule<number> = {
  name: "node-group-is-small",
  description: "No group of nodes is larger than is usual.",
  severity: "low",
  enforcementLevel: "advisory",
  why:
    "A host runs one server of a region, so more nodes are paid for nothing. " +
    "There is a group in each of three zones.",
  remediation: "Check aws.regions.<region>.cluster.create.nodes.perZone; raise most if this many are intended",
  types: ["aws:eks/nodeGroup:NodeGroup"],
  setting: { name: "most", description: "Nodes of one group.", schema: { type: "integer", minimum: 1 }, default: 2 },
  violations({ name, inputs }, most) {
    const { desiredSize = 0 } = (inputs.scalingConfig ?? {}) as { desiredSize?: number };
    return desiredSize > most ? [`${name} has ${desiredSize} nodes, more than ${most}`] : [];
  },
};
