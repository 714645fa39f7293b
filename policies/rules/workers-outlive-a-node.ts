import type { Inputs, Partly } from "../resource";
import type { StackRule } from "../rule";
import { deploymentOf, deploymentType, disruptionBudgetType, placeOf } from "../workers";

export const workersOutliveANode: StackRule = {
  name: "workers-outlive-a-node",
  description: "Workers of one kind are spread over hosts and zones, and evicted one at a time.",
  severity: "medium",
  enforcementLevel: "mandatory",
  why: "A node that is drained for an upgrade would stop all workers of a durable, and its messages would wait.",
  remediation: "Leave topologySpreadConstraints and the PodDisruptionBudget as components/workers writes them",
  types: [deploymentType, disruptionBudgetType],
  violationsOfStack(resources) {
    const budgets = resources.filter(({ type }) => type === disruptionBudgetType);
    return resources.flatMap((resource) => {
      const deployment = deploymentOf(resource);
      if (!deployment) return [];
      const labels = deployment.template?.metadata?.labels ?? {};
      const spreads = deployment.template?.spec?.topologySpreadConstraints ?? [];
      const own = budgets.filter((budget) => namespaceOf(placeOf(budget)) === namespaceOf(placeOf(resource)));
      const isEvictedSlowly = own.some(({ inputs }) => {
        const { maxUnavailable, selector } = (inputs.spec ?? {}) as Partly<Budget>;
        return maxUnavailable === 1 && selects(selector?.matchLabels, labels);
      });
      return [
        ...(isEvictedSlowly ? [] : [{ resource, message: `${resource.name}: all its pods may be evicted at once` }]),
        ...(new Set(spreads.map(({ topologyKey }) => topologyKey)).size >= 2
          ? []
          : [{ resource, message: `${resource.name} is not spread over hosts and zones` }]),
      ];
    });
  },
};

interface Budget {
  maxUnavailable: number;
  selector: { matchLabels: Record<string, string> };
}

const namespaceOf = (place: string): string => place.slice(0, place.indexOf("/"));

/** Whether a selector finds pods with these labels. */
const selects = (selector: Inputs | undefined, labels: Inputs): boolean =>
  selector !== undefined && Object.entries(selector).every(([key, value]) => labels[key] === value);
