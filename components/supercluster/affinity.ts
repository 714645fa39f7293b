import type { Kubernetes } from "../../config/schema/kubernetes";
import { serverLabels } from "./load-balancers";

/**
 * Affinity of servers: hosts by which they are kept apart, and what settings add. A topology spread does not keep them
 * apart: with fewer hosts than servers two may share.
 */
export function affinityOf({ antiAffinity, topologyKeys, affinity }: Kubernetes) {
  const otherServers = { topologyKey: topologyKeys.host, labelSelector: { matchLabels: serverLabels } };
  const {
    requiredDuringSchedulingIgnoredDuringExecution: required = [],
    preferredDuringSchedulingIgnoredDuringExecution: preferred = [],
  } = affinity?.podAntiAffinity ?? {};
  const all = {
    required: antiAffinity === "required" ? [otherServers, ...required] : required,
    preferred:
      antiAffinity === "preferred" ? [{ weight: 100, podAffinityTerm: otherServers }, ...preferred] : preferred,
  };
  return {
    ...affinity,
    podAntiAffinity: {
      ...(all.required.length && { requiredDuringSchedulingIgnoredDuringExecution: all.required }),
      ...(all.preferred.length && { preferredDuringSchedulingIgnoredDuringExecution: all.preferred }),
    },
  };
}
