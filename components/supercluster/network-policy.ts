import type { types } from "@pulumi/kubernetes";
import type { NetworkPolicySettings } from "../../config/schema/network-policy";
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

/**
 * The NetworkPolicy of a region's servers: what may connect to them, by port. Nothing reaches the monitoring port from
 * outside the pod, except the node's own probes, which Kubernetes always lets through. Pure.
 */
export function networkPolicySpec({
  clients,
  gateways,
  metrics,
}: Omit<NetworkPolicySettings, "enabled">): types.input.networking.v1.NetworkPolicySpec {
  const named = [...inNamespaces(clients.namespaces), ...inRanges(clients.sourceRanges)];
  const ownNamespace: Peer = { podSelector: {} };
  return {
    podSelector: { matchLabels: serverLabels },
    policyTypes: ["Ingress"],
    ingress: [
      rule(kubernetesPorts.client, named.length ? [ownNamespace, ...named] : []),
      rule(kubernetesPorts.route, [{ podSelector: { matchLabels: serverLabels } }]),
      rule(kubernetesPorts.gateway, inRanges(gateways.sourceRanges)),
      rule(metricsPort, metrics.namespaces.length ? inNamespaces(metrics.namespaces) : [{ namespaceSelector: {} }]),
    ],
  };
}
