import { isDeepStrictEqual } from "node:util";
import type { KubeConfig } from "@kubernetes/client-node";
import { setTimeout as sleep } from "node:timers/promises";
import type { dynamic } from "@pulumi/pulumi";
import { diagnosticLine, diagnostics } from "../../../config/diagnostics";
import { unknownValue } from "@pulumi/pulumi/runtime/rpc";
import { kubernetesNames } from "../../../config/topology";
import { logProgress } from "../../log-progress";
import { chartRefusal, type ChartSource, repositoryAdvice } from "../chart-source";
import { type ClusterView, clusterRefusals, regionsAnnotation } from "../cluster-checks";
import type { HelmRecord } from "../helm-records";
import { kubectl } from "../kubectl";
import { readChart, repositoryProblem } from "./chart";
import { clientOf, type ClusterAccess, configOf, KubeconfigError, missing, reasonOf } from "./kubernetes-client";
import { RegionObjects } from "./region-objects";

/** What a region needs before anything is written. */
export interface GuardInputs {
  environment: string;
  /** Name of the region, also in messages. */
  region: string;
  namespace: string;
  /** Secret as a whole. */
  cluster: ClusterAccess;
  /** Undefined: nothing is installed by a chart. */
  chart?: ChartSource;
  /** Storage class that must exist; undefined: the stack creates it. */
  storageClass?: string;
  /** Kinds of operators that must exist, as `<group>/<version>/<kind>`. */
  kinds?: string[];
  /** AWS region that the nodes must be in. */
  awsRegion?: string;
  /** Identity of the cluster, set by the check once it has reached the cluster. */
  clusterId?: string;
}

/** Milliseconds that a new cluster, or new access to one, may take until it answers. */
const reachableMs = 60_000;
const everyMs = 2_000;

/** Passes if the cluster is the region's own, and cluster and chart are what the region needs. */
export const guardProvider = (withinMs = reachableMs) => ({
  /** An unreachable cluster is not a failure here: a preview works without one, and create and update check again. */
  async check(olds: Partial<GuardInputs>, inputs: GuardInputs): Promise<dynamic.CheckResult<GuardInputs>> {
    const [view, noChart] = [await seen(inputs), localChartRefusal(inputs.chart)];
    const problems = [
      ...(view ? mismatches(inputs, olds.clusterId, view) : []),
      ...(noChart ? [{ property: "chart", reason: noChart }] : []),
    ];
    const clusterId = view?.id ?? olds.clusterId;
    return { inputs: { ...inputs, ...(clusterId !== undefined && { clusterId }) }, failures: problems };
  },

  /** If the cluster could not be checked at preview, this plans an update, which checks it. */
  async diff(_id: string, _olds: GuardInputs, news: GuardInputs): Promise<dynamic.DiffResult> {
    const isSeen = isKnown(news) && (await observe(news).catch(() => undefined));
    return { changes: isSeen ? undefined : true };
  },

  async create(inputs: GuardInputs): Promise<dynamic.CreateResult<GuardInputs>> {
    return { id: `${inputs.environment}/${inputs.region}`, outs: await passed(inputs, undefined, withinMs) };
  },

  async update(_id: string, olds: GuardInputs, inputs: GuardInputs): Promise<dynamic.UpdateResult<GuardInputs>> {
    return { outs: await passed(inputs, olds, withinMs) };
  },

  delete: (): Promise<void> => Promise.resolve(),
});

/**
 * Refuses a destroy in a cluster or namespace of another region: the engine then calls only `delete`,
 * not `check`. A cluster that does not answer is left to the provider that deletes in it.
 *
 * @throws with every reason
 */
export async function refuseAnothers(
  place: Pick<GuardInputs, "environment" | "region" | "namespace" | "cluster">,
): Promise<void> {
  const view = await observe(place).catch((error: unknown) =>
    logProgress(diagnosticLine(diagnostics.clusterNotCheckedForDeletion, place.region, reasonOf(error))),
  );
  // Helm uninstalls a release in any state.
  const reasons = view ? clusterRefusals(place, { ...view, pending: [] }).map(({ reason }) => reason) : [];
  if (reasons.length) throw new Error(`${place.region}: ${reasons.join("; ")}. Nothing was deleted`);
}

const mismatches = (inputs: GuardInputs, deployedTo: string | undefined, view: ClusterView) =>
  clusterRefusals({ ...inputs, deployedTo }, view);

const localChartRefusal = (chart: ChartSource | undefined): string | undefined =>
  chart?.path === undefined ? undefined : chartRefusal(chart, readChart(chart.path));

/** Whether access to the cluster is known; not at the preview that will make the cluster. */
const isKnown = ({ cluster }: GuardInputs): boolean => (cluster as unknown) !== unknownValue;

/** Undefined, with a diagnostic, where the cluster cannot be reached. */
async function seen(inputs: GuardInputs): Promise<ClusterView | undefined> {
  if (!isKnown(inputs)) return undefined;
  try {
    return await observe(inputs);
  } catch (error) {
    logProgress(diagnosticLine(diagnostics.clusterNotChecked, inputs.region, reasonOf(error)));
    return undefined;
  }
}

async function passed(inputs: GuardInputs, olds: GuardInputs | undefined, withinMs: number): Promise<GuardInputs> {
  const view = await reached(inputs, withinMs);
  const reasons = mismatches(inputs, olds?.clusterId, view).map(({ reason }) => reason);
  const { chart } = inputs;
  const noChart = localChartRefusal(chart);
  if (noChart) reasons.push(noChart);
  // The repository of a chart that is already deployed is not checked again.
  if (chart && chart.path === undefined && !isDeepStrictEqual(chart, olds?.chart)) {
    const problem = await repositoryProblem(chart);
    if (problem) reasons.push(repositoryAdvice(chart, problem));
  }
  if (reasons.length) throw new Error(`${inputs.region}: ${reasons.join("; ")}. Nothing was written`);
  return { ...inputs, clusterId: view.id };
}

async function reached(inputs: GuardInputs, withinMs: number): Promise<ClusterView> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await observe(inputs);
    } catch (error) {
      const isFinal = error instanceof KubeconfigError || Date.now() > deadline;
      if (isFinal)
        throw new Error(
          `${inputs.region}: its Kubernetes cluster could not be reached: ${reasonOf(error)}. See: ` +
            `${kubectl(inputs.cluster, "get namespaces")}. Nothing was written`,
        );
    }
    await sleep(everyMs);
  }
}

async function observe({
  cluster,
  namespace,
  awsRegion,
  storageClass,
  kinds = [],
}: Pick<GuardInputs, "cluster" | "namespace" | "awsRegion" | "storageClass" | "kinds">): Promise<ClusterView> {
  const { CoreV1Api, StorageV1Api } = require("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
  const config = configOf(cluster);
  const [core, storage] = [clientOf(config, CoreV1Api), clientOf(config, StorageV1Api)];
  const [system, own, pending, nodes, classes, known] = await Promise.all([
    core.readNamespace({ name: "kube-system" }),
    missing(core.readNamespace({ name: namespace })),
    pendingChanges(cluster, namespace),
    awsRegion === undefined ? [] : core.listNode().then(({ items }) => items),
    storageClass === undefined ? [] : storage.listStorageClass().then(({ items }) => items),
    Promise.all(kinds.map((kind) => isKnownKind(config, kind))),
  ]);
  const onAws = nodes.filter(({ spec }) => spec?.providerID?.startsWith("aws://"));
  return {
    id: system.metadata!.uid!,
    regions: system.metadata!.annotations?.[regionsAnnotation],
    ...(own && { namespaceLabels: own.metadata!.labels ?? {} }),
    awsRegions: [
      ...new Set(onAws.flatMap(({ metadata }) => metadata?.labels?.["topology.kubernetes.io/region"] ?? [])),
    ],
    pending,
    storageClasses: classes.map(({ metadata }) => metadata!.name!),
    kinds: kinds.filter((_, index) => known[index]),
  };
}

/** By discovery, which every user of a cluster may read. */
async function isKnownKind(config: KubeConfig, name: string): Promise<boolean> {
  const { CustomObjectsApi } = require("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
  const [group, version, kind] = name.split("/") as [string, string, string];
  const found = await missing(clientOf(config, CustomObjectsApi).getAPIResources({ group, version }));
  return found?.resources.some((resource) => resource.kind === kind) ?? false;
}

/** None where Secrets may not be read, as in a preview in CI: `up` looks again. */
async function pendingChanges(cluster: ClusterAccess, namespace: string): Promise<HelmRecord[]> {
  try {
    return await RegionObjects.open(cluster, { namespace, release: kubernetesNames.release }).pending();
  } catch (error) {
    if ((error as { code?: number }).code === 403) return [];
    throw error;
  }
}
