import type * as kubernetes from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { backup, backupPlaceOf, withBackups } from "../config/assets/backups";
import type { RegionIdentity, RegionSpec } from "../config/assets/region";
import type { KubernetesEnvironment } from "../config/schema/settings";
import { workersNamespaceOf } from "../config/topology";
import type { AwsRegion } from "../components/aws/region";

/** Backups on a schedule, where the environment makes them in this region. */
export function deployBackups(
  region: RegionSpec & { settings: KubernetesEnvironment },
  {
    provider,
    identity,
    aws,
  }: { provider: kubernetes.Provider; identity: pulumi.Output<RegionIdentity>; aws: AwsRegion | undefined },
): void {
  const settings = withBackups(region.settings, region.name);
  const place = settings && backupPlaceOf(region.environment, settings);
  if (!place) return;
  const { BackupJobs } =
    require("../components/backup/backup-jobs") as typeof import("../components/backup/backup-jobs");
  const { backupAccounts } =
    require("../components/backup/backup-objects") as typeof import("../components/backup/backup-objects");
  const hasRole = place.isOwn && aws?.cluster !== undefined;
  if (hasRole) aws.backupAccess(workersNamespaceOf(settings, region.name, backup)!, backupAccounts);
  new BackupJobs(`${region.name}-backup`, {
    ...{ region, settings, place, identity, provider },
    ...(hasRole && { serviceAccounts: backupAccounts }),
  });
}
