import type { ResourceRule } from "../rule";
import { releaseType, valuesOf } from "../servers";

export const podsWaitForTheRollout: ResourceRule = {
  name: "pods-wait-for-the-rollout",
  description: "Pods are replaced by this program alone, and their startup probe does not require a meta leader.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "Kubernetes replaces the next pod as soon as the last is ready, " +
    "even while its replicas are still behind: two of three are then out of date. " +
    "A startup probe that requires a meta leader kills the pods of a first region, " +
    "and those of the last one that runs, every 15 minutes.",
  remediation: "Leave the update strategy OnDelete, and the startup probe /healthz?js-server-only=true",
  types: [releaseType],
  violations(resource) {
    const values = valuesOf(resource);
    if (!values) return [];
    const strategy = values.statefulSet?.merge?.spec?.updateStrategy?.type;
    const probe = values.container?.merge?.startupProbe?.httpGet?.path;
    return [
      ...(strategy === "OnDelete" ? [] : [`${resource.name} has update strategy ${strategy ?? "RollingUpdate"}`]),
      ...(probe === "/healthz?js-server-only=true"
        ? []
        : [`${resource.name} has startup probe ${probe ?? "/healthz"}`]),
    ];
  },
};
