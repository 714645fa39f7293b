import * as pulumi from "@pulumi/pulumi";
import * as s3 from "@pulumi/aws/s3";
import { daysOf } from "../../config/schema/aws";
import { tlsOnly } from "./policies";
import { backupBucketName, type AwsLocation } from "./location";

export interface BackupsArgs {
  location: AwsLocation;
  /** ARN of the key that encrypts them. Default: S3's own. */
  key?: pulumi.Input<string>;
}

/** A bucket for backups: encrypted, versioned, private, by TLS only. Protected. */
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
            // With days S3 takes these markers away by itself, and refuses both.
            expiration: expireAfter ? { days: daysOf(expireAfter) } : { expiredObjectDeleteMarker: true },
            abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
          },
        ],
      },
      { ...own, dependsOn: versioning },
    );
    // S3 takes one change of a bucket's access at a time.
    new s3.BucketPolicy(`${name}-policy`, { bucket, policy: made.arn.apply(tlsOnly) }, { ...own, dependsOn: access });

    this.bucket = bucket;
    this.registerOutputs({ bucket });
  }
}
