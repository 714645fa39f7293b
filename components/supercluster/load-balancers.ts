import type { types } from "@pulumi/kubernetes";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { kubernetesNames, kubernetesPorts, serversOf } from "../../config/topology";
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
  annotations: Record<string, string>;
  spec: types.input.core.v1.ServiceSpec;
}

/** A region's load balancers: for clients, and for the gateways of other regions. */
export function loadBalancers(
  environment: KubernetesEnvironment,
  region: string,
): { clients: LoadBalancer; gateways: LoadBalancer } {
  const servers = serversOf(environment, region);
  const hosts = (protocol: "client" | "gateway") => [
    ...new Set(servers.map((server) => new URL(server[protocol]).hostname)),
  ];
  return {
    clients: loadBalancer(environment, region, "nats-clients", "client", hosts("client")),
    gateways: loadBalancer(environment, region, "nats-gateways", "gateway", hosts("gateway")),
  };
}

const portNames = { client: "nats", gateway: "gateway" } as const;

function loadBalancer(
  settings: KubernetesEnvironment,
  region: string,
  name: string,
  protocol: "client" | "gateway",
  hosts: string[],
): LoadBalancer {
  const { kubernetes } = settings;
  const { annotations, sourceRanges, dns, public: isPublic } = kubernetes.loadBalancers;
  const own = Object.fromEntries(
    Object.entries(annotations ?? networkLoadBalancer(isPublic)).map(([key, value]) => [
      key,
      value.replaceAll("<region>", region),
    ]),
  );
  return {
    name,
    hosts,
    annotations: {
      ...annotationsOf(settings, region, "services"),
      ...own,
      ...(dns === "external-dns" && { "external-dns.alpha.kubernetes.io/hostname": hosts.join(",") }),
    },
    spec: {
      type: "LoadBalancer",
      selector: serverLabels,
      ports: [
        {
          name: portNames[protocol],
          port: kubernetesPorts[protocol],
          targetPort: portNames[protocol],
          appProtocol: "tls",
        },
      ],
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
