import * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { RegionIdentity, RegionSpec } from "../../config/assets/region";
import { loginOf } from "../../config/assets/standard";
import type { WorkerAsset } from "../../config/assets/workers";
import { type WithWorkers, workersNamespaceOf } from "../../config/topology";
import { type Connection, connections } from "../security/connections";
import { annotationsOf, labelsOf, metadataOf } from "../supercluster/metadata";
import { objectLabels, podSecurity } from "../supercluster/release";
import { encoded, fingerprint } from "./secret-data";
import { WorkerDeployment } from "./worker-deployment";
import { connectionSecret, podMonitorKind, podMonitorSpec, urlWithin } from "./worker-objects";

export interface TenantWorkersArgs {
  region: RegionSpec & { settings: WithWorkers };
  tenant: string;
  /** Those of the tenant that run in the region. */
  workers: WorkerAsset[];
  /** The region's part of the identity; everything read from it stays secret. */
  identity: pulumi.Input<RegionIdentity>;
  /** The region's provider, which waits for the guard of its cluster. */
  provider: kubernetes.Provider;
  /** Durables that do not exist yet, or no longer, as `<stream>/<name>`. */
  missing: readonly string[];
}

/** The workers of one tenant in one region: their namespace, a Secret for each of their users, and each worker. */
export class TenantWorkers extends pulumi.ComponentResource {
  constructor(
    name: string,
    { region, tenant, workers, identity, provider, missing }: TenantWorkersArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("supercluster:workers:Tenant", name, {}, { ...opts, providers: { kubernetes: provider } });
    const { settings } = region;
    const own = { parent: this, provider };
    const common = metadataOf({ ...labelsOf(settings), ...objectLabels(region) }, annotationsOf(settings, region.name));
    const namespace = workersNamespaceOf(settings, region.name, tenant)!;
    const metadata = { ...common, namespace };
    // Deleting it would delete the Secrets that operators made in it.
    const made = new kubernetes.core.v1.Namespace(
      name,
      { metadata: { ...common, name: namespace, labels: { ...common.labels, ...podSecurity } } },
      { ...own, retainOnDelete: true },
    );
    const inNamespace = { ...own, dependsOn: made };

    const known = pulumi.secret(pulumi.output(identity).apply((parts) => connections(region, parts)));
    const url = urlWithin(settings, region.name);
    const connectionOf = (user: string) =>
      known.apply((all): Connection => ({ ...all[loginOf(tenant, user)]!, NATS_URL: url }));
    const secrets = new Map(
      [...new Set(workers.map(({ user }) => user!))].map((user) => {
        const connection = connectionOf(user);
        const secret = new kubernetes.core.v1.Secret(
          `${name}-${connectionSecret(user)}`,
          {
            metadata: { ...metadata, name: connectionSecret(user) },
            type: "Opaque",
            data: connection.apply(encoded),
          },
          inNamespace,
        );
        return [user, { secret, fingerprint: pulumi.unsecret(connection.apply(fingerprint)) }] as const;
      }),
    );

    for (const worker of workers) {
      const { secret, fingerprint: identified } = secrets.get(worker.user!)!;
      new WorkerDeployment(
        `${name}-${worker.objectName}`,
        {
          ...{ worker, region: region.name, settings, metadata, connection: identified },
          missing: missing.filter((key) =>
            worker.durables.some((durable) => `${durable.stream}/${durable.name}` === key),
          ),
        },
        { parent: this, dependsOn: [made, secret] },
      );
    }

    const { podMonitor, labels } = settings.kubernetes.monitoring;
    if (podMonitor)
      new kubernetes.apiextensions.CustomResource(
        `${name}-monitor`,
        {
          ...podMonitorKind,
          metadata: { ...metadata, name: "workers", labels: { ...metadata.labels, ...labels } },
          spec: podMonitorSpec(settings, region.name),
        },
        inNamespace,
      );
    this.registerOutputs({});
  }
}
