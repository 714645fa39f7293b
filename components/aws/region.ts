import * as pulumi from "@pulumi/pulumi";
import type { RegionIdentity, RegionSpec } from "../../config/assets/region";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { type ByUse, loadBalancers, mapUses } from "../supercluster/load-balancers";
import { BackupAccess } from "./backup-access";
import { Backups } from "./backups";
import { Cluster } from "./cluster";
import { ConnectionSecrets } from "./connection-secrets";
import { keyArn } from "./key";
import type { AwsLocation } from "./location";
import { awsProvider } from "./provider";
import { Records } from "./records";
import { readRegionIdentity } from "./region-identity";
import { SecurityGroups } from "./security-groups";

export interface AwsRegionArgs {
  location: AwsLocation;
  region: RegionSpec & { settings: KubernetesEnvironment };
}

/**
 * What one region uses of AWS, as its settings ask. The constructor makes what servers need; the methods make what
 * depends on the servers, as children of this component.
 */
export class AwsRegion extends pulumi.ComponentResource {
  /** The EKS cluster; undefined where the settings name none. */
  readonly cluster?: Cluster;
  /** KMS key for volumes; undefined: AWS's own key. */
  readonly key?: pulumi.Input<string>;
  /** Additional annotations of the region's load balancers. */
  readonly annotations?: SecurityGroups["annotations"];
  /** Name of the bucket for backups. */
  readonly backups?: pulumi.Output<string>;

  private readonly provider: pulumi.ProviderResource;
  private readonly inside: pulumi.ComponentResourceOptions;

  constructor(
    private readonly name: string,
    private readonly args: AwsRegionArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    const { location, region } = args;
    super("supercluster:aws:Region", name, {}, opts);
    const { settings } = location;
    this.provider = awsProvider(`${name}-aws`, location, this);
    this.inside = { parent: this, providers: [this.provider] };
    this.key = keyArn(`${name}-key`, { location, use: "nats" }, this.inside);
    if (settings.cluster) this.cluster = new Cluster(`${name}-cluster`, { location, key: this.key }, this.inside);
    if (settings.backups)
      this.backups = new Backups(`${name}-backups`, { location, key: this.key }, this.inside).bucket;
    if (settings.securityGroups) {
      const { vpcId, nodeSecurityGroup: nodes } = this.cluster!;
      const balancers = loadBalancers(region.settings, region.name);
      this.annotations = new SecurityGroups(
        `${name}-load-balancers`,
        { location, vpcId, nodes, balancers },
        this.inside,
      ).annotations;
    }
    this.registerOutputs({ backups: this.backups });
  }

  /** The region's part of the identity, from its secret; undefined: read it by a reference to the identity stack. */
  readIdentity(): pulumi.Output<RegionIdentity> | undefined {
    const { location } = this.args;
    return location.settings.identitySecret && readRegionIdentity(location, this.provider);
  }

  /** Creates the secrets that clients read. ARNs by login; undefined where the settings ask for none. */
  connectionSecrets(identity: pulumi.Input<RegionIdentity>): pulumi.Output<Record<string, string>> | undefined {
    const { location, region } = this.args;
    return (
      location.settings.connectionSecrets &&
      new ConnectionSecrets(`${this.name}-connections`, { location, region, identity, key: this.key }, this.inside).arns
    );
  }

  /** Gives the pods of backup jobs roles that reach the region's bucket. */
  backupAccess(namespace: string, accounts: { writer: string; reader: string }): void {
    const { location } = this.args;
    new BackupAccess(
      `${this.name}-backup-access`,
      { location, bucket: this.backups!, key: this.key, namespace, accounts },
      this.inside,
    );
  }

  /** Creates DNS records for the load balancers, given their host names; none where the settings have no zone. */
  records(targets: ByUse<pulumi.Input<string>>): void {
    const { location, region } = this.args;
    const zone = location.settings.hostedZone;
    if (!zone) return;
    const balancers = loadBalancers(region.settings, region.name);
    const known = mapUses(balancers, ({ hosts }, use) => ({ hosts, loadBalancer: targets[use]! }));
    new Records(`${this.name}-records`, { zone, targets: Object.values(known) }, this.inside);
  }
}
