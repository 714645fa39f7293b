import type {
  AppsV1Api,
  CoreV1Api,
  CoreV1Event,
  KubeConfig,
  PortForward,
  V1Pod,
  V1StatefulSet,
} from "@kubernetes/client-node";
import { type Monitoring, monitoringAt } from "../../../config/monitoring";
import { accountsMetadata, certificatesMetadata } from "../../security/accounts-conf";
import type { CertificatesInForce } from "../../security/certificates-in-force";
import { creationProblem, type Problem, problemOf } from "../pod-problems";
import { isLowered } from "../reload";
import type { PodView, RegionView } from "../rollout-steps";
import type { ScaleView } from "../scale-down-steps";
import type { ServerConfig } from "../server-config";
import { clientOf, type ClusterAccess, configOf, missing, NoAnswer, parsed, reasonOf } from "./kubernetes-client";
import { getFromPod, PodAnswer } from "./pod-http";

/** A region's StatefulSet. */
export interface StatefulSetName {
  namespace: string;
  statefulSet: string;
}

/** What servers should run with. */
export interface WantedServers {
  config: ServerConfig;
  /** Fingerprint of the accounts file. */
  accounts: string;
  certificates?: CertificatesInForce;
}

/** Of what a server's monitoring reports, what is compared. */
interface Varz {
  metadata?: Record<string, string>;
  jetstream?: { config?: { max_storage: number; max_memory: number } };
  tls_cert_not_after?: string;
  cluster?: { tls_cert_not_after?: string };
  gateway?: { tls_cert_not_after?: string };
}

/** One region's pods, as its Kubernetes cluster sees them. */
export class RegionPods {
  private constructor(
    readonly config: KubeConfig,
    private readonly core: CoreV1Api,
    private readonly apps: AppsV1Api,
    private readonly forwarder: PortForward,
  ) {}

  static open(access: ClusterAccess): RegionPods {
    // Loading it takes three quarters of a second, and only these stacks need it.
    const { AppsV1Api, CoreV1Api, PortForward } =
      require("@kubernetes/client-node") as typeof import("@kubernetes/client-node");
    const config = configOf(access);
    return new RegionPods(config, clientOf(config, CoreV1Api), clientOf(config, AppsV1Api), new PortForward(config));
  }

  /**
   * The StatefulSet and its pods; undefined where it does not exist.
   *
   * @param wanted given: the servers are asked too, for the meta leader, and whether each is current and runs with this
   */
  async observe(
    { namespace, statefulSet: name }: StatefulSetName,
    wanted?: WantedServers,
  ): Promise<RegionView | undefined> {
    const seen = await this.find({ namespace, statefulSet: name });
    if (!seen) return undefined;
    const { found, own } = seen;
    const [pods, leader, problems] = await Promise.all([
      Promise.all(own.map((pod) => this.view(pod, wanted))),
      wanted && this.leader(own),
      wanted ? this.problems(found, own) : [],
    ]);
    return {
      ...sizeOf(found),
      revision: found.status?.updateRevision ?? "",
      pods,
      leader,
      problems,
    };
  }

  /** Events are read only while something is missing or not ready. */
  private async problems(found: V1StatefulSet, own: V1Pod[]): Promise<Problem[]> {
    const { namespace, name, uid } = found.metadata!;
    const isShort = own.length < sizeOf(found).replicas;
    const late = own.filter((pod) => !isReady(pod) || pod.metadata!.deletionTimestamp !== undefined);
    if (!isShort && late.length === 0) return [];
    const events = await this.events(namespace!);
    return [
      creationProblem({ name: name!, uid }, isShort, events),
      ...late.map((pod) => problemOf(pod, events, Date.now())),
    ].filter((problem) => problem !== undefined);
  }

  /** None where they may not be read: a pod's status has most reasons too. */
  private events(namespace: string): Promise<CoreV1Event[]> {
    return this.core.listNamespacedEvent({ namespace }).then(
      ({ items }) => items,
      () => [],
    );
  }

  /**
   * The StatefulSet's size and its pods; undefined where it does not exist. Where there are more than `servers`, the
   * last pod is asked how many streams it holds.
   */
  async scale(name: StatefulSetName, servers: number): Promise<ScaleView | undefined> {
    const seen = await this.find(name);
    if (!seen) return undefined;
    const size = sizeOf(seen.found);
    const last = seen.own.find(({ metadata }) => metadata!.name === `${name.statefulSet}-${size.replicas - 1}`);
    const answer =
      last && size.replicas > servers
        ? await this.monitor(last, "jsz").catch((error: unknown) => {
            // A server that is ready may hold streams, and would be stopped with them.
            if (isReady(last)) throw new NoAnswer(reasonOf(error));
          })
        : undefined;
    return {
      ...size,
      pods: seen.own.map(({ metadata }) => metadata!.name!),
      problems: seen.own.flatMap((pod) =>
        pod.metadata!.deletionTimestamp === undefined ? [] : (problemOf(pod, [], Date.now()) ?? []),
      ),
      streamsOnLast: (parsed(answer) as { streams?: number } | undefined)?.streams,
    };
  }

  /** Changes the number of pods; Kubernetes stops those with the highest numbers gracefully and keeps their volumes. */
  async resize({ namespace, statefulSet: name }: StatefulSetName, replicas: number): Promise<void> {
    const body = [{ op: "replace", path: "/spec/replicas", value: replicas }];
    await this.apps.patchNamespacedStatefulSet({ namespace, name, body, fieldManager: "helm" });
  }

  private async find({ namespace, statefulSet: name }: StatefulSetName) {
    const found = await missing(this.apps.readNamespacedStatefulSet({ namespace, name }));
    if (!found) return undefined;
    const labelSelector = Object.entries(found.spec!.selector.matchLabels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(",");
    const { items } = await this.core.listNamespacedPod({ namespace, labelSelector });
    const own = items.filter(({ metadata }) =>
      metadata?.ownerReferences?.some(({ uid }) => uid === found.metadata?.uid),
    );
    return { found, own };
  }

  /**
   * Makes the kubelet of a running pod mount its Secrets again at once, by an annotation: it does so for each change of
   * a pod, and otherwise every minute or so.
   *
   * @param files identifies what is in them
   */
  async refreshVolumes(namespace: string, name: string, files: string): Promise<void> {
    const body = [{ op: "add", path: "/metadata/annotations/supercluster~1files", value: files }];
    await this.core.patchNamespacedPod({ namespace, name, body });
  }

  /** Deletes a pod gracefully; the StatefulSet recreates it. */
  async replace(namespace: string, name: string): Promise<void> {
    await missing(this.core.deleteNamespacedPod({ namespace, name }));
  }

  private async view(pod: V1Pod, wanted?: WantedServers): Promise<PodView> {
    return {
      name: pod.metadata!.name!,
      revision: pod.metadata!.labels?.["controller-revision-hash"] ?? "",
      isReady: isReady(pod),
      isTerminating: pod.metadata!.deletionTimestamp !== undefined,
      ...(wanted && isReady(pod) && { behind: await this.behind(pod), ...(await this.running(pod, wanted)) }),
    };
  }

  /** Why a server is not current, as its monitoring reports. */
  private async behind(pod: V1Pod): Promise<string | undefined> {
    try {
      await this.monitor(pod, "healthz");
      return undefined;
    } catch (error) {
      return reasonOf(error);
    }
  }

  /** What a server runs with, compared with what it should. */
  private async running(
    pod: V1Pod,
    { config, accounts, certificates }: WantedServers,
  ): Promise<Pick<PodView, "notLoaded" | "isOversized">> {
    const answer = await this.monitor(pod, "varz").catch(() => undefined);
    const varz = (parsed(answer) ?? {}) as Varz;
    const running = varz.jetstream?.config;
    const old = [
      ...(varz.metadata?.[accountsMetadata] === accounts ? [] : ["accounts file"]),
      ...(certificates && hasOldCertificates(varz, certificates) ? ["certificates"] : []),
    ];
    return {
      notLoaded: old.length ? old.join(" and ") : undefined,
      isOversized:
        running !== undefined && isLowered({ file: running.max_storage, memory: running.max_memory }, config),
    };
  }

  /** Name of the meta leader, which is also the name of its pod, from the first server that knows it. */
  private async leader(pods: V1Pod[]): Promise<string | undefined> {
    const ready = pods.filter(isReady);
    const failures: unknown[] = [];
    for (const pod of ready) {
      const answer = await this.monitor(pod, "jsz").catch((error: unknown) => void failures.push(error));
      const leader = (parsed(answer) as { meta_cluster?: { leader?: string } } | undefined)?.meta_cluster?.leader;
      if (leader) return leader;
    }
    if (failures.length < ready.length || ready.length === 0) return undefined;
    throw new NoAnswer(
      `no server reports whether there is a meta leader, though ${ready.length} are ready: ${reasonOf(failures[0])}`,
    );
  }

  /**
   * What a server's monitoring answers: by port-forwarding, which no NetworkPolicy keeps out; where that is not
   * possible (a role without it, a proxy that passes no WebSocket), through the API server's proxy.
   * @throws what the server answered, or Error with why neither way reaches it
   */
  private async monitor(pod: V1Pod, path: string): Promise<string> {
    const { namespace, name } = pod.metadata!;
    const { scheme, port } = monitoringIn(pod);
    const byForwarding = getFromPod(this.forwarder, { namespace: namespace!, name: name!, scheme, port }, path);
    return byForwarding.catch((forwarding: unknown) => {
      if (forwarding instanceof PodAnswer) throw forwarding;
      const proxied = { namespace: namespace!, name: `${scheme === "https" ? "https:" : ""}${name}:${port}`, path };
      return this.core.connectGetNamespacedPodProxyWithPath(proxied).catch((proxy: unknown) => {
        if (isOfServer(proxy)) throw proxy;
        throw new Error(
          `monitoring of ${name} could not be read: by port-forwarding, ${reasonOf(forwarding)} ` +
            `(it needs the right pods/portforward); by the API server's proxy, ${reasonOf(proxy)}`,
        );
      });
    });
  }
}

/**
 * The fingerprint says what a server was given when it loaded the file that has it. Its certificates are files of their
 * own, which may be mounted a moment later: when they expire says that these are loaded too. Versions that do not
 * report it are not waited for.
 */
const hasOldCertificates = (varz: Varz, { fingerprint, client, peer }: CertificatesInForce): boolean =>
  varz.metadata?.[certificatesMetadata] !== fingerprint ||
  [
    [client, varz.tls_cert_not_after],
    [peer, varz.cluster?.tls_cert_not_after],
    [peer, varz.gateway?.tls_cert_not_after],
  ].some(([wanted, used]) => wanted !== undefined && used !== undefined && Date.parse(wanted) !== Date.parse(used));

/** How a pod's server serves monitoring. */
const monitoringIn = ({ spec }: V1Pod): Monitoring =>
  monitoringAt(
    spec?.containers.flatMap(({ ports = [] }) => ports).find(({ name }) => name === "monitor")?.containerPort,
  );

/** Whether it is an answer of the server behind the API server's proxy, not of the API server itself. */
function isOfServer(error: unknown): boolean {
  try {
    const { kind } = parsed((error as { body?: unknown }).body) as { kind?: string };
    return kind !== "Status";
  } catch {
    return false;
  }
}

const sizeOf = ({ status, metadata, spec }: V1StatefulSet) => ({
  isObserved: (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0),
  replicas: spec!.replicas ?? 1,
});

const isReady = ({ status }: V1Pod): boolean =>
  status?.conditions?.some((condition) => condition.type === "Ready" && condition.status === "True") ?? false;
