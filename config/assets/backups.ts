import { defaultBucketName } from "../schema/aws";
import type { KubernetesBackups } from "../schema/kubernetes-backups";
import type { Environment, KubernetesEnvironment } from "../schema/settings";
import { type WithWorkers, withWorkers } from "../topology";

/** Backups on a schedule (`kubernetes.backups`). */

/** User of every account that copies its streams, name of the jobs' objects, and of what would be their tenant. */
export const backup = "backup";

/** How an environment makes backups; undefined: it has no schedule. */
export const backupsOf = (environment: Environment): KubernetesBackups | undefined =>
  environment.target === "kubernetes" ? environment.kubernetes.backups : undefined;

/** The settings, where a region runs the jobs. */
export function withBackups(
  settings: KubernetesEnvironment,
  region: string,
): (WithWorkers & { kubernetes: { backups: KubernetesBackups } }) | undefined {
  const known = withWorkers(settings);
  return known?.kubernetes.backups?.region === region
    ? (known as WithWorkers & { kubernetes: { backups: KubernetesBackups } })
    : undefined;
}

/** Where backups of an environment are, and how S3 is found there. */
export interface BackupPlace {
  /** `s3://<bucket>/<prefix>` */
  store: string;
  region: string;
  endpoint?: string;
  /** Whether the bucket is that of the region's own stack. */
  isOwn: boolean;
}

/** Undefined where the settings name no place, which is refused. */
export function backupPlaceOf(name: string, { aws, kubernetes }: KubernetesEnvironment): BackupPlace | undefined {
  const { backups } = kubernetes;
  if (!backups) return undefined;
  const own = aws?.regions[backups.region];
  const bucket = own?.backups && (own.backups.bucket ?? defaultBucketName(name, backups.region, own.account));
  const store = backups.to ?? (bucket === undefined ? undefined : `s3://${bucket}`);
  if (store === undefined) return undefined;
  const region = backups.storeRegion ?? own?.region ?? "us-east-1";
  return { store, region, endpoint: backups.endpoint, isOwn: backups.to === undefined };
}
