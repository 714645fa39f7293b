import type * as kubernetes from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Tenants } from "../config/assets/asset";
import { calloutWorkers } from "../config/assets/auth-callout";
import type { RegionIdentity, RegionSpec } from "../config/assets/region";
import { isScaled, type WorkerAsset, workerKey, workersOfRegion } from "../config/assets/workers";
import type { Environment, KubernetesEnvironment } from "../config/schema/settings";
import { serverNames, withWorkers, workersNamespaceOf } from "../config/topology";
import type { WorkerOutputs } from "./outputs";
import { type Deployed, withSystem } from "./system-connection";

/** Workers by tenant. */
export type Workers = ReadonlyMap<string, WorkerAsset[]>;

/** Workers that run in a region. */
export const workersIn = (environment: Environment, tenants: Tenants, region: string): Workers =>
  Map.groupBy([...workersOfRegion(tenants, region), ...calloutWorkers(environment)], ({ account }) => account);

/** `<stream>/<name>` of a worker's durables. */
const durablesOf = ({ durables }: WorkerAsset): string[] => durables.map(({ stream, name }) => `${stream}/${name}`);

/**
 * The workers of a region on Kubernetes.
 *
 * @param before how the region was deployed last
 * @returns what is reported of them; undefined where there are none
 */
export async function deployWorkers(
  region: RegionSpec & { settings: KubernetesEnvironment },
  workers: Workers,
  {
    provider,
    identity,
    before,
  }: { provider: kubernetes.Provider; identity: pulumi.Output<RegionIdentity>; before: Deployed | undefined },
): Promise<Record<string, WorkerOutputs> | undefined> {
  const settings = withWorkers(region.settings);
  if (!settings || workers.size === 0) return undefined;
  const { TenantWorkers } =
    require("../components/workers/tenant-workers") as typeof import("../components/workers/tenant-workers");
  const all = [...workers.values()].flat();
  const byKeda = settings.kubernetes.workers.scaling.by === "keda";
  const missing = await missingDurables(byKeda ? all.filter(isScaled) : [], region, before);
  for (const [tenant, own] of workers)
    new TenantWorkers(`${region.name}-${tenant}`, {
      ...{ region: { ...region, settings }, tenant, workers: own, identity, provider },
      missing: own.flatMap((worker) => missing.get(workerKey(worker)) ?? []),
    });
  return Object.fromEntries(
    all.map((worker) => {
      const waitsFor = missing.get(workerKey(worker)) ?? [];
      const namespace = workersNamespaceOf(settings, region.name, worker.account)!;
      return [
        workerKey(worker),
        { namespace, deployment: worker.objectName, ...(waitsFor.length > 0 && { waitsFor }) },
      ];
    }),
  );
}

/**
 * Which durables of workers do not exist, by worker: KEDA would take one that is missing for one with all messages of
 * its stream before it, and run as many workers as it may. On the first deployment they all are; streams and durables
 * are made after the regions.
 *
 * @param workers those that KEDA scales; servers are asked only where there are some
 * @param deployed how the region was deployed last; undefined: it was not
 */
async function missingDurables(
  workers: WorkerAsset[],
  region: Omit<RegionSpec, "accounts">,
  deployed: Deployed | undefined,
): Promise<Map<string, string[]>> {
  if (workers.length === 0 || !deployed)
    return new Map(workers.map((worker) => [workerKey(worker), durablesOf(worker)]));
  try {
    const there = await withSystem(region, deployed, (system) =>
      requests().heldDurables(system, serverNames(region.settings)),
    );
    return new Map(
      workers.map((worker) => [
        workerKey(worker),
        durablesOf(worker).filter((durable) => !there.has(`${worker.account}/${durable}`)),
      ]),
    );
  } catch (error) {
    // What is scaled stays scaled.
    await pulumi.log.warn(
      `it is not known whether the durables of workers exist: ${(error as Error).message.split("\n")[0]}. ` +
        "KEDA goes on scaling the workers that it scales; the next up reads it again",
    );
    return new Map(
      workers.map((worker) => {
        const before = deployed.workers?.[workerKey(worker)];
        return [workerKey(worker), before ? (before.waitsFor ?? []) : durablesOf(worker)];
      }),
    );
  }
}

/** Loaded where servers are asked: most runs ask none. */
const requests = () => require("../jetstream/system-requests") as typeof import("../jetstream/system-requests");
