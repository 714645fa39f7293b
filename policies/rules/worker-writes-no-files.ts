import type { ResourceRule } from "../rule";
import { containersIn, cronJobType, deploymentType, podOf } from "../workers";

export const workerWritesNoFiles: ResourceRule = {
  name: "worker-writes-no-files",
  description: "A worker's file system is read-only, and its pod has no token of the Kubernetes API.",
  severity: "medium",
  enforcementLevel: "mandatory",
  why:
    "A worker handles what strangers send. What it can write it can be made to run, " +
    "and with a token it can ask the Kubernetes API for more.",
  remediation: "Leave readOnlyRootFilesystem and automountServiceAccountToken as components/workers writes them",
  types: [deploymentType, cronJobType],
  violations(resource) {
    const pod = podOf(resource) ?? {};
    return [
      ...(pod.automountServiceAccountToken === false ? [] : [`${resource.name} has a token of the Kubernetes API`]),
      ...containersIn(pod)
        .filter(({ securityContext }) => securityContext?.readOnlyRootFilesystem !== true)
        .map(({ name }) => `container ${name} of ${resource.name} can change its own files`),
    ];
  },
};
