import * as pulumi from "@pulumi/pulumi";
import * as secretsmanager from "@pulumi/aws/secretsmanager";
import { daysOf } from "../../config/schema/aws";

export interface StoredSecretArgs {
  name: string;
  description: string;
  /** At most 65,536 bytes. */
  value: pulumi.Input<string>;
  /** How long a deleted one can be brought back, in days: `"30d"`, `"0d"`. */
  recovery: string;
  /** ARN of the key that encrypts it. Default: Secrets Manager's own, which is of no use to other accounts. */
  key?: pulumi.Input<string>;
}

const mostBytes = 65_536;

/** One secret in Secrets Manager, and its value. */
export class StoredSecret extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(
    name: string,
    { value, recovery, key, ...args }: StoredSecretArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("supercluster:aws:StoredSecret", name, {}, opts);
    const own = { parent: this };
    const secret = new secretsmanager.Secret(
      name,
      { ...args, recoveryWindowInDays: daysOf(recovery), ...(key && { kmsKeyId: key }) },
      own,
    );
    const secretString = pulumi.secret(pulumi.output(value).apply((known) => storable(args.name, known)));
    new secretsmanager.SecretVersion(`${name}-value`, { secretId: secret.arn, secretString }, own);
    this.arn = secret.arn;
    this.registerOutputs({ arn: this.arn });
  }
}

/** The value, if Secrets Manager takes that much. */
export function storable(name: string, value: string): string {
  const bytes = Buffer.byteLength(value);
  if (bytes > mostBytes) {
    throw new pulumi.RunError(
      `secret ${name} would have ${bytes} bytes, Secrets Manager takes ${mostBytes}: it has too many users. Take its entry out of the settings of aws`,
    );
  }
  return value;
}
