import type { AwsRegionSettings } from "../../config/schema/aws";
import type { Environment } from "../../config/schema/settings";

/** A region of the supercluster, and where on AWS it is. */
export interface AwsLocation {
  /** Name of the environment. */
  environment: string;
  /** The supercluster's region, e.g. `iad`. */
  region: string;
  settings: AwsRegionSettings;
  /** Of everything in it. */
  tags: Record<string, string>;
}

/** Where a region is; nothing if it uses nothing of AWS. */
export function awsLocationOf(name: string, environment: Environment, region: string): AwsLocation | undefined {
  const aws = environment.target === "kubernetes" ? environment.aws : undefined;
  const settings = aws?.regions[region];
  if (!aws || !settings) return undefined;
  return {
    environment: name,
    region,
    settings,
    tags: { ...aws.tags, "supercluster:environment": name, "supercluster:region": region },
  };
}

/** Names of AWS's own resources say in which of its three parts they are. */
export function partitionOf({ settings: { region } }: AwsLocation): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}

/** ARN of a policy that AWS maintains, e.g. `AmazonEKSClusterPolicy`. */
export const managedPolicy = (location: AwsLocation, name: string): string =>
  `arn:${partitionOf(location)}:iam::aws:policy/${name}`;

/** ARN of an EKS cluster there. */
export const clusterArn = (location: AwsLocation, name: string): string =>
  `arn:${partitionOf(location)}:eks:${location.settings.region}:${location.settings.account}:cluster/${name}`;

/** Secret with all that a user's client needs. Who reads it asks for it by this name. */
export const connectionSecretName = ({ environment, region }: AwsLocation, login: string): string =>
  `${environment}/${region}/nats/${login}`;

/** Secret with a region's part of the identity. */
export const identitySecretName = ({ environment, region }: AwsLocation): string => `${environment}/${region}/identity`;

/** Of a bucket: unique in all of AWS, because the account's number is. */
export const backupBucketName = ({ environment, region, settings }: AwsLocation): string =>
  settings.backups?.bucket ?? `${environment}-${region}-nats-backups-${settings.account}`;
