import { monitoringPorts } from "../../config/monitoring";
import type { ServerConfig } from "../../components/supercluster/server-config";
import type { ResourceRule } from "../rule";
import type { Inputs, Partly } from "../resource";
import { localServerType, releaseType, configuredServers, valuesOf } from "../servers";

const serviceType = "kubernetes:core/v1:Service";
const ingressType = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";

/**
 * Ports for the region's servers and their monitoring, and their names in a pod. All others are for clients and other
 * regions; those of listeners are settings.
 */
const inner: readonly unknown[] = [6222, 7777, ...monitoringPorts, "cluster", "prom-metrics", "monitor"];

export const innerPortIsPrivate: ResourceRule = {
  name: "inner-port-is-private",
  description: "Nothing outside a region's cluster reaches its routes (6222) or its monitoring (8222, 8223, 7777).",
  severity: "critical",
  enforcementLevel: "mandatory",
  why:
    "Monitoring needs no login: it shows every account, connection and subject, and takes profiles. " +
    "Routes are for the servers of one cluster only.",
  remediation: "Open only ports of clients, gateways and listeners; Prometheus scrapes from inside the cluster",
  types: [serviceType, ingressType, releaseType, localServerType],
  violations(resource) {
    const { name, inputs } = resource;
    switch (resource.type) {
      case serviceType:
        return ofService(inputs.spec as Partly<ServiceSpec> | undefined).map((port) => `${name} opens port ${port}`);
      case ingressType:
        // A rule that allows another security group opens nothing to the outside.
        return "cidrIpv4" in inputs || "cidrIpv6" in inputs
          ? ofRange(inputs).map((port) => `${name} opens port ${port}`)
          : [];
      case releaseType:
        return ofChart(valuesOf(resource) ?? {}).map((what) => `${name} has ${what} in the Service of clients`);
      default:
        return ofServer(configuredServers(resource)?.config)
          .filter((address) => address !== undefined && !/^(127\.0\.0\.1|localhost|\[::1\]):/.test(address))
          .map((address) => `${name} listens on ${address}`);
    }
  },
};

const ofServer = ({ http, https, cluster }: Partly<ServerConfig> = {}) => [http, https, cluster?.listen];

interface ServiceSpec {
  type: string;
  ports: { port: number; targetPort: number | string }[];
}

const ofService = ({ type, ports = [] }: Partly<ServiceSpec> = {}): number[] =>
  type === "LoadBalancer" || type === "NodePort"
    ? ports.flatMap(({ port = 0, targetPort }) => ([port, targetPort].some((one) => inner.includes(one)) ? [port] : []))
    : [];

const ofRange = ({ fromPort, toPort }: Inputs): string[] =>
  fromPort === toPort && !inner.includes(Number(fromPort)) ? [] : [`${fromPort} to ${toPort}`];

function ofChart({ service }: { service?: object }): string[] {
  const { ports = {} } = (service ?? {}) as { ports?: Record<string, { enabled?: boolean }> };
  return ["cluster", "monitor", "profiling"].filter((port) => ports[port]?.enabled);
}
