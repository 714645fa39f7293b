import type { types } from "@pulumi/kubernetes";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { type Listener, listenersOf, listenerTable } from "../../config/listeners";
import { kubernetesNames, kubernetesPorts, loadBalancerIn, serversOf } from "../../config/topology";
import { annotationsOf } from "./metadata";

/** Labels by which the chart's own Services find a region's servers. */
export const serverLabels = {
  "app.kubernetes.io/name": "nats",
  "app.kubernetes.io/instance": kubernetesNames.release,
  "app.kubernetes.io/component": "nats",
} as const;

export interface LoadBalancer {
  name: string;
  /** DNS names that clients or other regions dial. */
  hosts: string[];
  /** Ports that it is dialled on, and of the pods behind it. */
  port: number;
  target: number;
  /** Who may connect, as CIDR; none: everyone. */
  sourceRanges: string[];
  annotations: Record<string, string>;
  spec: types.input.core.v1.ServiceSpec;
}

/** What a region's load balancers are for: clients, the gateways of other regions, and each listener. */
export type Use = "clients" | "gateways" | Listener;

/** What there is one of for each load balancer. */
export type ByUse<T> = Record<"clients" | "gateways", T> & Partial<Record<Listener, T>>;

/** The same of each load balancer. */
export const mapUses = <T, R>(all: ByUse<T>, of: (one: T, use: Use) => R): ByUse<R> =>
  Object.fromEntries(Object.entries(all).map(([use, one]) => [use, of(one, use as Use)])) as ByUse<R>;

/** A region's load balancers. */
export function loadBalancers(environment: KubernetesEnvironment, region: string): ByUse<LoadBalancer> {
  const { listeners: _, ...shared } = environment.kubernetes.loadBalancers;
  const ofListeners = listenersOf(environment).map((name): [Listener, LoadBalancer] => {
    const { port: target, chart, host } = listenerTable[name];
    const at = { name: `nats-${host}`, protocol: name, portName: chart, target };
    return [name, loadBalancer(environment, region, { ...at, ...loadBalancerIn(environment, name) })];
  });
  const own = (name: string, protocol: "client" | "gateway", portName: string) => {
    const port = kubernetesPorts[protocol];
    return loadBalancer(environment, region, { ...shared, name, protocol, portName, port, target: port });
  };
  return {
    clients: own("nats-clients", "client", "nats"),
    gateways: own("nats-gateways", "gateway", "gateway"),
    ...Object.fromEntries(ofListeners),
  };
}

interface Described extends Pick<LoadBalancer, "name" | "port" | "target" | "sourceRanges"> {
  protocol: "client" | "gateway" | Listener;
  /** Of the pods' port: the chart's. */
  portName: string;
  public: boolean;
}

function loadBalancer(
  settings: KubernetesEnvironment,
  region: string,
  { name, protocol, portName, port, target, sourceRanges, public: isPublic }: Described,
): LoadBalancer {
  const { annotations, dns } = settings.kubernetes.loadBalancers;
  const hosts = [...new Set(serversOf(settings, region).map((server) => new URL(server[protocol]!).hostname))];
  const own = Object.fromEntries(
    Object.entries(annotations ?? networkLoadBalancer(isPublic)).map(([key, value]) => [
      key,
      value.replaceAll("<region>", region),
    ]),
  );
  return {
    ...{ name, hosts, port, target, sourceRanges },
    annotations: {
      ...annotationsOf(settings, region, "services"),
      ...own,
      ...(dns === "external-dns" && { "external-dns.alpha.kubernetes.io/hostname": hosts.join(",") }),
    },
    spec: {
      type: "LoadBalancer",
      selector: serverLabels,
      ports: [{ name: portName, port, targetPort: portName, appProtocol: "tls" }],
      // A server is ready only when there is a meta leader, and without gateways there never is one.
      publishNotReadyAddresses: protocol === "gateway",
      ...(sourceRanges.length && { loadBalancerSourceRanges: sourceRanges }),
    },
  };
}

/** Annotations of the AWS Load Balancer Controller: connections go directly to the pods, in all zones. */
const networkLoadBalancer = (isPublic: boolean): Record<string, string> => ({
  "service.beta.kubernetes.io/aws-load-balancer-type": "external",
  "service.beta.kubernetes.io/aws-load-balancer-nlb-target-type": "ip",
  "service.beta.kubernetes.io/aws-load-balancer-scheme": isPublic ? "internet-facing" : "internal",
  "service.beta.kubernetes.io/aws-load-balancer-attributes": "load_balancing.cross_zone.enabled=true",
});

/**
 * Whether the program waits for the addresses of load balancers: only where it writes their DNS records itself;
 * elsewhere a controller may assign them later.
 */
export const waitAnnotations = ({ kubernetes }: KubernetesEnvironment): Record<string, string> =>
  kubernetes.loadBalancers.dns === "route53" ? {} : { "pulumi.com/skipAwait": "true" };

/** Host names or addresses in a Service's status; none before its controller has assigned them. */
export const hostsOf = (status: types.output.core.v1.ServiceStatus | undefined): string[] =>
  (status?.loadBalancer?.ingress ?? []).map(({ hostname, ip }) => hostname ?? ip);
