import type { Inputs } from "../resource";
import type { ResourceRule } from "../rule";

export const kubernetesApiIsNotOpen: ResourceRule = {
  name: "kubernetes-api-is-not-open",
  description: "An EKS cluster's API is reached from the network, or from named addresses.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "An attacker that reaches the API with a stolen token has every Secret of the region, " +
    "the JetStream key among them. EKS opens it to everyone unless it is configured otherwise.",
  remediation: "Write the addresses that deploy from in aws.regions.<region>.cluster.create.apiSourceRanges, or none",
  types: ["aws:eks/cluster:Cluster"],
  violations({ name, inputs }) {
    const { endpointPublicAccess = true, publicAccessCidrs = [] } = (inputs.vpcConfig ?? {}) as {
      endpointPublicAccess?: boolean;
      publicAccessCidrs?: string[];
    } & Inputs;
    return endpointPublicAccess && (!publicAccessCidrs.length || publicAccessCidrs.includes("0.0.0.0/0"))
      ? [`the API of ${name} is open to everyone`]
      : [];
  },
};
