import * as pulumi from "@pulumi/pulumi";
import * as s3 from "@pulumi/aws/s3";
import { daysOf } from "../../config/schema/aws";
import { tlsOnly } from "./policies";
import { backupBucketName, type AwsLocation } from "./location";

export interface BackupsArgs {
  location: AwsLocation;
  /** ARN of the KMS key that encrypts the objects. Default: S3's own key (SSE-S3). */
  key?: pulumi.Input<string>;
}

/** A bucket for backups: encrypted, versioned, private, reachable by TLS 1.2 or later only. Protected. */
export class Backups extends pulumi.ComponentResource {
  /** The bucket's name. */
  readonly bucket: pulumi.Output<string>;

  constructor(name: string, { location, key }: BackupsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("supercluster:aws:Backups", name, {}, opts);
    const own = { parent: this };
    const { keepReplaced, expireAfter } = location.settings.backups!;
    const made = new s3.Bucket(name, { bucket: backupBucketName(location) }, { ...own, protect: true });
    const { bucket } = made;

    const access = new s3.BucketPublicAccessBlock(
      `${name}-access`,
      { bucket, blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
      own,
    );
    new s3.BucketOwnershipControls(
      `${name}-ownership`,
      { bucket, rule: { objectOwnership: "BucketOwnerEnforced" } },
      own,
    );
    new s3.BucketServerSideEncryptionConfiguration(
      `${name}-encryption`,
      {
        bucket,
        rules: [
          {
            applyServerSideEncryptionByDefault: key
              ? { sseAlgorithm: "aws:kms", kmsMasterKeyId: key }
              : { sseAlgorithm: "AES256" },
            bucketKeyEnabled: key !== undefined,
          },
        ],
      },
      own,
    );
    const versioning = new s3.BucketVersioning(
      `${name}-versioning`,
      { bucket, versioningConfiguration: { status: "Enabled" } },
      own,
    );
    new s3.BucketLifecycleConfiguration(
      `${name}-lifecycle`,
      {
        bucket,
        rules: [
          {
            id: "expire",
            status: "Enabled",
            filter: { prefix: "" },
            noncurrentVersionExpiration: { noncurrentDays: daysOf(keepReplaced) },
            // With `days` set, S3 removes expired markers itself and refuses both settings together.
            expiration: expireAfter ? { days: daysOf(expireAfter) } : { expiredObjectDeleteMarker: true },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
          },
        ],
      },
      { ...own, dependsOn: versioning },
    );
    // S3 accepts one change of a bucket's access at a time.
    new s3.BucketPolicy(`${name}-policy`, { bucket, policy: made.arn.apply(tlsOnly) }, { ...own, dependsOn: access });

    this.bucket = bucket;
    this.registerOutputs({ bucket });
  }
}
