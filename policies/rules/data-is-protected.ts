import { exceptions, isExcepted, isLocal, streamOf, streamType } from "../jetstream-resources";
import type { ResourceRule } from "../rule";

/** On AWS: what cannot be recreated as it was. */
const awsTypes = ["aws:kms/key:Key", "aws:s3/bucket:Bucket", "aws:eks/cluster:Cluster", "aws:ec2/vpc:Vpc"];

export const dataIsProtected: ResourceRule<string[]> = {
  name: "data-is-protected",
  description:
    "Outside local environments streams in files are protected from deletion; so are keys, buckets, " +
    "clusters and networks on AWS.",
  severity: "critical",
  enforcementLevel: "mandatory",
  why:
    "A resource that is removed from the program is deleted without asking its provider. " +
    "The engine refuses to delete what is protected, already at preview.",
  remediation:
    'Leave deletionPolicy out ("retain"), or write "delete-if-empty"; ' +
    "a stream to delete with its messages is excepted for the release before",
  types: [streamType, ...awsTypes],
  setting: exceptions("Streams", "irisx/SMS"),
  violations(resource, except) {
    if (resource.protect) return [];
    if (resource.type !== streamType) return [`${resource.name} is not protected`];
    const { args, key } = streamOf(resource);
    // Both are deleted only after their messages were counted, and the loss was allowed.
    const isGuarded = args.deletionPolicy === "delete-if-empty" || resource.inputs.absent === true;
    const holds = (args.storage ?? "file") === "file" && !isLocal(resource);
    return holds && !isGuarded && !isExcepted(key, except) ? [`stream ${key} is not protected`] : [];
  },
};
