import * as pulumi from "@pulumi/pulumi";
import * as ec2 from "@pulumi/aws/ec2";
import * as vpc from "@pulumi/aws/vpc";
import { type ByUse, type LoadBalancer, mapUses, type Use } from "../supercluster/load-balancers";
import type { AwsLocation } from "./location";

export interface SecurityGroupsArgs {
  location: AwsLocation;
  vpcId: pulumi.Input<string>;
  /** Security group of the nodes. */
  nodes: pulumi.Input<string>;
  balancers: ByUse<Pick<LoadBalancer, "port" | "target" | "sourceRanges">>;
}

/**
 * Security groups of a region's load balancers: ingress from their ranges, egress to the nodes, on one port each; and
 * the matching ingress rules of the nodes. Routes (6222), monitoring (8222) and metrics (7777) stay between nodes.
 */
export class SecurityGroups extends pulumi.ComponentResource {
  /** Annotations that attach the groups to the load balancers. */
  readonly annotations: ByUse<pulumi.Output<Record<string, string>>>;

  constructor(name: string, args: SecurityGroupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("supercluster:aws:SecurityGroups", name, {}, opts);
    this.annotations = mapUses(args.balancers, (balancer, use) => this.group(name, use, balancer, args));
    this.registerOutputs({ annotations: this.annotations });
  }

  private group(
    name: string,
    use: Use,
    { port, target, sourceRanges }: Pick<LoadBalancer, "port" | "target" | "sourceRanges">,
    { location, vpcId, nodes }: SecurityGroupsArgs,
  ): pulumi.Output<Record<string, string>> {
    const own = { parent: this };
    const tcp = (one: number) => ({ ipProtocol: "tcp", fromPort: one, toPort: one });
    const { id } = new ec2.SecurityGroup(
      `${name}-${use}`,
      { description: `NATS ${use} of ${location.environment} ${location.region}`, vpcId },
      own,
    );
    for (const range of new Set(sourceRanges)) {
      new vpc.SecurityGroupIngressRule(
        `${name}-${use}-${range}`,
        { securityGroupId: id, ...tcp(port), cidrIpv4: range, description: `NATS ${use}` },
        own,
      );
    }
    new vpc.SecurityGroupEgressRule(
      `${name}-${use}-to-nodes`,
      {
        securityGroupId: id,
        ...tcp(target),
        referencedSecurityGroupId: nodes,
        description: "To the servers, nowhere else",
      },
      own,
    );
    new vpc.SecurityGroupIngressRule(
      `${name}-nodes-${use}`,
      {
        securityGroupId: nodes,
        ...tcp(target),
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
