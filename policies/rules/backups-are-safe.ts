import type { Inputs, Resource } from "../resource";
import type { StackRule } from "../rule";

const bucketType = "aws:s3/bucket:Bucket";

/** What belongs to a bucket: each a resource beside it, with one parent. */
const parts: { type: string; what: string; isGood(inputs: Inputs): boolean }[] = [
  {
    type: "aws:s3/bucketVersioning:BucketVersioning",
    what: "is not versioned",
    isGood: ({ versioningConfiguration }) => (versioningConfiguration as Inputs | undefined)?.status === "Enabled",
  },
  {
    type: "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    what: "is not encrypted",
    isGood: ({ rules = [] }) =>
      (rules as { applyServerSideEncryptionByDefault?: Inputs }[]).some(
        (rule) => !!rule.applyServerSideEncryptionByDefault?.sseAlgorithm,
      ),
  },
  {
    type: "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    what: "may be made public",
    isGood: (inputs) =>
      ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"].every(
        (key) => inputs[key] === true,
      ),
  },
];

export const backupsAreSafe: StackRule = {
  name: "backups-are-safe",
  description: "Every bucket is encrypted, keeps versions, and can never be made public.",
  severity: "high",
  enforcementLevel: "mandatory",
  why:
    "Backups hold every message of every tenant. Without versions one command, or one stolen key, " +
    "overwrites all of them.",
  remediation: "Keep every resource that components/aws/backups.ts makes beside the bucket",
  types: [bucketType, ...parts.map(({ type }) => type)],
  violationsOfStack: (resources) =>
    resources.filter(({ type }) => type === bucketType).flatMap((bucket) => missing(bucket, resources)),
};

const missing = (bucket: Resource, resources: readonly Resource[]) =>
  parts
    .filter(
      ({ type, isGood }) =>
        !resources.some((part) => part.type === type && part.parent === bucket.parent && isGood(part.inputs)),
    )
    .map(({ what }) => ({ resource: bucket, message: `bucket ${bucket.name} ${what}` }));
