import { pendingRefusal } from "../../components/supercluster/cluster-checks";
import { NoRecord } from "../../components/supercluster/helm-records";
import { driftText } from "../../components/supercluster/object-drift";
import { type ClusterAccess, reasonOf } from "../../components/supercluster/provider/kubernetes-client";
import type * as RegionObjectsModule from "../../components/supercluster/provider/region-objects";
import { deployCommand } from "../../config/command-lines";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { stackName } from "../../config/stacks";
import { kubernetesNames, namespaceOf } from "../../config/topology";
import { stackOutputs } from "../../engine/stack-outputs";
import type { RegionOutputs } from "../../stacks/outputs";
import type { CheckedEnvironment } from "../settings/checked-environment";
import type { Check } from "./checks";

/** What was found in a region's cluster. */
export interface FoundObjects {
  /** What a deployment puts back, a text each. */
  drift: string[];
  /** Why a deployment would be refused, with what to do. */
  refusal?: string;
}

/**
 * A check for each region on Kubernetes: whether every object that the program and the chart made in its cluster is as
 * it was deployed, and Helm's release not left in a change. Skipped, with the reason, where that cannot be read. Never
 * rejects.
 */
export async function objectChecks(checked: CheckedEnvironment, look = lookAt): Promise<Check[]> {
  const { environment, name, project } = checked;
  if (environment.target !== "kubernetes") return [];
  return Promise.all(
    environment.regions.map(async (region): Promise<Check> => {
      const check = { name: `objects ${region}` };
      const found = await look({ name, environment, project }, region).catch(reasonOf);
      if (typeof found === "string") return { ...check, result: "skipped", detail: found };
      if (found.refusal) return { ...check, result: "failed", detail: found.refusal };
      if (found.drift.length === 0)
        return {
          ...check,
          result: "ok",
          detail: "all that was deployed to its Kubernetes cluster is there, unchanged",
        };
      const remedy = `Put back by: ${deployCommand(name)} (docs/runbooks/restore-objects.md)`;
      return { ...check, result: "failed", detail: `${found.drift.join("; ")}. ${remedy}` };
    }),
  );
}

async function lookAt(
  { name, environment, project }: Pick<CheckedEnvironment, "name" | "project"> & { environment: KubernetesEnvironment },
  region: string,
): Promise<FoundObjects> {
  const stack = stackName({ environment: name, kind: "region", region });
  const { objects, kubeconfig } = await stackOutputs<RegionOutputs>({ project, environment }, stack);
  if (!objects) throw new Error(`stack ${stack} has no output "objects" yet; its next deployment adds it`);
  const cluster: ClusterAccess = kubeconfig === undefined ? environment.kubernetes.clusters[region]! : { kubeconfig };
  const namespace = namespaceOf(environment, region);
  // Loaded here: local environments need nothing of Kubernetes.
  const { RegionObjects } =
    require("../../components/supercluster/provider/region-objects") as typeof RegionObjectsModule;
  const connected = RegionObjects.open(cluster, { namespace, release: kubernetesNames.release });
  const pending = await connected.pending();
  if (pending.length) return { drift: [], refusal: pendingRefusal({ namespace, cluster }, pending) };
  try {
    return { drift: (await connected.drift(objects)).map(driftText) };
  } catch (error) {
    if (error instanceof NoRecord) return { drift: [], refusal: error.message };
    throw error;
  }
}
