import type { V1Deployment } from "@kubernetes/client-node";
import { plural } from "../../config/plural";
import { stackName } from "../../config/stacks";
import {
  clientOf,
  configOf,
  type ClusterAccess,
  reasonOf,
} from "../../components/supercluster/provider/kubernetes-client";
import { stackOutputs } from "../../engine/stack-outputs";
import type { RegionOutputs, WorkerOutputs } from "../../stacks/outputs";
import type { CheckedEnvironment } from "../settings/checked-environment";

/** A worker as it was deployed, and what its health endpoint or its Deployment reports now. */
export interface WorkerStatus {
  region: string;
  account: string;
  /** As its tenant names it. */
  name: string;
  isReady: boolean;
  /** Why it is not ready. */
  reason?: string;
  /** On this machine: messages since its process started. */
  processed?: number;
  errored?: number;
  /** On this machine: URL of what it serves. */
  url?: string;
  /** On Kubernetes: pods that are ready, and pods that should be. */
  pods?: { ready: number; all: number };
}

/** Milliseconds for an answer of a health endpoint: its checks take less than 1 s. */
const answerMs = 3_000;

/** Where workers are looked for. */
export type CheckedWorkers = Pick<CheckedEnvironment, "name" | "project" | "environment">;

interface Deployed {
  region: string;
  /** `<account>/<name>`. */
  key: string;
  outputs: WorkerOutputs;
  cluster?: ClusterAccess;
}

/** The workers that regions were deployed with, each with its state. Empty where none were; never rejects. */
export async function workerStatuses(
  checked: CheckedWorkers,
  outputsOf: (stack: string) => Promise<Partial<RegionOutputs>> = (stack) => stackOutputs(checked, stack),
): Promise<WorkerStatus[]> {
  const { environment, name } = checked;
  if (environment.target === "kubernetes" && !environment.kubernetes.workers) return [];
  const regions = await Promise.all(
    environment.regions.map(async (region): Promise<Deployed[]> => {
      const stack = stackName({ environment: name, kind: "region", region });
      const { workers, services, kubeconfig } = await outputsOf(stack).catch((): Partial<RegionOutputs> => ({}));
      const own = environment.target === "kubernetes" ? environment.kubernetes.clusters[region] : undefined;
      const cluster = kubeconfig === undefined ? own : { kubeconfig };
      return Object.entries({ ...workers, ...services }).map(([key, outputs]) => ({ region, key, outputs, cluster }));
    }),
  );
  return Promise.all(regions.flat().map(statusOf));
}

async function statusOf({ region, key, outputs, cluster }: Deployed): Promise<WorkerStatus> {
  const [account = "", name = ""] = key.split("/");
  const { health, url } = outputs;
  const found = health === undefined ? await ofDeployment(outputs, cluster) : await ofHealth(health);
  return { region, account, name, ...found, ...(url !== undefined && { url }) };
}

type Found = Pick<WorkerStatus, "isReady" | "reason" | "processed" | "errored" | "pods">;

/** What `/health` of a worker answers, as far as it is read here. */
interface Health {
  checks: Record<string, { ok: boolean; error?: string; consumers?: Record<string, { unavailable?: string }> }>;
  stats: { totalMessagesProcessed: number; totalMessagesErrored: number };
}

async function ofHealth(url: string): Promise<Found> {
  try {
    const [ready, health] = await Promise.all(["/readyz", "/health"].map((path) => ask(`${url}${path}`)));
    const { checks, stats } = (await health!.json()) as Health;
    const counts = { processed: stats.totalMessagesProcessed, errored: stats.totalMessagesErrored };
    if (ready!.ok) return { isReady: true, ...counts };
    return { isReady: false, reason: problemsOf(checks).join("; ") || "it is starting or stopping", ...counts };
  } catch {
    return { isReady: false, reason: `${url} does not answer` };
  }
}

const ask = (url: string): Promise<Response> => fetch(url, { signal: AbortSignal.timeout(answerMs) });

/** Why checks are not good. */
const problemsOf = (checks: Health["checks"]): string[] =>
  Object.entries(checks).flatMap(([name, { ok, error, consumers = {} }]) => {
    if (ok) return [];
    const reasons = Object.values(consumers).flatMap(({ unavailable }) => unavailable ?? []);
    return reasons.length ? reasons : [error === undefined ? name : `${name}: ${error}`];
  });

async function ofDeployment({ namespace, deployment }: WorkerOutputs, cluster: ClusterAccess = {}): Promise<Found> {
  try {
    const { AppsV1Api } = require("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
    const found = await clientOf(configOf(cluster), AppsV1Api).readNamespacedDeployment({
      namespace: namespace!,
      name: deployment!,
    });
    const pods = { ready: found.status?.readyReplicas ?? 0, all: found.spec?.replicas ?? 1 };
    const reason = unfinished(found, pods);
    return { isReady: reason === undefined, pods, ...(reason !== undefined && { reason }) };
  } catch (error) {
    return { isReady: false, reason: reasonOf(error) };
  }
}

/**
 * Why a Deployment does not run as it was deployed last; undefined if it does. Pods of an earlier version are ready
 * while those of the new one do not start, and the status may be of an earlier version altogether.
 */
function unfinished({ metadata, status }: V1Deployment, { ready, all }: { ready: number; all: number }) {
  if ((status?.observedGeneration ?? 0) < (metadata?.generation ?? 0))
    return "Kubernetes has not begun with what was deployed last";
  const updated = status?.updatedReplicas ?? 0;
  if (updated < all) return `${updated} of ${all} pods are of what was deployed last`;
  // One that is ready and too many may be an earlier one, which is kept until the new one is ready.
  const others = (status?.replicas ?? updated) - updated;
  if (others > 0) return `${plural(others, "pod")} of an earlier version left, until the new ones are ready`;
  return ready < all ? `${ready} of ${all} pods are ready` : undefined;
}
