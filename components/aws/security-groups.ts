import * as pulumi from "@pulumi/pulumi";
import * as ec2 from "@pulumi/aws/ec2";
import * as vpc from "@pulumi/aws/vpc";
import { kubernetesPorts } from "../../config/topology";
import type { AwsLocation } from "./location";

export interface SecurityGroupsArgs {
  location: AwsLocation;
  vpcId: pulumi.Input<string>;
  /** Security group of the nodes. */
  nodes: pulumi.Input<string>;
  /** CIDR ranges that may connect. */
  sourceRanges: readonly string[];
}

/** Each load balancer opens one port. Routes (6222), monitoring (8222) and metrics (7777) stay between nodes. */
const ports = { clients: kubernetesPorts.client, gateways: kubernetesPorts.gateway } as const;

/**
 * Security groups of a region's two load balancers: ingress from the given ranges, egress to the nodes, on one port
 * each; and the matching ingress rules of the nodes.
 */
export class SecurityGroups extends pulumi.ComponentResource {
  /** Annotations that attach the groups to the load balancers. */
  readonly annotations: Record<keyof typeof ports, pulumi.Output<Record<string, string>>>;

  constructor(name: string, args: SecurityGroupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("supercluster:aws:SecurityGroups", name, {}, opts);
    this.annotations = { clients: this.group(name, "clients", args), gateways: this.group(name, "gateways", args) };
    this.registerOutputs({ annotations: this.annotations });
  }

  private group(
    name: string,
    use: keyof typeof ports,
    { location, vpcId, nodes, sourceRanges }: SecurityGroupsArgs,
  ): pulumi.Output<Record<string, string>> {
    const own = { parent: this };
    const port = ports[use];
    const tcp = { ipProtocol: "tcp", fromPort: port, toPort: port };
    const { id } = new ec2.SecurityGroup(
      `${name}-${use}`,
      { description: `NATS ${use} of ${location.environment} ${location.region}`, vpcId },
      own,
    );
    for (const range of new Set(sourceRanges)) {
      new vpc.SecurityGroupIngressRule(
        `${name}-${use}-${range}`,
        { securityGroupId: id, ...tcp, cidrIpv4: range, description: `NATS ${use}` },
        own,
      );
    }
    new vpc.SecurityGroupEgressRule(
      `${name}-${use}-to-nodes`,
      { securityGroupId: id, ...tcp, referencedSecurityGroupId: nodes, description: "To the servers, nowhere else" },
      own,
    );
    new vpc.SecurityGroupIngressRule(
      `${name}-nodes-${use}`,
      {
        securityGroupId: nodes,
        ...tcp,
        referencedSecurityGroupId: id,
        description: `NATS ${use} from their load balancer`,
      },
      own,
    );
    return id.apply((group): Record<string, string> => ({
      "service.beta.kubernetes.io/aws-load-balancer-security-groups": group,
      // The rules of the nodes are made by this component.
      "service.beta.kubernetes.io/aws-load-balancer-manage-backend-security-group-rules": "false",
    }));
  }
}
