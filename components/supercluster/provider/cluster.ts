import type { AppsV1Api, Configuration, CoreV1Api, KubeConfig, Middleware, V1Pod } from "@kubernetes/client-node";
import type { PodView, RegionView } from "../rollout-steps";

/** How a Kubernetes cluster is reached: as kubectl does, with other files and contexts where they are named. */
export interface ClusterAccess {
  /** Text of a kubeconfig, or its file. Default: KUBECONFIG, or ~/.kube/config. */
  kubeconfig?: string;
  /** Default: the current one. */
  context?: string;
}

/** A region's StatefulSet. */
export interface StatefulSetName {
  namespace: string;
  statefulSet: string;
}

/** Milliseconds for one answer of the API server. */
const requestMs = 10_000;
const monitorPort = 8222;

/** One region's pods, as its Kubernetes cluster sees them. */
export class Cluster {
  private constructor(
    readonly config: KubeConfig,
    private readonly core: CoreV1Api,
    private readonly apps: AppsV1Api,
  ) {}

  static open({ kubeconfig, context }: ClusterAccess): Cluster {
    // Three quarters of a second, and only these stacks need it.
    const { AppsV1Api, CoreV1Api } = require("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
    const config = configOf(kubeconfig, context);
    return new Cluster(config, clientOf(config, CoreV1Api), clientOf(config, AppsV1Api));
  }

  /** Undefined: there is no such StatefulSet. `withHealth` also asks every server what JetStream says. */
  async look({ namespace, statefulSet: name }: StatefulSetName, withHealth: boolean): Promise<RegionView | undefined> {
    const found = await missing(this.apps.readNamespacedStatefulSet({ namespace, name }));
    if (!found) return undefined;
    const labelSelector = Object.entries(found.spec!.selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`).join(",");
    const { items } = await this.core.listNamespacedPod({ namespace, labelSelector });
    const own = items.filter(({ metadata }) => metadata?.ownerReferences?.some(({ uid }) => uid === found.metadata?.uid));
    const [pods, leader] = await Promise.all([Promise.all(own.map((pod) => this.view(pod, withHealth))), this.leader(own)]);
    return {
      isObserved: (found.status?.observedGeneration ?? 0) >= (found.metadata?.generation ?? 0),
      replicas: found.spec!.replicas ?? 1,
      revision: found.status?.updateRevision ?? "",
      pods,
      leader,
    };
  }

  /** Ends a pod gently; the StatefulSet makes it anew. */
  async replace(namespace: string, name: string): Promise<void> {
    await missing(this.core.deleteNamespacedPod({ namespace, name }));
  }

  private async view(pod: V1Pod, withHealth: boolean): Promise<PodView> {
    const isReady = pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
    return {
      name: pod.metadata!.name!,
      revision: pod.metadata!.labels?.["controller-revision-hash"] ?? "",
      isReady,
      isTerminating: pod.metadata!.deletionTimestamp !== undefined,
      ...(withHealth && isReady && { behind: await this.behind(pod) }),
    };
  }

  /** Why a server is not current, as its monitoring says. */
  private async behind(pod: V1Pod): Promise<string | undefined> {
    try {
      await this.monitor(pod, "healthz");
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
  }

  /** Name of the meta leader that the first server which answers knows: servers are named as their pods. */
  private async leader(pods: V1Pod[]): Promise<string | undefined> {
    for (const pod of pods) {
      const answer = await this.monitor(pod, "jsz").catch(() => undefined);
      const leader = (parsed(answer) as { meta_cluster?: { leader?: string } } | undefined)?.meta_cluster?.leader;
      if (leader) return leader;
    }
    return undefined;
  }

  private monitor(pod: V1Pod, path: string): Promise<string> {
    const { namespace, name } = pod.metadata!;
    return this.core.connectGetNamespacedPodProxyWithPath({ namespace: namespace!, name: `${name}:${monitorPort}`, path });
  }
}

/** A kubeconfig as it was given, with the context that is to be used. */
export function configOf(kubeconfig: string | undefined, context: string | undefined): KubeConfig {
  const { KubeConfig: Config } = require("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
  const config = new Config();
  if (kubeconfig === undefined) config.loadFromDefault();
  else if (kubeconfig.includes("apiVersion")) config.loadFromString(kubeconfig);
  else config.loadFromFile(kubeconfig);
  if (context === undefined) return config;
  const known = config.contexts.map(({ name }) => name);
  if (!known.includes(context)) throw new Error(`the kubeconfig has no context "${context}"; it has ${known.join(", ") || "none"}`);
  config.setCurrentContext(context);
  return config;
}

/** A client whose every request has a deadline: one to an API server that is gone would wait for ever. */
function clientOf<Api>(config: KubeConfig, Type: new (configuration: Configuration) => Api): Api {
  const { createConfiguration, ServerConfiguration } = require("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error("the kubeconfig names no cluster; see: kubectl config get-contexts");
  const deadline: Middleware = {
    pre: (request) => Promise.resolve((request.setSignal(AbortSignal.timeout(requestMs)), request)),
    post: (response) => Promise.resolve(response),
  };
  return new Type(createConfiguration({ baseServer: new ServerConfiguration(cluster.server, {}), authMethods: { default: config }, promiseMiddleware: [deadline] }));
}

const parsed = (answer: unknown): unknown => (typeof answer === "string" ? JSON.parse(answer) : answer);

/** What is not there is no error. */
async function missing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if ((error as { code?: number }).code === 404) return undefined;
    throw error;
  }
}

function reasonOf(error: unknown): string {
  const { body, message } = error as { body?: unknown; message: string };
  if (typeof body !== "string") return message;
  try {
    return (JSON.parse(body) as { error?: string }).error ?? message;
  } catch {
    return body || message;
  }
}
