import * as z from "zod";
import { strictObject } from "../problems";
import { namespaceName } from "./kubernetes-values";
import { sourceRanges } from "./values";

/** Names of namespaces of the same Kubernetes cluster; any pod in them. Default: none are named. */
const namespaces = z.array(namespaceName).default([]);

/**
 * IPv4 ranges, as a pod sees addresses: a load balancer that does not keep the client's address shows its own. Default:
 * any.
 */
const ranges = sourceRanges.default([]);

/**
 * Who may connect to the servers' pods (`kubernetes.networkPolicy`). Takes effect where the cluster's network plugin
 * enforces NetworkPolicies. Routes (6222) are for the servers of the region, monitoring (8222, 8223) for nothing
 * outside the pod: the exporter reads it there, and this program by port-forwarding. What servers connect to is not
 * limited. A change restarts nothing, and closes no open connection.
 */
export const networkPolicy = strictObject({
  enabled: z.boolean().default(true),
  /**
   * Clients (4222), and the listeners for leaf nodes, MQTT and WebSocket where `listeners` or `kubernetes.values`
   * enables them.
   * Default: everyone. Once anything is named, only that, and pods of the servers' own namespace.
   */
  clients: strictObject({ namespaces, sourceRanges: ranges }).prefault({}),
  /** Gateways of other regions (7222). Default: everyone; they need a certificate of the environment's authority. */
  gateways: strictObject({ sourceRanges: ranges }).prefault({}),
  /**
   * Prometheus (7777). Default: every pod of the cluster. Once anything is named, only that. Outside the cluster or on
   * host networking it is named by `sourceRanges`.
   */
  metrics: strictObject({ namespaces, sourceRanges: ranges }).prefault({}),
}).prefault({});

export type NetworkPolicySettings = z.infer<typeof networkPolicy>;
