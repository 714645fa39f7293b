import { pendingRefusal } from "../../components/supercluster/cluster-checks";
import type * as RegionObjectsModule from "../../components/supercluster/provider/region-objects";
import { kubernetesNames, namespaceOf } from "../../config/topology";
import { Failure } from "../../engine/failure";
import type { CheckedEnvironment } from "../settings/checked-environment";

/**
 * Refuses a deployment of which a region's Helm release was left in a change: the region's stack refuses it too, but
 * the stacks before it would have run. Clusters that do not answer, or that this program makes, are left to the stacks.
 * @throws {Failure} naming each, with the command that releases it; nothing was done
 */
export async function refusePendingReleases({ environment }: Pick<CheckedEnvironment, "environment">): Promise<void> {
  if (environment.target !== "kubernetes") return;
  // Loaded here: local environments need nothing of Kubernetes.
  const { RegionObjects } =
    require("../../components/supercluster/provider/region-objects") as typeof RegionObjectsModule;
  const refusals = await Promise.all(
    environment.regions.map(async (region) => {
      const cluster = environment.kubernetes.clusters[region];
      if (!cluster) return [];
      const place = { namespace: namespaceOf(environment, region), release: kubernetesNames.release };
      try {
        const pending = await RegionObjects.open(cluster, place).pending();
        return pending.length ? [`${region}: ${pendingRefusal({ ...place, cluster }, pending)}`] : [];
      } catch {
        return [];
      }
    }),
  );
  const lines = refusals.flat();
  if (lines.length) throw new Failure(`nothing was changed:\n${lines.map((line) => `  ${line}`).join("\n")}`);
}
