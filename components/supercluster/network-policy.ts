import type { types } from "@pulumi/kubernetes";
import { isObject } from "../../config/objects";
import type { NetworkPolicySettings } from "../../config/schema/network-policy";
import { listenersOf, listenerTable } from "../../config/listeners";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { kubernetesPorts, metricsPort } from "../../config/topology";
import { serverLabels } from "./load-balancers";

type Rule = types.input.networking.v1.NetworkPolicyIngressRule;
type Peer = types.input.networking.v1.NetworkPolicyPeer;

/** Label of every namespace, which Kubernetes sets (1.21). */
const namespaceLabel = "kubernetes.io/metadata.name";

const inNamespaces = (names: string[]): Peer[] =>
  names.length
    ? [{ namespaceSelector: { matchExpressions: [{ key: namespaceLabel, operator: "In", values: names }] } }]
    : [];

const inRanges = (ranges: string[]): Peer[] => ranges.map((cidr) => ({ ipBlock: { cidr } }));

/** A rule without `from` lets everyone in. */
const rule = (port: number, from: Peer[]): Rule => ({
  ports: [{ protocol: "TCP", port }],
  ...(from.length && { from }),
});

/** Listeners that `kubernetes.values` can enable as `config.<name>`, and their ports by default: the chart's. */
const listeners = { leafnodes: 7422, mqtt: 1883, websocket: 8080 };

/** Ports of the listeners that the environment or `kubernetes.values` enables. */
export function listenerPorts(environment: Listening): number[] {
  const { config } = environment.kubernetes.values;
  return [...listenersOf(environment).map((name) => listenerTable[name].port), ...portsOf(config)];
}

type Listening = Pick<KubernetesEnvironment, "listeners"> & {
  kubernetes: Pick<KubernetesEnvironment["kubernetes"], "values">;
};

function portsOf(config: unknown): number[] {
  if (!isObject(config)) return [];
  return Object.entries(listeners).flatMap(([name, port]) => {
    const listener = config[name];
    return isObject(listener) && listener.enabled ? [Number(listener.port ?? port)] : [];
  });
}

/** Who else connects to servers. */
export interface OtherPeers {
  /** Further ports for clients. */
  ports?: number[];
  /** Namespaces of workers, which are clients. */
  workers?: readonly string[];
  /** Namespace of KEDA, which reads the monitoring port to scale workers, and that port. */
  keda?: { namespace: string; port: number };
}

/**
 * The NetworkPolicy of a region's servers: what may connect to them, by port. Nothing reaches the monitoring port from
 * outside the pod but KEDA, where it scales workers, and the node's own probes, which Kubernetes always lets through.
 * Pure.
 */
export function networkPolicySpec(
  { clients, gateways, metrics }: Omit<NetworkPolicySettings, "enabled">,
  { ports = [], workers = [], keda }: OtherPeers = {},
): types.input.networking.v1.NetworkPolicySpec {
  const peers = ({ namespaces, sourceRanges }: typeof clients): Peer[] => [
    ...inNamespaces(namespaces),
    ...inRanges(sourceRanges),
  ];
  const ownNamespace: Peer = { podSelector: {} };
  const named = peers(clients);
  const allowed = named.length ? [ownNamespace, ...named, ...inNamespaces([...workers])] : [];
  const scrapers = peers(metrics);
  return {
    podSelector: { matchLabels: serverLabels },
    policyTypes: ["Ingress"],
    ingress: [
      ...[kubernetesPorts.client, ...ports].map((port) => rule(port, allowed)),
      rule(kubernetesPorts.route, [{ podSelector: { matchLabels: serverLabels } }]),
      rule(kubernetesPorts.gateway, inRanges(gateways.sourceRanges)),
      rule(metricsPort, scrapers.length ? scrapers : [{ namespaceSelector: {} }]),
      ...(keda === undefined ? [] : [rule(keda.port, inNamespaces([keda.namespace]))]),
    ],
  };
}
