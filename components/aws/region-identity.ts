import * as pulumi from "@pulumi/pulumi";
import * as secretsmanager from "@pulumi/aws/secretsmanager";
import type { RegionIdentity } from "../../config/assets/region";
import { stackName } from "../../config/stacks";
import { identitySecretName } from "../../config/topology";
import { keyArn } from "./key";
import type { AwsLocation } from "./location";
import { awsProvider } from "./provider";
import { StoredSecret } from "./stored-secret";

/**
 * A region's part of the identity, in Secrets Manager of the region's own AWS region: the identity stack writes it, the
 * region's stack reads it, and no stack has another region's keys in its state. Where the settings ask for a KMS key,
 * it has one of its own: the region's key is made later, by the region's stack.
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
      { name: identitySecretName(location.environment, location.region), description, value, recovery, key },
      own,
    ).arn;
    this.registerOutputs({ arn: this.arn });
  }
}

/**
 * Reads what {@link RegionIdentitySecret} wrote; secret.
 *
 * @throws {pulumi.RunError} where the secret cannot be read or is not valid JSON
 */
export function readRegionIdentity(
  location: AwsLocation,
  provider: pulumi.ProviderResource,
): pulumi.Output<RegionIdentity> {
  const secretId = identitySecretName(location.environment, location.region);
  const identity = stackName({ environment: location.environment, kind: "identity" });
  const fail = (problem: string): never => {
    throw new pulumi.RunError(`secret ${secretId} in ${location.settings.region} ${problem}`);
  };
  const read = secretsmanager
    .getSecretVersion({ secretId }, { provider })
    .catch((error: unknown) =>
      fail(
        `could not be read: ${(error as Error).message}. If it does not exist yet, ` +
          `deploy the identity stack first: pulumi up --stack ${identity}`,
      ),
    );
  return pulumi.secret(
    read.then(
      ({ secretString }) =>
        parsed(secretString) ??
        fail(`was changed after the identity stack wrote it; restore it: pulumi up --stack ${identity} --refresh`),
    ),
  );
}

/** Undefined for invalid JSON: the parser's own message would show part of the secret. */
function parsed(text: string): RegionIdentity | undefined {
  try {
    return JSON.parse(text) as RegionIdentity;
  } catch {
    return undefined;
  }
}
