import type { ResourceRule } from "../rule";
import type { Partly, Resource } from "../resource";
import { releaseType, valuesOf, type Values } from "../servers";
import { containersIn, cronJobType, deploymentType, podOf } from "../workers";

const namespaceType = "kubernetes:core/v1:Namespace";

export const podIsRestricted: ResourceRule = {
  name: "pod-is-restricted",
  description: "Every pod and container meets Kubernetes' restricted standard, and the namespace enforces it.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "The chart sets no security context: its containers run as root and may gain more rights. " +
    "A namespace that enforces the standard rejects such pods; one that does not accepts them.",
  remediation: "Leave securityContext of pods and containers, and the namespace's label, as components/ writes them",
  types: [releaseType, namespaceType, deploymentType, cronJobType],
  violations(resource) {
    if (resource.type === namespaceType) {
      const { labels } = (resource.inputs.metadata ?? {}) as { labels?: Record<string, string> };
      return labels?.["pod-security.kubernetes.io/enforce"] === "restricted"
        ? []
        : [`namespace ${resource.name} accepts pods with any rights`];
    }
    const [pods, containers] = contextsOf(resource);
    return [
      ...pods
        .filter(({ context }) => !isRestrictedPod(context))
        .map(({ what }) => `${what} may run as root or without a seccomp profile`),
      ...containers
        .filter(({ context }) => !isRestrictedContainer(context))
        .map(({ what }) => `container ${what} may gain rights`),
    ].map((message) => `${resource.name}: ${message}`);
  },
};

interface Named {
  what: string;
  context: Partly<Context>;
}

/** Of pods, and of their containers. */
function contextsOf(resource: Resource): [Named[], Named[]] {
  const values = valuesOf(resource);
  if (values) return [podsOf(values), containersOf(values)];
  const pod = podOf(resource);
  if (!pod) return [[], []];
  return [
    [{ what: "its pod", context: contextIn(pod) }],
    containersIn(pod).map((one) => ({ what: String(one.name), context: contextIn(one) })),
  ];
}

interface Context {
  runAsNonRoot: boolean;
  runAsUser: number;
  seccompProfile: { type: string };
  allowPrivilegeEscalation: boolean;
  privileged: boolean;
  capabilities: { drop: string[]; add: string[] };
}

const contextIn = (merge: object | undefined): Partly<Context> =>
  (merge as { securityContext?: Partly<Context> } | undefined)?.securityContext ?? {};

const podsOf = ({ podTemplate, natsBox }: Values) => [
  { what: "the servers' pod", context: contextIn(podTemplate?.merge?.spec) },
  ...(natsBox?.enabled === false
    ? []
    : [{ what: "nats-box's pod", context: contextIn(natsBox?.podTemplate?.merge?.spec) }]),
];

const containersOf = ({ container, reloader, promExporter, natsBox, podTemplate }: Values) => [
  { what: "nats", context: contextIn(container?.merge) },
  ...(reloader?.enabled === false ? [] : [{ what: "reloader", context: contextIn(reloader?.merge) }]),
  ...(promExporter?.enabled === false ? [] : [{ what: "prom-exporter", context: contextIn(promExporter?.merge) }]),
  ...(natsBox?.enabled === false ? [] : [{ what: "nats-box", context: contextIn(natsBox?.container?.merge) }]),
  ...(podTemplate?.merge?.spec?.initContainers ?? []).map((one) => ({
    what: String(one.name),
    context: contextIn(one),
  })),
];

const isRestrictedPod = ({ runAsNonRoot, runAsUser, seccompProfile }: Partly<Context>) =>
  runAsNonRoot === true && runAsUser !== 0 && ["RuntimeDefault", "Localhost"].includes(seccompProfile?.type ?? "");

const isRestrictedContainer = ({
  allowPrivilegeEscalation,
  privileged,
  capabilities,
  runAsUser,
  runAsNonRoot,
}: Partly<Context>) =>
  allowPrivilegeEscalation === false &&
  privileged !== true &&
  runAsUser !== 0 &&
  runAsNonRoot !== false &&
  !!capabilities?.drop?.includes("ALL") &&
  !capabilities.add?.length;
