import type { ResourceRule } from "../rule";
import { releaseType, valuesOf } from "../servers";

const keys = ["kubernetes.io/hostname", "topology.kubernetes.io/zone"] as const;

export const podsAreSpread: ResourceRule = {
  name: "pods-are-spread",
  description: "A region's servers are spread over hosts and over zones.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "Three replicas on one host, or in one zone, are lost together. " +
    "Then nothing that lives in the region can be read or written.",
  remediation: "Leave podTemplate.topologySpreadConstraints as it is; kubernetes.spread sets how strictly it holds",
  types: [releaseType],
  violations(resource) {
    const values = valuesOf(resource);
    const constraints = values?.podTemplate?.topologySpreadConstraints;
    return values
      ? keys.filter((key) => constraints?.[key]?.maxSkew !== 1).map((key) => `${resource.name} is not spread by ${key}`)
      : [];
  },
};
