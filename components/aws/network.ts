import * as pulumi from "@pulumi/pulumi";
import * as ec2 from "@pulumi/aws/ec2";
import { type NewCluster, zonesOf } from "../../config/schema/aws";
import type { AwsLocation } from "./location";
import { subnetsOf } from "./subnets";

/** The load balancer controller finds its subnets by these tags. */
const subnetTags = {
  nodes: { "kubernetes.io/role/internal-elb": "1" },
  edge: { "kubernetes.io/role/elb": "1" },
} as const;

const everywhere = "0.0.0.0/0";

/** A network over three zones: private subnets with NAT for nodes, public subnets for load balancers. */
export class Network extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  /** By zone. */
  readonly nodeSubnets: Record<string, pulumi.Output<string>>;
  /** Public addresses of the NAT gateways: what other regions must allow. */
  readonly natAddresses: pulumi.Output<string[]>;

  constructor(
    name: string,
    { location, settings }: { location: AwsLocation; settings: NewCluster },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("supercluster:aws:Network", name, {}, opts);
    const own = { parent: this };
    const tags = (what: string) => ({ Name: `${location.environment}-${location.region}-${what}` });

    const vpc = new ec2.Vpc(
      name,
      { cidrBlock: settings.cidr, enableDnsSupport: true, enableDnsHostnames: true, tags: tags("nats") },
      { ...own, protect: true },
    );
    const internet = new ec2.InternetGateway(name, { vpcId: vpc.id, tags: tags("nats") }, own);
    const edge = new ec2.RouteTable(`${name}-edge`, { vpcId: vpc.id, tags: tags("edge") }, own);
    new ec2.Route(
      `${name}-edge`,
      { routeTableId: edge.id, destinationCidrBlock: everywhere, gatewayId: internet.id },
      own,
    );

    const zones = subnetsOf(settings.cidr, zonesOf(location.settings, settings)).map(
      ({ zone, nodes, edge: edgeAddresses }) => {
        const subnet = (use: keyof typeof subnetTags, cidrBlock: string) =>
          new ec2.Subnet(
            `${name}-${use}-${zone}`,
            {
              vpcId: vpc.id,
              availabilityZone: zone,
              cidrBlock,
              tags: { ...tags(`${use}-${zone}`), ...subnetTags[use] },
            },
            own,
          );
        const [nodeSubnet, edgeSubnet] = [subnet("nodes", nodes), subnet("edge", edgeAddresses)];
        new ec2.RouteTableAssociation(`${name}-edge-${zone}`, { subnetId: edgeSubnet.id, routeTableId: edge.id }, own);
        return { zone, nodeSubnet, edgeSubnet };
      },
    );

    const nats = (settings.natGateways === "one" ? zones.slice(0, 1) : zones).map(({ zone, edgeSubnet }) => {
      const address = new ec2.Eip(`${name}-nat-${zone}`, { domain: "vpc", tags: tags(`nat-${zone}`) }, own);
      const gateway = new ec2.NatGateway(
        `${name}-nat-${zone}`,
        { subnetId: edgeSubnet.id, allocationId: address.allocationId, tags: tags(`nat-${zone}`) },
        { ...own, dependsOn: internet },
      );
      return { address: address.publicIp, id: gateway.id };
    });
    for (const [index, { zone, nodeSubnet }] of zones.entries()) {
      const table = new ec2.RouteTable(`${name}-nodes-${zone}`, { vpcId: vpc.id, tags: tags(`nodes-${zone}`) }, own);
      new ec2.Route(
        `${name}-nodes-${zone}`,
        { routeTableId: table.id, destinationCidrBlock: everywhere, natGatewayId: (nats[index] ?? nats[0]!).id },
        own,
      );
      new ec2.RouteTableAssociation(`${name}-nodes-${zone}`, { subnetId: nodeSubnet.id, routeTableId: table.id }, own);
    }

    this.vpcId = vpc.id;
    this.nodeSubnets = Object.fromEntries(zones.map(({ zone, nodeSubnet }) => [zone, nodeSubnet.id]));
    this.natAddresses = pulumi.all(nats.map(({ address }) => address));
    this.registerOutputs({ vpcId: this.vpcId, natAddresses: this.natAddresses });
  }
}
