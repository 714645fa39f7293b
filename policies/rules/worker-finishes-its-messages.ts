import type { ResourceRule } from "../rule";
import { deploymentType, podOf } from "../workers";

export const workerFinishesItsMessages: ResourceRule = {
  name: "worker-finishes-its-messages",
  description: "Kubernetes waits longer for a worker to stop than the worker takes to finish its messages.",
  severity: "medium",
  enforcementLevel: "mandatory",
  why:
    "A worker that is killed while it handles a message has done part of the work, and another does all of it again: " +
    "an SMS is sent twice.",
  remediation: "Leave terminationGracePeriodSeconds above SHUTDOWN_GRACE, which is the worker's grace",
  types: [deploymentType],
  violations(resource) {
    const { containers = [], terminationGracePeriodSeconds = 30 } = podOf(resource) ?? {};
    return containers.flatMap(({ name, env = [] }) => {
      const grace = env.find((variable) => variable.name === "SHUTDOWN_GRACE")?.value;
      if (grace === undefined) return [`container ${name} of ${resource.name} has no SHUTDOWN_GRACE`];
      const seconds = Number(/^(\d+)ms$/.exec(grace)?.[1]) / 1000;
      return terminationGracePeriodSeconds > seconds
        ? []
        : [`${resource.name} is killed after ${terminationGracePeriodSeconds} s, and may take ${grace} to finish`];
    });
  },
};
