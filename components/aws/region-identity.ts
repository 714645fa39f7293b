import * as pulumi from "@pulumi/pulumi";
import * as secretsmanager from "@pulumi/aws/secretsmanager";
import type { RegionIdentity } from "../../config/assets/region";
import { stackName } from "../../config/stacks";
import { keyArn } from "./key";
import { identitySecretName, type AwsLocation } from "./location";
import { awsProvider } from "./provider";
import { StoredSecret } from "./stored-secret";

/**
 * A region's part of the identity in Secrets Manager of the region's own location: the identity stack writes it, the region's stack
 * reads it, and no stack has another region's keys in its state. A key of its own encrypts it, if the region has keys: the
 * region's is made later, by the region's stack.
 */
export class RegionIdentitySecret extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(
    name: string,
    { location, identity }: { location: AwsLocation; identity: pulumi.Input<RegionIdentity> },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("supercluster:aws:RegionIdentitySecret", name, {}, opts);
    const own = { parent: this, providers: [awsProvider(`${name}-aws`, location, this)] };
    const key = keyArn(`${name}-key`, { location, use: "identity" }, own);
    const value = pulumi.secret(pulumi.output(identity).apply((known) => JSON.stringify(known)));
    const { recovery } = location.settings.identitySecret!;
    const description = `Keys, certificates and passwords of NATS in ${location.region}`;
    this.arn = new StoredSecret(
      name,
      { name: identitySecretName(location), description, value, recovery, key },
      own,
    ).arn;
    this.registerOutputs({ arn: this.arn });
  }
}

/** What {@link RegionIdentitySecret} wrote, secret as it was. */
export function readRegionIdentity(
  location: AwsLocation,
  provider: pulumi.ProviderResource,
): pulumi.Output<RegionIdentity> {
  const secretId = identitySecretName(location);
  const identity = stackName({ environment: location.environment, kind: "identity" });
  const fail = (problem: string): never => {
    throw new pulumi.RunError(`secret ${secretId} in ${location.settings.region} ${problem}`);
  };
  const read = secretsmanager
    .getSecretVersion({ secretId }, { provider })
    .catch((error: unknown) =>
      fail(
        `cannot be read: ${(error as Error).message}. If it is not there yet, deploy identity first: pulumi up --stack ${identity}`,
      ),
    );
  return pulumi.secret(
    read.then(
      ({ secretString }) =>
        parsed(secretString) ??
        fail(`is not what the identity stack wrote; bring it back: pulumi up --stack ${identity} --refresh`),
    ),
  );
}

/** A parser's own message would show a part of the secret. */
function parsed(text: string): RegionIdentity | undefined {
  try {
    return JSON.parse(text) as RegionIdentity;
  } catch {
    return undefined;
  }
}
