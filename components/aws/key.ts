import * as pulumi from "@pulumi/pulumi";
import * as kms from "@pulumi/aws/kms";
import { daysOf } from "../../config/schema/aws";
import { keyPolicy } from "./policies";
import type { AwsLocation } from "./location";

export interface KeyArgs {
  location: AwsLocation;
  /** What it encrypts; the end of its alias: `alias/<environment>-<region>-<use>`. */
  use: string;
}

/** A KMS key with an alias, rotated by AWS. Protected: without it, what it encrypted is lost. */
class Key extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, { location, use }: KeyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("supercluster:aws:Key", name, {}, opts);
    const { environment, region, settings } = location;
    const { rotation, recovery } = settings.key!;
    const key = new kms.Key(
      name,
      {
        description: `NATS ${use} of ${environment} ${region}`,
        enableKeyRotation: true,
        rotationPeriodInDays: daysOf(rotation),
        deletionWindowInDays: daysOf(recovery),
        policy: keyPolicy(location),
      },
      { parent: this, protect: true },
    );
    new kms.Alias(
      `${name}-alias`,
      { name: `alias/${environment}-${region}-${use}`, targetKeyId: key.keyId },
      { parent: this },
    );
    this.arn = key.arn;
    this.registerOutputs({ arn: this.arn });
  }
}

/** ARN of the KMS key that the settings name, or of a new one that they ask for; undefined where they ask for none. */
export function keyArn(
  name: string,
  args: KeyArgs,
  opts: pulumi.ComponentResourceOptions,
): pulumi.Input<string> | undefined {
  const { key } = args.location.settings;
  return key && (key.arn ?? new Key(name, args, opts).arn);
}
