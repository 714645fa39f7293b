import { type AwsRegionSettings, defaultBucketName, partitionOf as ofRegion } from "../../config/schema/aws";
import type { Environment } from "../../config/schema/settings";

/** A region of the supercluster, with its AWS settings. */
export interface AwsLocation {
  /** Name of the environment. */
  environment: string;
  /** The supercluster's region, e.g. `iad`. */
  region: string;
  settings: AwsRegionSettings;
  /** Tags of everything made in it. */
  tags: Record<string, string>;
}

/** AWS settings of a region; undefined where it uses nothing of AWS. */
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

/** Partition of the AWS region, as ARNs contain it. */
export const partitionOf = ({ settings }: AwsLocation): string => ofRegion(settings.region);

/** ARN of a policy that AWS maintains, e.g. `AmazonEKSClusterPolicy`. */
export const managedPolicy = (location: AwsLocation, name: string): string =>
  `arn:${partitionOf(location)}:iam::aws:policy/${name}`;

/** ARN of an EKS cluster. */
export const clusterArn = (location: AwsLocation, name: string): string =>
  `arn:${partitionOf(location)}:eks:${location.settings.region}:${location.settings.account}:cluster/${name}`;

/** Name of the backup bucket. */
export const backupBucketName = ({ environment, region, settings }: AwsLocation): string =>
  settings.backups?.bucket ?? defaultBucketName(environment, region, settings.account);
