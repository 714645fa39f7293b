import * as pulumi from "@pulumi/pulumi";
import { getClusterOutput } from "@pulumi/aws/eks/getCluster";
import { Provider as KubernetesProvider } from "@pulumi/kubernetes/provider";
import { EksCluster } from "./eks-cluster";
import { kubeconfig } from "./kubeconfig";
import { LoadBalancerController } from "./load-balancer-controller";
import { knownAfter } from "./known-after";
import { clusterArn, type AwsLocation } from "./location";

export interface ClusterArgs {
  location: AwsLocation;
  /** ARN of the KMS key that encrypts Secrets and volumes of a new cluster. Default: AWS's own keys. */
  key?: pulumi.Input<string>;
}

/**
 * The EKS cluster of a region: an existing one, or a new one with its network, nodes, EBS driver and load balancer
 * controller.
 */
export class Cluster extends pulumi.ComponentResource {
  /** Known when the cluster is ready for servers. Not secret: tokens come from the `aws` command. */
  readonly kubeconfig: pulumi.Output<string>;
  /** Its ARN, which identifies the cluster for as long as it exists. */
  readonly identifier: string;
  readonly vpcId: pulumi.Output<string>;
  readonly nodeSecurityGroup: pulumi.Output<string>;
  /** Public addresses of a new cluster's NAT gateways: other regions must allow them for gateway connections. */
  readonly natAddresses?: pulumi.Output<string[]>;

  constructor(name: string, { location, key }: ClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("supercluster:aws:Cluster", name, {}, opts);
    const { name: cluster, create, nodeSecurityGroup } = location.settings.cluster!;
    const configOf = (endpoint: pulumi.Output<string>, authority: pulumi.Output<string>) =>
      pulumi
        .all([endpoint, authority])
        .apply(([url, certificateAuthority]) =>
          kubeconfig({ name: cluster, endpoint: url, certificateAuthority }, location),
        );
    this.identifier = clusterArn(location, cluster);

    if (create) {
      const made = new EksCluster(`${name}-eks`, { location, cluster, settings: create, key }, { parent: this });
      const config = configOf(made.endpoint, made.certificateAuthority);
      const provider = new KubernetesProvider(
        `${name}-eks`,
        { kubeconfig: config, clusterIdentifier: this.identifier },
        { parent: this },
      );
      const controller = new LoadBalancerController(
        `${name}-load-balancer-controller`,
        { location, cluster: made.name, vpcId: made.vpcId, version: create.loadBalancerController },
        { parent: this, providers: [provider] },
      );
      this.kubeconfig = knownAfter(config, [controller.release]);
      this.vpcId = made.vpcId;
      this.nodeSecurityGroup = made.nodeSecurityGroup;
      this.natAddresses = made.natAddresses;
    } else {
      const found = getClusterOutput({ name: cluster }, { parent: this });
      this.kubeconfig = configOf(
        found.endpoint,
        found.certificateAuthorities.apply(([first]) => first!.data),
      );
      this.vpcId = found.vpcConfig.vpcId;
      this.nodeSecurityGroup = nodeSecurityGroup
        ? pulumi.output(nodeSecurityGroup)
        : found.vpcConfig.clusterSecurityGroupId;
    }
    this.registerOutputs({ identifier: this.identifier, vpcId: this.vpcId });
  }
}
