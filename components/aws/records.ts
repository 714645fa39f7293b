import * as pulumi from "@pulumi/pulumi";
import * as route53 from "@pulumi/aws/route53";

export interface RecordsArgs {
  /** Id of the Route53 zone. */
  zone: string;
  /** Names to create, and the host name of the load balancer that they point to. */
  targets: { hosts: readonly string[]; loadBalancer: pulumi.Input<string> }[];
}

/** Seconds that resolvers cache a name: for this long clients may still dial a load balancer that was replaced. */
const ttl = 60;

/** Names of a region's load balancers in Route53. */
export class Records extends pulumi.ComponentResource {
  constructor(name: string, { zone, targets }: RecordsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("supercluster:aws:Records", name, {}, opts);
    for (const { hosts, loadBalancer } of targets) {
      for (const host of hosts)
        new route53.Record(
          `${name}-${host}`,
          { zoneId: zone, name: host, type: "CNAME", ttl, records: [loadBalancer] },
          { parent: this },
        );
    }
    this.registerOutputs({});
  }
}
