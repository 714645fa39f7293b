import { monitoringPorts } from "../../config/monitoring";
import { known, type Inputs, type Partly, type Resource } from "../resource";
import type { StackRule } from "../rule";
import { releaseType, valuesOf } from "../servers";

const networkPolicyType = "kubernetes:networking.k8s.io/v1:NetworkPolicy";

/** Ports that no pod of another namespace may reach: routes and monitoring. */
const inner = [6222, ...monitoringPorts];

export const innerPortHasANetworkPolicy: StackRule<string[]> = {
  name: "inner-port-has-a-network-policy",
  description:
    "A NetworkPolicy keeps other pods from routes (6222) and monitoring (8222, 8223) of the servers; KEDA may read it.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "Monitoring needs no login: any pod of the cluster could list every account, connection and subject, " +
    "and take profiles. Routes are for the servers of one region.",
  remediation:
    "Leave kubernetes.networkPolicy.enabled, and name clients with its settings; where something else does this, " +
    "set this policy to advisory with --policy-pack-config; another namespace of KEDA stands in policies/settings.ts",
  notSeen: "Whether the cluster's network plugin enforces NetworkPolicies.",
  types: [releaseType, networkPolicyType],
  setting: {
    name: "keda",
    description: "Namespaces that may read the monitoring port: KEDA's (kubernetes.workers.scaling.kedaNamespace).",
    schema: { type: "array", items: { type: "string" } },
    default: ["keda"],
  },
  violationsOfStack(resources, keda) {
    const policies = resources.filter(({ type }) => type === networkPolicyType);
    return resources
      .filter((resource) => valuesOf(resource))
      .flatMap((resource) => {
        const namespace = resource.inputs.namespace;
        const own = policies.filter((policy) => selectsServers(policy, namespace));
        if (own.length === 0)
          return [{ resource, message: `no NetworkPolicy selects the servers of ${resource.name}` }];
        return own.flatMap((policy) =>
          inner
            .filter((port) => (specOf(policy).ingress ?? []).some((rule) => opens(rule, port, keda)))
            .map((port) => ({ resource: policy, message: `${policy.name} opens port ${port} to other pods` })),
        );
      });
  },
};

interface Spec {
  podSelector: { matchLabels: Record<string, string> };
  policyTypes: string[];
  ingress: IngressRule[];
}

interface IngressRule {
  ports: { port: number; endPort: number }[];
  from: {
    podSelector: { matchLabels: Record<string, string> };
    namespaceSelector: { matchExpressions: { key: string; operator: string; values: string[] }[] };
    ipBlock: object;
  }[];
}

const specOf = ({ inputs }: Resource) => (inputs.spec ?? {}) as Partly<Spec>;

/** Whether all labels that it asks for are those of servers; none selects every pod. */
function selectsServers(policy: Resource, namespace: unknown): boolean {
  const { podSelector, policyTypes = [] } = specOf(policy);
  const metadata = (policy.inputs.metadata ?? {}) as Inputs;
  return (
    known(metadata, "namespace") === namespace &&
    policyTypes.includes("Ingress") &&
    isOfServers(podSelector?.matchLabels ?? {})
  );
}

const isOfServers = (labels: Partly<Record<string, string>>): boolean =>
  Object.entries(labels).every(
    ([key, value]) =>
      key.startsWith("app.kubernetes.io/") &&
      (key.endsWith("/name") || key.endsWith("/component") ? value === "nats" : true),
  );

/**
 * Whether a rule lets anything but the servers themselves in on a port, or KEDA on the monitoring port. A rule without
 * ports is about all of them.
 */
function opens({ ports, from }: Partly<IngressRule>, port: number, keda: readonly string[]): boolean {
  const isAbout = !ports || ports.some(({ port: first = 0, endPort = first }) => first <= port && port <= endPort);
  if (!isAbout) return false;
  if (!from?.length) return true;
  if (monitoringPorts.includes(port))
    return !from.every(({ namespaceSelector, ipBlock }) => {
      const [names, ...others] = namespaceSelector?.matchExpressions ?? [];
      const isNamed = names?.key === "kubernetes.io/metadata.name" && names.operator === "In" && others.length === 0;
      return !ipBlock && isNamed && !!names?.values?.every((name) => keda.includes(name ?? ""));
    });
  return !from.every(
    ({ podSelector, namespaceSelector, ipBlock }) =>
      !namespaceSelector && !ipBlock && podSelector?.matchLabels?.["app.kubernetes.io/component"] === "nats",
  );
}
