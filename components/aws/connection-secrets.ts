import * as pulumi from "@pulumi/pulumi";
import type { RegionIdentity, RegionSpec } from "../../config/assets/region";
import { connectionSecretName } from "../../config/topology";
import { connections, tenantLogins } from "../security/connections";
import type { AwsLocation } from "./location";
import { StoredSecret } from "./stored-secret";

export interface ConnectionSecretsArgs {
  location: AwsLocation;
  region: RegionSpec;
  /** The region's part of the identity; everything read from it stays secret. */
  identity: pulumi.Input<RegionIdentity>;
  /** ARN of the KMS key that encrypts the secrets. Default: Secrets Manager's own key. */
  key?: pulumi.Input<string>;
}

/** One secret for each user of a tenant, with everything a client needs to connect to the region. */
export class ConnectionSecrets extends pulumi.ComponentResource {
  /** ARNs by login. */
  readonly arns: pulumi.Output<Record<string, string>>;

  constructor(
    name: string,
    { location, region, identity, key }: ConnectionSecretsArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("supercluster:aws:ConnectionSecrets", name, {}, opts);
    const { recovery } = location.settings.connectionSecrets!;
    const values = pulumi.secret(pulumi.output(identity).apply((known) => connections(region, known)));
    const stored = tenantLogins(region).map((login) => {
      const description = `Connection of ${login} to NATS in ${region.name}`;
      const value = values.apply((all) => JSON.stringify(all[login]));
      return [
        login,
        new StoredSecret(
          `${name}-${login}`,
          {
            name: connectionSecretName(location.environment, location.region, login),
            description,
            value,
            recovery,
            key,
          },
          { parent: this },
        ).arn,
      ] as const;
    });
    this.arns = pulumi.output(Object.fromEntries(stored));
    this.registerOutputs({ arns: this.arns });
  }
}
