import type { ResourceRule } from "../rule";
import { deploymentType, podOf } from "../workers";

export const workerAnswersProbes: ResourceRule = {
  name: "worker-answers-probes",
  description: "Kubernetes asks a worker whether it is alive, and separately whether it is ready.",
  severity: "medium",
  enforcementLevel: "mandatory",
  why:
    "A worker that hangs holds messages until their deadline passes, over and over, and is never started again. " +
    "One whose liveness is its readiness is killed in every outage of what it calls.",
  remediation: "Leave livenessProbe (/healthz) and readinessProbe (/readyz) as components/workers writes them",
  types: [deploymentType],
  violations(resource) {
    const { containers = [] } = podOf(resource) ?? {};
    return containers.flatMap(({ name, livenessProbe, readinessProbe }) => {
      const what = `container ${name} of ${resource.name}`;
      if (!livenessProbe) return [`${what} has no liveness probe`];
      if (!readinessProbe) return [`${what} has no readiness probe`];
      return livenessProbe.httpGet?.path === readinessProbe.httpGet?.path
        ? [`${what} is killed when it is not ready: both probes ask the same`]
        : [];
    });
  },
};
