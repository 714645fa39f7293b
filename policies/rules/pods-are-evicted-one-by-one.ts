import type { ResourceRule } from "../rule";
import type { Inputs } from "../resource";
import { releaseType, valuesOf } from "../servers";

export const podsAreEvictedOneByOne: ResourceRule = {
  name: "pods-are-evicted-one-by-one",
  description: "A PodDisruptionBudget allows one server of a region to be evicted at a time.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "Nodes are drained for upgrades. Without a budget two servers of three are evicted at once, " +
    "and every stream of the region stops accepting messages.",
  remediation: "Leave podDisruptionBudget enabled, with the chart's maxUnavailable: 1",
  types: [releaseType],
  violations(resource) {
    const values = valuesOf(resource);
    if (!values) return [];
    const { enabled, merge } = (values.podDisruptionBudget ?? {}) as { enabled?: boolean; merge?: { spec?: Inputs } };
    if (enabled !== true) return [`${resource.name} has no PodDisruptionBudget`];
    const { maxUnavailable = 1, minAvailable } = merge?.spec ?? {};
    return maxUnavailable === 1 && minAvailable === undefined
      ? []
      : [`${resource.name} allows ${maxUnavailable} servers to be evicted at once`];
  },
};
