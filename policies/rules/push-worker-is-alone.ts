import type { StackRule } from "../rule";
import { autoscalerType, deploymentOf, deploymentType, placeOf, scaledObjectType, scalingOf } from "../workers";

export const pushWorkerIsAlone: StackRule = {
  name: "push-worker-is-alone",
  description: "A worker that is stopped before another starts, because it reads a push durable, is one.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "A push durable without a group sends every message to everyone who listens: two workers process each of them, " +
    "and both acknowledge it.",
  remediation: "Run one replica; for more, read a pull durable under a new name",
  types: [deploymentType, autoscalerType, scaledObjectType],
  violationsOfStack(resources) {
    const scaled = new Set(resources.flatMap((resource) => scalingOf(resource)?.deployment ?? []));
    return resources.flatMap((resource) => {
      const deployment = deploymentOf(resource);
      if (deployment?.strategy?.type !== "Recreate") return [];
      return [
        ...(deployment.replicas === 1
          ? []
          : [`${resource.name} runs ${deployment.replicas ?? "any number of"} workers`]),
        ...(scaled.has(placeOf(resource)) ? [`${resource.name} is scaled`] : []),
      ].map((message) => ({ resource, message: `${message} of a push durable` }));
    });
  },
};
