import type { ResourceRule } from "../rule";
import type { Inputs, Partly } from "../resource";
import { localServerType, releaseType, configuredServers, valuesOf } from "../servers";

const serviceType = "kubernetes:core/v1:Service";
const ingressType = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";

/** The two ports that are for others; 6222, 7777 and 8222 are for servers and for who watches them. */
const outer = [4222, 7222];

export const innerPortIsPrivate: ResourceRule = {
  name: "inner-port-is-private",
  description: "Nothing outside a region's cluster reaches its routes (6222) or its monitoring (8222, 7777).",
  severity: "critical",
  enforcementLevel: "mandatory",
  why:
    "Monitoring asks for no login: it shows every account, connection and subject, and takes profiles. " +
    "A route is the inside of a cluster.",
  remediation: "Open 4222 and 7222 alone; Prometheus scrapes from inside the cluster",
  types: [serviceType, ingressType, releaseType, localServerType],
  violations(resource) {
    const { name, inputs } = resource;
    switch (resource.type) {
      case serviceType:
        return ofService(inputs.spec as Partly<ServiceSpec> | undefined).map((port) => `${name} opens port ${port}`);
      case ingressType:
        // What one security group lets in of another stays inside.
        return "cidrIpv4" in inputs || "cidrIpv6" in inputs
          ? ofRange(inputs).map((port) => `${name} opens port ${port}`)
          : [];
      case releaseType:
        return ofChart(valuesOf(resource) ?? {}).map((what) => `${name} has ${what} in the Service of clients`);
      default:
        return [configuredServers(resource)?.config.http, configuredServers(resource)?.config.cluster?.listen]
          .filter((address) => address !== undefined && !/^(127\.0\.0\.1|localhost|\[::1\]):/.test(address))
          .map((address) => `${name} listens on ${address}`);
    }
  },
};

interface ServiceSpec {
  type: string;
  ports: { port: number }[];
}

const ofService = ({ type, ports = [] }: Partly<ServiceSpec> = {}): number[] =>
  type === "LoadBalancer" || type === "NodePort"
    ? ports.flatMap(({ port = 0 }) => (outer.includes(port) ? [] : [port]))
    : [];

const ofRange = ({ fromPort, toPort }: Inputs): string[] =>
  fromPort === toPort && outer.includes(Number(fromPort)) ? [] : [`${fromPort} to ${toPort}`];

function ofChart({ service }: { service?: object }): string[] {
  const { ports = {} } = (service ?? {}) as { ports?: Record<string, { enabled?: boolean }> };
  return ["cluster", "monitor", "profiling"].filter((port) => ports[port]?.enabled);
}
