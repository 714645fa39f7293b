import * as pulumi from "@pulumi/pulumi";
import { LogGroup } from "@pulumi/aws/cloudwatch/logGroup";
import * as eks from "@pulumi/aws/eks";
import type { NewCluster } from "../../config/schema/aws";
import { Network } from "./network";
import { NodeGroups } from "./node-groups";
import { encryptionPolicy, volumePolicy } from "./policies";
import { knownAfter } from "./known-after";
import { partitionOf, type AwsLocation } from "./location";
import { principalName } from "./principal-name";
import { ServiceRole } from "./service-role";

export interface EksClusterArgs {
  location: AwsLocation;
  /** Name of the cluster. */
  cluster: string;
  settings: NewCluster;
  /** ARN of the key that encrypts Kubernetes' Secrets and the servers' volumes. Default: AWS's own keys. */
  key?: pulumi.Input<string>;
}

const logDays = 90;

/** A new network and EKS cluster with nodes, add-ons and the EBS driver. Only the administrators named have access. */
export class EksCluster extends pulumi.ComponentResource {
  /** Known when the control plane exists. */
  readonly name: pulumi.Output<string>;
  readonly vpcId: pulumi.Output<string>;
  /** Known when nodes, add-ons and administrators exist. */
  readonly endpoint: pulumi.Output<string>;
  readonly certificateAuthority: pulumi.Output<string>;
  /** Security group of control plane and nodes. */
  readonly nodeSecurityGroup: pulumi.Output<string>;
  readonly natAddresses: pulumi.Output<string[]>;

  constructor(
    name: string,
    { location, cluster: clusterName, settings, key }: EksClusterArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("supercluster:aws:EksCluster", name, {}, opts);
    const own = { parent: this };
    const network = new Network(`${name}-network`, { location, settings }, own);
    const cluster = this.controlPlane(name, location, clusterName, settings, network, key);

    const administrators = settings.administrators.map((principalArn) => {
      const what = `${name}-${principalName(principalArn)}`;
      const entry = new eks.AccessEntry(what, { clusterName: cluster.name, principalArn, type: "STANDARD" }, own);
      const policyArn = `arn:${partitionOf(location)}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy`;
      return new eks.AccessPolicyAssociation(
        what,
        { clusterName: cluster.name, principalArn, policyArn, accessScope: { type: "cluster" } },
        { ...own, dependsOn: entry },
      );
    });

    const addOn = (
      addonName: keyof NewCluster["addOns"],
      args: Partial<eks.AddonArgs> = {},
      dependsOn: pulumi.Resource[] = [],
    ) =>
      new eks.Addon(
        `${name}-${addonName}`,
        {
          clusterName: cluster.name,
          addonName,
          ...(settings.addOns[addonName] && { addonVersion: settings.addOns[addonName] }),
          resolveConflictsOnCreate: "OVERWRITE",
          resolveConflictsOnUpdate: "OVERWRITE",
          ...args,
        },
        { ...own, dependsOn },
      );
    // Nodes do not become ready without the first two.
    const ofNodes = [
      addOn("vpc-cni", { configurationValues: JSON.stringify({ enableNetworkPolicy: "true" }) }),
      addOn("kube-proxy"),
      addOn("eks-pod-identity-agent"),
    ];
    const nodes = new NodeGroups(
      `${name}-nodes`,
      { location, cluster: knownAfter(cluster.name, ofNodes), settings: settings.nodes, subnets: network.nodeSubnets },
      own,
    );
    const volumes = new ServiceRole(
      `${name}-volumes`,
      {
        location,
        service: "pods.eks.amazonaws.com",
        description: `Volumes of EKS cluster ${clusterName}`,
        managed: ["service-role/AmazonEBSCSIDriverPolicy"],
        own: key ? { key: pulumi.output(key).apply(volumePolicy) } : {},
      },
      own,
    );
    const onNodes = [
      addOn("coredns", {}, [nodes]),
      addOn(
        "aws-ebs-csi-driver",
        { podIdentityAssociations: [{ roleArn: volumes.arn, serviceAccount: "ebs-csi-controller-sa" }] },
        [nodes, volumes],
      ),
    ];

    this.vpcId = network.vpcId;
    this.natAddresses = network.natAddresses;
    this.nodeSecurityGroup = cluster.vpcConfig.clusterSecurityGroupId;
    this.endpoint = knownAfter(cluster.endpoint, [...administrators, ...onNodes]);
    this.name = cluster.name;
    this.certificateAuthority = cluster.certificateAuthority.data;
    this.registerOutputs({ vpcId: this.vpcId, natAddresses: this.natAddresses });
  }

  private controlPlane(
    name: string,
    location: AwsLocation,
    clusterName: string,
    settings: NewCluster,
    { nodeSubnets }: Network,
    key?: pulumi.Input<string>,
  ): eks.Cluster {
    const own = { parent: this };
    const role = new ServiceRole(
      `${name}-control-plane`,
      {
        location,
        service: "eks.amazonaws.com",
        description: `Control plane of EKS cluster ${clusterName}`,
        managed: ["AmazonEKSClusterPolicy"],
        own: key ? { key: pulumi.output(key).apply(encryptionPolicy) } : {},
      },
      own,
    );
    // EKS would create it itself, without a retention period.
    const logs = settings.logs.length
      ? [new LogGroup(`${name}-logs`, { name: `/aws/eks/${clusterName}/cluster`, retentionInDays: logDays }, own)]
      : [];
    const isPublic = settings.apiSourceRanges.length > 0;
    return new eks.Cluster(
      name,
      {
        name: clusterName,
        version: settings.version,
        roleArn: role.arn,
        // Only the named administrators have access, not the principal that happens to create the cluster.
        accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
        vpcConfig: {
          subnetIds: Object.values(nodeSubnets),
          endpointPrivateAccess: true,
          endpointPublicAccess: isPublic,
          ...(isPublic && { publicAccessCidrs: settings.apiSourceRanges }),
        },
        ...(key && { encryptionConfig: { provider: { keyArn: key }, resources: ["secrets"] } }),
        enabledClusterLogTypes: settings.logs,
        bootstrapSelfManagedAddons: false,
        // A version that has left standard support costs six times as much.
        upgradePolicy: { supportType: "STANDARD" },
      },
      { ...own, protect: true, dependsOn: [role, ...logs] },
    );
  }
}
