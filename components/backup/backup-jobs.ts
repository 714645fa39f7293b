import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { backup } from "../../config/assets/backups";
import type { RegionIdentity, RegionSpec } from "../../config/assets/region";
import { workersNamespaceOf } from "../../config/topology";
import { backupCredentials } from "../security/connections";
import { annotationsOf, labelsOf, metadataOf } from "../supercluster/metadata";
import { objectLabels, podSecurity } from "../supercluster/release";
import { encoded, fingerprint } from "../workers/secret-data";
import { podMonitorKind, podMonitorSpec, urlWithin, workerLabels } from "../workers/worker-objects";
import {
  backupNames,
  type PlacedBackups,
  runJobSpec,
  verifyJobSpec,
  watchBudgetSpec,
  watchSpec,
} from "./backup-objects";

export interface BackupJobsArgs extends Omit<PlacedBackups, "name" | "region"> {
  region: RegionSpec;
  /** The region's part of the identity; everything read from it stays secret. */
  identity: pulumi.Input<RegionIdentity>;
  /** The region's provider, which waits for the guard of its cluster. */
  provider: kubernetes.Provider;
}

/**
 * Backups of an environment on a schedule, in the cluster of one region: a CronJob that makes them, one that restores
 * the last, and a Deployment that reports how old they are. `up` waits for none of them.
 */
export class BackupJobs extends pulumi.ComponentResource {
  constructor(
    name: string,
    { region, identity, provider, ...placed }: BackupJobsArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("supercluster:backup:Jobs", name, {}, { ...opts, providers: { kubernetes: provider } });
    const { settings, serviceAccounts } = placed;
    const own = { parent: this, provider };
    const all = { ...placed, name: region.environment, region: region.name };
    const common = metadataOf({ ...labelsOf(settings), ...objectLabels(region) }, annotationsOf(settings, region.name));
    const namespace = workersNamespaceOf(settings, region.name, backup)!;
    const metadata = { ...common, namespace };
    const named = (part: "run" | "verify" | "watch") => ({
      ...metadata,
      name: backupNames[part],
      labels: { ...metadata.labels, ...workerLabels({ account: backup, objectName: backupNames[part] }) },
    });
    // Deleting it would delete the Secrets that operators made in it.
    const made = new kubernetes.core.v1.Namespace(
      name,
      { metadata: { ...common, name: namespace, labels: { ...common.labels, ...podSecurity } } },
      { ...own, retainOnDelete: true },
    );
    const inNamespace = { ...own, dependsOn: made };
    const accounts = Object.values(serviceAccounts ?? {}).map(
      (account) =>
        new kubernetes.core.v1.ServiceAccount(
          `${name}-${account}`,
          { metadata: { ...metadata, name: account }, automountServiceAccountToken: false },
          inNamespace,
        ),
    );

    const url = urlWithin(settings, region.name);
    const data = pulumi.secret(
      pulumi.output(identity).apply((known) => ({
        NATS_URL: url,
        NATS_CA: known.clientCa,
        BACKUP_CREDENTIALS: JSON.stringify(backupCredentials(region, known)),
      })),
    );
    const secret = new kubernetes.core.v1.Secret(
      `${name}-${backupNames.secret}`,
      { metadata: { ...metadata, name: backupNames.secret }, type: "Opaque", data: data.apply(encoded) },
      inNamespace,
    );

    const ready = { ...own, dependsOn: [made, secret, ...accounts] };
    new kubernetes.batch.v1.CronJob(
      `${name}-${backupNames.run}`,
      { metadata: named("run"), spec: runJobSpec(all, pulumi.unsecret(data.apply(fingerprint))) },
      ready,
    );
    const { verify } = settings.kubernetes.backups;
    if (verify)
      new kubernetes.batch.v1.CronJob(
        `${name}-${backupNames.verify}`,
        { metadata: named("verify"), spec: verifyJobSpec(all, verify) },
        ready,
      );
    const watch = named("watch");
    new kubernetes.apps.v1.Deployment(
      `${name}-${backupNames.watch}`,
      {
        metadata: { ...watch, annotations: { ...metadata.annotations, "pulumi.com/skipAwait": "true" } },
        spec: watchSpec(all),
      },
      ready,
    );
    new kubernetes.policy.v1.PodDisruptionBudget(
      `${name}-${backupNames.watch}`,
      { metadata: watch, spec: watchBudgetSpec() },
      inNamespace,
    );
    const { podMonitor, labels } = settings.kubernetes.monitoring;
    if (podMonitor)
      new kubernetes.apiextensions.CustomResource(
        `${name}-monitor`,
        {
          ...podMonitorKind,
          metadata: { ...metadata, name: backup, labels: { ...metadata.labels, ...labels } },
          spec: podMonitorSpec(settings, region.name),
        },
        inNamespace,
      );
    this.registerOutputs({});
  }
}
