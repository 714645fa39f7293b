import * as pulumi from "@pulumi/pulumi";
import { LaunchTemplate } from "@pulumi/aws/ec2/launchTemplate";
import { NodeGroup } from "@pulumi/aws/eks/nodeGroup";
import type { NewCluster } from "../../config/schema/aws";
import { amiType } from "./ami-type";
import type { AwsLocation } from "./location";
import { ServiceRole } from "./service-role";

export interface NodeGroupsArgs {
  location: AwsLocation;
  /** Name of the cluster; known when the add-ons that nodes need are installed. */
  cluster: pulumi.Input<string>;
  settings: NewCluster["nodes"];
  /** By zone. */
  subnets: Record<string, pulumi.Input<string>>;
}

/** A node group in each zone: a server's volume is in one zone, so a lost node must be replaced there. */
export class NodeGroups extends pulumi.ComponentResource {
  constructor(
    name: string,
    { location, cluster, settings: { instanceType, perZone }, subnets }: NodeGroupsArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("supercluster:aws:NodeGroups", name, {}, opts);
    const own = { parent: this };
    const title = `${location.environment}-${location.region}-node`;
    const role = new ServiceRole(
      `${name}-role`,
      {
        location,
        service: "ec2.amazonaws.com",
        description: `Nodes of NATS in ${location.region}`,
        managed: ["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryPullOnly"],
      },
      own,
    );
    const template = new LaunchTemplate(
      name,
      {
        description: `Nodes of NATS in ${location.region}`,
        updateDefaultVersion: true,
        blockDeviceMappings: [
          {
            deviceName: "/dev/xvda",
            ebs: { volumeType: "gp3", volumeSize: 50, encrypted: "true", deleteOnTermination: "true" },
          },
        ],
        // Pods cannot reach the node's own credentials.
        metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
        tagSpecifications: [{ resourceType: "instance", tags: { Name: title } }],
      },
      own,
    );
    for (const [zone, subnet] of Object.entries(subnets)) {
      new NodeGroup(
        `${name}-${zone}`,
        {
          clusterName: cluster,
          nodeRoleArn: role.arn,
          subnetIds: [subnet],
          amiType: amiType(instanceType),
          instanceTypes: [instanceType],
          launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
          scalingConfig: { minSize: perZone, desiredSize: perZone, maxSize: perZone + 1 },
          updateConfig: { maxUnavailable: 1 },
          nodeRepairConfig: { enabled: true },
        },
        { ...own, dependsOn: role },
      );
    }
    this.registerOutputs({});
  }
}
