import type { ResourceRule } from "../rule";

const serviceType = "kubernetes:core/v1:Service";
const ingressType = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule";
const gatewayPort = 7222;
const everyone = ["0.0.0.0/0", "::/0"];

export const gatewayPortHasAnAllowList: ResourceRule = {
  name: "gateway-port-has-an-allow-list",
  description: "Gateways (7222) that can be reached from the internet accept named addresses only.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "Gateways are dialled by a handful of known addresses, those of the other regions. " +
    "Any other client can only try certificates, or keep handshakes open.",
  remediation: "Write the addresses of the other regions' nodes or NAT in kubernetes.loadBalancers.sourceRanges",
  types: [serviceType, ingressType],
  violations({ type, name, inputs }) {
    if (type === ingressType) {
      const isGateway = Number(inputs.fromPort) <= gatewayPort && gatewayPort <= Number(inputs.toPort);
      const isOpen = ["cidrIpv4", "cidrIpv6"].some((key) => key in inputs && everyone.includes(String(inputs[key])));
      return isGateway && isOpen ? [`${name} allows every address`] : [];
    }
    const { ports = [], loadBalancerSourceRanges = [] } = (inputs.spec ?? {}) as {
      ports?: { port: number }[];
      loadBalancerSourceRanges?: string[];
    };
    if (!ports.some(({ port }) => port === gatewayPort)) return [];
    if (loadBalancerSourceRanges.some((range) => everyone.includes(range))) return [`${name} allows every address`];
    // Annotations may come from security groups that do not exist yet; where there are groups, there are ranges.
    return loadBalancerSourceRanges.length === 0 && isPublic(inputs)
      ? [`${name} can be reached from the whole internet`]
      : [];
  },
};

const isPublic = ({ metadata }: Record<string, unknown>): boolean =>
  (metadata as { annotations?: Record<string, string> } | undefined)?.annotations?.[
    "service.beta.kubernetes.io/aws-load-balancer-scheme"
  ] === "internet-facing";
