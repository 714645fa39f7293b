import type { Environment, KubernetesEnvironment, LocalEnvironment } from "./schema/settings";
import type { KubernetesWorkers } from "./schema/kubernetes-workers";
import { type Listener, listenersOf, listenerTable } from "./listeners";
import { monitoringOf } from "./monitoring";
import { serversIn } from "./sizes";

/**
 * Addresses of one server. Every region lists as many gateway URLs as it has servers: the meta group counts them, and
 * equal ones once.
 */
export interface ServerAddresses extends Partial<Record<Listener, string>> {
  /** `server_name`: unique in the supercluster. */
  name: string;
  client: string;
  route: string;
  gateway: string;
  /** Monitoring endpoint; only reachable from beside the server. */
  monitor: string;
}

/** Ports of one local server, from its region's block: four protocols, up to five servers. */
const localPorts = { client: 0, route: 5, gateway: 10, monitor: 15 } as const;
/** Ports of 127.0.0.1 that a local region takes. */
const portsARegion = 20;
/** Ports that its listeners take, where there are any: up to three, up to five servers. */
const listenerPortsARegion = 15;

export type Protocol = keyof typeof localPorts;

/** Ports of every server on Kubernetes, but that of monitoring; the official chart's. */
export const kubernetesPorts: Record<Exclude<Protocol, "monitor">, number> = {
  client: 4222,
  route: 6222,
  gateway: 7222,
};

/** Port of the exporter in a server's pod, which Prometheus reads; the chart's. */
export const metricsPort = 7777;

/**
 * Names of what the chart makes in a region's namespace. The StatefulSet has the region's, so that its pods have their
 * servers'.
 */
export const kubernetesNames = { release: "nats", service: "nats", headless: "nats-headless" } as const;

/**
 * Name of the secret with a user's connection, outside the cluster. A contract with those who read it.
 * @param login `<account>-<user>`
 * @param separator of its parts, where a store takes no slashes
 */
export const connectionSecretName = (environment: string, region: string, login: string, separator = "/"): string =>
  [environment, region, "nats", login].join(separator);

/** Name of the secret with a region's part of the identity, in a store outside its cluster. */
export const identitySecretName = (environment: string, region: string, separator = "/"): string =>
  [environment, region, "identity"].join(separator);

/** Namespace of a region's servers. */
export const namespaceOf = (
  { kubernetes }: { kubernetes: Pick<KubernetesEnvironment["kubernetes"], "namespace"> },
  region: string,
): string => kubernetes.namespace.replaceAll("<region>", region);

/** An environment that runs workers on Kubernetes. */
export type WithWorkers = KubernetesEnvironment & { kubernetes: { workers: KubernetesWorkers } };

/** The settings, where they run workers. */
export const withWorkers = (settings: KubernetesEnvironment): WithWorkers | undefined =>
  settings.kubernetes.workers && {
    ...settings,
    kubernetes: { ...settings.kubernetes, workers: settings.kubernetes.workers },
  };

/** Namespace of a tenant's workers in a region; undefined where the environment runs none. */
export const workersNamespaceOf = (
  { kubernetes: { workers } }: { kubernetes: Pick<KubernetesEnvironment["kubernetes"], "workers"> },
  region: string,
  tenant: string,
): string | undefined => workers?.namespace.replaceAll("<region>", region).replaceAll("<tenant>", tenant);

/** Name of the storage class of a region's volumes: one that exists, or the one that its stack creates. */
export function storageClassName(
  { kubernetes: { volume } }: { kubernetes: Pick<KubernetesEnvironment["kubernetes"], "volume"> },
  region: string,
): string {
  const { storageClass } = volume;
  return "existing" in storageClass ? storageClass.existing : storageClass.name.replaceAll("<region>", region);
}

/** Who may connect to the load balancer of a listener, on which port. */
export function loadBalancerIn({ kubernetes }: Pick<KubernetesEnvironment, "kubernetes">, name: Listener) {
  const { listeners, ...shared } = kubernetes.loadBalancers;
  const {
    port = listenerTable[name].outside,
    public: isPublic = shared.public,
    sourceRanges = shared.sourceRanges,
  } = listeners[name] ?? {};
  return { port, public: isPublic, sourceRanges };
}

/**
 * What identifies the Kubernetes cluster of a region in settings; undefined where they name none. Equal ones are the
 * same cluster, different ones may be.
 */
export function clusterIdOf({ kubernetes, aws }: KubernetesEnvironment, region: string): string | undefined {
  const named = kubernetes.clusters[region];
  if (named) return JSON.stringify([named.context, named.kubeconfig]);
  const onAws = aws?.regions[region];
  return onAws?.cluster && JSON.stringify([onAws.account, onAws.region, onAws.cluster.name]);
}

type LocalPorts = Pick<LocalEnvironment, "basePort" | "listenersBasePort" | "listeners" | "regions">;

const listenersBasePort = ({ basePort, listenersBasePort: own = basePort + 200 }: LocalPorts): number => own;

/** Ports of 127.0.0.1 that a local environment takes: first and last of each block, and the setting that moves it. */
export function portBlocksOf(
  environment: LocalPorts,
): { setting: "basePort" | "listenersBasePort"; first: number; last: number }[] {
  const { basePort, regions } = environment;
  const block = (setting: "basePort" | "listenersBasePort", first: number, perRegion: number) => [
    { setting, first, last: first + regions.length * perRegion - 1 },
  ];
  return [
    ...block("basePort", basePort, portsARegion),
    ...(listenersOf(environment).length > 0
      ? block("listenersBasePort", listenersBasePort(environment), listenerPortsARegion)
      : []),
  ];
}

/** Ports of a local server. */
function localPortsOf(environment: LocalEnvironment, region: string, server: number) {
  const index = environment.regions.indexOf(region);
  const own = environment.basePort + index * portsARegion + server;
  const ofListeners = listenersBasePort(environment) + index * listenerPortsARegion + server;
  return {
    of: (protocol: Protocol) => own + localPorts[protocol],
    ofListener: (name: Listener) => ofListeners + listenerTable[name].local,
  };
}

/** An address for each listener of an environment. */
const listenerAddresses = (environment: Environment, address: (name: Listener) => string) =>
  Object.fromEntries(
    listenersOf(environment).map((name) => [name, `${listenerTable[name].scheme}://${address(name)}`]),
  ) as Partial<Record<Listener, string>>;

/** The addresses of a region's servers, from names (or ports) alone: never from another stack's outputs. */
export function serversOf(environment: Environment, region: string): ServerAddresses[] {
  const monitoring = monitoringOf(environment);
  return Array.from({ length: serversIn(environment, region) }, (_, server) => {
    const name = `${region}-${server}`;
    if (environment.target === "local") {
      const ports = localPortsOf(environment, region, server);
      const at = (protocol: Protocol) => `127.0.0.1:${ports.of(protocol)}`;
      return {
        name,
        client: `tls://${at("client")}`,
        route: `tls://${at("route")}`,
        gateway: `tls://${at("gateway")}`,
        monitor: `${monitoring.scheme}://${at("monitor")}`,
        ...listenerAddresses(environment, (name) => `127.0.0.1:${ports.ofListener(name)}`),
      };
    }
    const { domain, kubernetes } = environment;
    const service = `${kubernetesNames.headless}.${namespaceOf(environment, region)}.svc.${kubernetes.clusterDomain}`;
    const pod = `${name}.${service}`;
    return {
      name,
      client: `tls://nats.${region}.${domain}:${kubernetesPorts.client}`,
      route: `tls://${pod}:${kubernetesPorts.route}`,
      gateway: `tls://gateway-${server}.${region}.${domain}:${kubernetesPorts.gateway}`,
      monitor: `${monitoring.scheme}://${pod}:${monitoring.port}`,
      ...listenerAddresses(
        environment,
        (name) => `${listenerTable[name].host}.${region}.${domain}:${loadBalancerIn(environment, name).port}`,
      ),
    };
  });
}

/** Names of the servers of some regions; by default of all. */
export const serverNames = (environment: Environment, regions: readonly string[] = environment.regions): string[] =>
  regions.flatMap((region) => serversOf(environment, region).map(({ name }) => name));

/** The region of a server, by its name. */
export const regionOfServer = (name: string): string => name.slice(0, name.lastIndexOf("-"));

/** The number of a server in its region, by its name. */
export const ordinalOfServer = (name: string): number => Number(name.slice(name.lastIndexOf("-") + 1));

/** Client URLs of a region, each once. */
export function clientUrls(environment: Environment, region: string): string[] {
  return [...new Set(serversOf(environment, region).map(({ client }) => client))];
}

/** URLs of each listener of a region, each once. */
export function listenerUrls(environment: Environment, region: string): Partial<Record<Listener, string[]>> {
  const servers = serversOf(environment, region);
  return Object.fromEntries(
    listenersOf(environment).map((name) => [name, [...new Set(servers.map((server) => server[name]!))]]),
  );
}

/**
 * The way to a region's servers through the API server of its Kubernetes cluster, where settings say that this machine
 * does not reach their load balancer.
 */
export function forwardTo(
  environment: Environment,
  region: string,
):
  | { cluster: KubernetesEnvironment["kubernetes"]["clusters"][string]; namespace: string; statefulSet: string }
  | undefined {
  if (environment.target !== "kubernetes" || environment.kubernetes.access !== "portForward") return undefined;
  return {
    cluster: environment.kubernetes.clusters[region]!,
    namespace: namespaceOf(environment, region),
    statefulSet: region,
  };
}
