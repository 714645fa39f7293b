import * as pulumi from "@pulumi/pulumi";
import * as secretsmanager from "@pulumi/aws/secretsmanager";
import { daysOf } from "../../config/schema/aws";
import { secretSizeRefusal } from "./secret-size";

export interface StoredSecretArgs {
  name: string;
  description: string;
  /** At most 65,536 bytes: the limit of Secrets Manager. */
  value: pulumi.Input<string>;
  /** How long a deleted secret can be restored, in days: `"30d"`, `"0d"`. */
  recovery: string;
  /** ARN of the KMS key that encrypts it. Default: Secrets Manager's own key, which other accounts cannot use. */
  key?: pulumi.Input<string>;
}

/** One secret in Secrets Manager, and its value. A value that is too large fails with {@link pulumi.RunError}. */
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
    const secretString = pulumi.secret(
      pulumi.output(value).apply((known) => {
        const refusal = secretSizeRefusal(args.name, known);
        if (refusal) throw new pulumi.RunError(refusal);
        return known;
      }),
    );
    new secretsmanager.SecretVersion(`${name}-value`, { secretId: secret.arn, secretString }, own);
    this.arn = secret.arn;
    this.registerOutputs({ arn: this.arn });
  }
}
