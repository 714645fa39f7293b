import type { AppsV1Api, Configuration, CoreV1Api, KubeConfig, Middleware, V1Pod } from "@kubernetes/client-node";
import { isLowered } from "../reload";
import type { PodView, RegionView } from "../rollout-steps";
import type { ServerConfig } from "../server-config";

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

  static open(access: ClusterAccess): Cluster {
    // Three quarters of a second, and only these stacks need it.
    const { AppsV1Api, CoreV1Api } = require("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
    const config = configOf(access);
    return new Cluster(config, clientOf(config, CoreV1Api), clientOf(config, AppsV1Api));
  }

  /**
   * Undefined: there is no such StatefulSet.
   *
   * @param wanted asks the servers too: for the meta leader, whether each is current, and whether it gives more than this
   */
  async look(
    { namespace, statefulSet: name }: StatefulSetName,
    wanted?: ServerConfig,
  ): Promise<RegionView | undefined> {
    const found = await missing(this.apps.readNamespacedStatefulSet({ namespace, name }));
    if (!found) return undefined;
    const labelSelector = Object.entries(found.spec!.selector.matchLabels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(",");
    const { items } = await this.core.listNamespacedPod({ namespace, labelSelector });
    const own = items.filter(({ metadata }) =>
      metadata?.ownerReferences?.some(({ uid }) => uid === found.metadata?.uid),
    );
    const [pods, leader] = await Promise.all([
      Promise.all(own.map((pod) => this.view(pod, wanted))),
      wanted && this.leader(own),
    ]);
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

  private async view(pod: V1Pod, wanted?: ServerConfig): Promise<PodView> {
    return {
      name: pod.metadata!.name!,
      revision: pod.metadata!.labels?.["controller-revision-hash"] ?? "",
      isReady: isReady(pod),
      isTerminating: pod.metadata!.deletionTimestamp !== undefined,
      ...(wanted &&
        isReady(pod) && { behind: await this.behind(pod), isOversized: await this.isOversized(pod, wanted) }),
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

  private async isOversized(pod: V1Pod, wanted: ServerConfig): Promise<boolean> {
    const answer = await this.monitor(pod, "varz").catch(() => undefined);
    const running = (
      parsed(answer) as { jetstream?: { config?: { max_storage: number; max_memory: number } } } | undefined
    )?.jetstream?.config;
    return running !== undefined && isLowered({ file: running.max_storage, memory: running.max_memory }, wanted);
  }

  /** Name of the meta leader that the first server which answers knows: servers are named as their pods. */
  private async leader(pods: V1Pod[]): Promise<string | undefined> {
    const ready = pods.filter(isReady);
    let hasAnswered = ready.length === 0;
    for (const pod of ready) {
      const answer = await this.monitor(pod, "jsz").catch(() => undefined);
      hasAnswered ||= answer !== undefined;
      const leader = (parsed(answer) as { meta_cluster?: { leader?: string } } | undefined)?.meta_cluster?.leader;
      if (leader) return leader;
    }
    if (hasAnswered) return undefined;
    throw new NoAnswer(`no server says whether there is a meta leader, though ${ready.length} are ready`);
  }

  private monitor(pod: V1Pod, path: string): Promise<string> {
    const { namespace, name } = pod.metadata!;
    return this.core.connectGetNamespacedPodProxyWithPath({
      namespace: namespace!,
      name: `${name}:${monitorPort}`,
      path,
    });
  }
}

const isReady = ({ status }: V1Pod): boolean =>
  status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") ?? false;

/** A kubeconfig cannot say which cluster is meant; nothing that waiting would change. */
export class KubeconfigError extends Error {}

/** A kubeconfig as it was given, with the context that is to be used. */
export function configOf({ kubeconfig, context }: ClusterAccess): KubeConfig {
  const { KubeConfig: Config } = require("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
  const config = new Config();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else if (kubeconfig.includes("apiVersion")) config.loadFromString(kubeconfig);
    else config.loadFromFile(kubeconfig);
  } catch (error) {
    throw new KubeconfigError(`the kubeconfig cannot be read: ${(error as Error).message}; ${howToGetOne}`);
  }
  if (context !== undefined) {
    const known = config.contexts.map(({ name }) => name).filter((name) => name !== placeholder);
    if (!known.includes(context))
      throw new KubeconfigError(
        `the kubeconfig has no context "${context}", it has ${known.join(", ") || "none"}; ${howToGetOne}`,
      );
    config.setCurrentContext(context);
  }
  if (!config.getCurrentCluster())
    throw new KubeconfigError(
      `context "${config.currentContext}" of the kubeconfig names no cluster; see: kubectl config view`,
    );
  return config;
}

/** What the library makes up where there is no kubeconfig. */
const placeholder = "loaded-context";

const howToGetOne =
  "name the file in KUBECONFIG or kubernetes.clusters.<region>.kubeconfig (for EKS: aws eks update-kubeconfig --name <cluster> --alias <context>)";

/** A client whose every request has a deadline: one to an API server that is gone would wait for ever. */
export function clientOf<Api>(config: KubeConfig, Type: new (configuration: Configuration) => Api): Api {
  const { createConfiguration, ServerConfiguration } =
    require("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
  const deadline: Middleware = {
    pre: (request) => Promise.resolve((request.setSignal(AbortSignal.timeout(requestMs)), request)),
    post: (response) => Promise.resolve(response),
  };
  return new Type(
    createConfiguration({
      baseServer: new ServerConfiguration(config.getCurrentCluster()!.server, {}),
      authMethods: { default: config },
      promiseMiddleware: [deadline],
    }),
  );
}

const parsed = (answer: unknown): unknown => (typeof answer === "string" ? JSON.parse(answer) : answer);

/** What is not there is no error. */
export async function missing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if ((error as { code?: number }).code === 404) return undefined;
    throw error;
  }
}

/** Ready servers were asked, and none said anything: not the same as one that knows of no leader. */
class NoAnswer extends Error {}

/** Whether asking again may help: no answer, or an API server that has trouble of its own. */
export function isTransient(error: unknown): boolean {
  const { name, cause, code } = error as Error & { cause?: unknown; code?: unknown };
  if (error instanceof NoAnswer || name === "TimeoutError" || name === "AbortError") return true;
  return typeof code === "number" ? code === 429 || code >= 500 : cause !== undefined;
}

/** What an API server, or a server behind it, said; or why it said nothing. */
export function reasonOf(error: unknown): string {
  const { body, message, name, cause } = error as Error & {
    body?: unknown;
    cause?: { message?: string; code?: string };
  };
  if (cause) return cause.message || cause.code || message;
  if (name === "TimeoutError" || name === "AbortError") return `no answer within ${requestMs / 1000} s`;
  try {
    const { error: said, message: told } = parsed(body) as { error?: string; message?: string };
    return said ?? told ?? message;
  } catch {
    return typeof body === "string" && body ? body : message;
  }
}
