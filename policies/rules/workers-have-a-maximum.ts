import type { StackRule } from "../rule";
import { autoscalerType, deploymentOf, deploymentType, placeOf, scaledObjectType, scalingOf } from "../workers";

export const workersHaveAMaximum: StackRule<number> = {
  name: "workers-have-a-maximum",
  description: "What scales workers has a maximum, always leaves one running, and alone sets their number.",
  severity: "medium",
  enforcementLevel: "mandatory",
  why:
    "A message that no worker can handle makes its durable wait for ever, and KEDA takes a durable that is missing " +
    "for one that has everything before it: without a maximum each starts workers until the cluster is full. " +
    "A number in the Deployment too would stop, with every `up`, the workers that were added.",
  remediation: "Write a maximum for the worker in its tenant's file, at most the setting `most`",
  types: [deploymentType, autoscalerType, scaledObjectType],
  setting: {
    name: "most",
    description: "The highest maximum of one worker in one region.",
    schema: { type: "number" },
    default: 20,
  },
  violationsOfStack(resources, highest) {
    const deployments = new Map(resources.flatMap((one) => (deploymentOf(one) ? [[placeOf(one), one] as const] : [])));
    return resources.flatMap((resource) => {
      const scaling = scalingOf(resource);
      if (!scaling) return [];
      const { deployment, least = 0, most } = scaling;
      const scaled = deployments.get(deployment);
      const messages = [
        ...(most === undefined || most > highest ? [`runs up to ${most ?? "any number of"} workers`] : []),
        ...(least < 1 ? ["may stop the last worker"] : []),
        ...(!scaled ? [`scales ${deployment}, which is not there`] : []),
        ...(scaled && deploymentOf(scaled)!.replicas !== undefined
          ? [`scales ${deployment}, which sets its own number`]
          : []),
      ];
      return messages.map((message) => ({ resource, message: `${resource.name} ${message}` }));
    });
  },
};
