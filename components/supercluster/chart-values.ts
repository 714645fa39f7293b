import * as path from "node:path/posix";
import type { Kubernetes } from "../../config/schema/kubernetes";
import type { RegionSpec } from "../../config/assets/region";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { loginOf, systemAccount } from "../../config/assets/standard";
import { labelVariables } from "../../config/server-tags";
import { resourcesIn, serversIn, volumeSizeIn } from "../../config/sizes";
import { type Listener, listenerNames, listenerTable } from "../../config/listeners";
import { monitoringOf } from "../../config/monitoring";
import { kubernetesNames, kubernetesPorts, storageClassName } from "../../config/topology";
import { toBytes, toMilliseconds } from "../../config/units";
import { prometheusDuration } from "../../observability/promql";
import { job } from "../monitoring/scrape-config";
import { affinityOf } from "./affinity";
import { mergedOver } from "./chart-overrides";
import { shortHash } from "../short-hash";
import { annotationsOf, labelsOf, metadataOf } from "./metadata";
import { withoutReloadable } from "./reload";
import { type ServerConfig, serverConfig, type HostLayout } from "./server-config";

/**
 * Values of the official chart `nats` for a region. The servers' configuration is the one that local servers have
 * (server-config.ts): what the chart writes itself is set by its keys, the rest is merged. Nothing here is secret: keys
 * and accounts are files of a Secret that the configuration includes.
 */

/** Files of a server in its pod, by the Secrets they are in. */
export const mounts = {
  client: "/etc/nats-certs/nats",
  route: "/etc/nats-certs/cluster",
  gateway: "/etc/nats-certs/gateway",
  websocket: "/etc/nats-certs/websocket",
  leafNodes: "/etc/nats-certs/leafnodes",
  mqtt: "/etc/nats-certs/mqtt",
  /** Below /etc/, because that is what the reloader sees. */
  secrets: "/etc/nats-secrets",
  data: "/data",
  /** Of the exporter. */
  monitoringCa: "/etc/nats-monitoring-ca",
  /** Of the nats-box; the chart's. */
  contexts: "/etc/nats-contexts",
} as const;

/** Secrets of a region's namespace, with type and keys of each. */
export const secrets = {
  /** The CA is in it where monitoring is served over TLS, or servers ask clients for a certificate. */
  client: { name: "nats-client-tls", type: "kubernetes.io/tls", cert: "tls.crt", key: "tls.key", ca: "ca.crt" },
  peer: { name: "nats-peer-tls", type: "kubernetes.io/tls", cert: "tls.crt", key: "tls.key", ca: "ca.crt" },
  server: {
    name: "nats-server",
    type: "Opaque",
    accounts: "accounts.conf",
    jetstreamKey: "jetstream.conf",
    fingerprint: "jetstream-key.fingerprint",
  },
  /** Contexts of the nats CLI. */
  box: { name: "nats-box-users", type: "Opaque", ca: "ca.crt" },
  /** Connections of users, one a login, for a store outside the cluster. */
  connections: { name: "nats-connections", type: "Opaque" },
} as const;

/** The Secrets that a region has by its settings. */
export const secretsOf = ({ kubernetes }: Pick<KubernetesEnvironment, "kubernetes">) => {
  const { box, connections, ...always } = secrets;
  return [
    ...Object.values(always),
    ...(kubernetes.natsBox.enabled ? [box] : []),
    ...(kubernetes.connectionSecrets ? [connections] : []),
  ];
};

/** Reads from the folder of nats.conf, /etc/nats-config. */
const included = (file: string): string => path.relative("/etc/nats-config", path.join(mounts.secrets, file));

const hostOf = (settings: RegionSpec["settings"]): HostLayout => ({
  listen: {
    client: `0.0.0.0:${kubernetesPorts.client}`,
    route: `0.0.0.0:${kubernetesPorts.route}`,
    gateway: `0.0.0.0:${kubernetesPorts.gateway}`,
    monitor: `0.0.0.0:${monitoringOf(settings).port}`,
    ...(Object.fromEntries(listenerNames.map((name) => [name, `0.0.0.0:${listenerTable[name].port}`])) as Record<
      Listener,
      string
    >),
  },
  files: {
    pid: "/var/run/nats/nats.pid",
    data: mounts.data,
    client: {
      cert: path.join(mounts.client, secrets.client.cert),
      key: path.join(mounts.client, secrets.client.key),
      ca: path.join(mounts.client, secrets.client.ca),
    },
    peer: {
      cert: path.join(mounts.route, secrets.peer.cert),
      key: path.join(mounts.route, secrets.peer.key),
      ca: path.join(mounts.route, secrets.peer.ca),
    },
    accounts: included(secrets.server.accounts),
    jetstreamKey: included(secrets.server.jetstreamKey),
  },
});

/** The configuration of a region's server on Kubernetes, by its number. */
export const podConfig = (region: RegionSpec, server: number): ServerConfig =>
  serverConfig(region, server, hostOf(region.settings));

/** Seconds that a stopping server has: to hand over, to let its clients go, and to end. */
export const graceSeconds = ({ lameDuck }: RegionSpec["settings"]): number =>
  Math.ceil((toMilliseconds(lameDuck.duration) + toMilliseconds(lameDuck.gracePeriod)) / 1000) + 20;

/** A tenth of the memory is left to what Go does not count. */
const goMemory = (memory: Kubernetes["resources"]["memory"]): string =>
  `${Math.floor((toBytes(memory) * 0.9) / 1024 ** 2)}MiB`;

/** A size as Kubernetes writes it: its units have no B. */
const quantity = (size: string): string => size.replace(/B$/, "");

/** Written into nats.conf without quotes: a variable, or a number that YAML would turn into 1e+09. */
const raw = (value: string | number): string => `<< ${value} >>`;

const pullPolicy = "IfNotPresent";
const secretsVolume = "server-secrets";
/** Template of the claims for servers' volumes; the chart's. */
export const dataVolume = `${kubernetesNames.release}-js`;

const user = 1000;
const podSecurity = {
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: user,
  fsGroup: user,
  fsGroupChangePolicy: "OnRootMismatch",
  seccompProfile: { type: "RuntimeDefault" },
};
const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};
/** Of a container that is not a server; the chart has no key for its resources. */
const besides = (resources: Kubernetes["containers"]["box"]) => ({
  merge: { securityContext: containerSecurity, resources: resourcesOf(resources) },
});

const add = (at: string, value: unknown) => ({ op: "add", path: at, value });
const replace = (at: string, value: unknown) => ({ op: "replace", path: at, value });

/**
 * Values of the chart; a test compares every key with those that the chart has, because it ignores what it does not
 * know.
 */
export type ChartValues = ReturnType<typeof chartValues>;

export function chartValues(region: RegionSpec & { settings: KubernetesEnvironment }) {
  const { name, settings } = region;
  const { kubernetes } = settings;
  const resources = resourcesIn(settings, name);
  const monitoring = monitoringOf(settings);
  const isTls = monitoring.scheme === "https";
  const trust = isTls ? monitoringTrust(settings) : undefined;
  const config = podConfig(region, 0);
  const { image, pullSecretNames } = imagesOf(kubernetes);
  // Labels of every object stand in `global`.
  const ofService = metadataOf(kubernetes.labels.services, annotationsOf(settings, name, "services"));
  const ofObject = metadataOf({}, annotationsOf(settings, name));
  const ofPod = metadataOf(kubernetes.labels.pods, annotationsOf(settings, name, "pods"));
  const nodes = nodesOf(kubernetes);
  const peerTls = (dir: string) => {
    const { cert_file: _, key_file: __, ...tls } = config.cluster.tls;
    return {
      enabled: true,
      secretName: secrets.peer.name,
      dir,
      cert: secrets.peer.cert,
      key: secrets.peer.key,
      merge: { ...tls, ca_file: path.join(dir, secrets.peer.ca) },
    };
  };
  const values = {
    global: {
      image: { registry: kubernetes.images.registry, pullSecretNames },
      labels: { ...labelsOf(settings), "supercluster/environment": region.environment, "supercluster/region": name },
    },
    fullnameOverride: kubernetesNames.release,
    config: {
      cluster: {
        enabled: true,
        port: kubernetesPorts.route,
        replicas: serversIn(settings, name),
        noAdvertise: config.cluster.no_advertise,
        routeURLs: { useFQDN: true, k8sClusterDomain: kubernetes.clusterDomain },
        tls: peerTls(mounts.route),
        merge: { compression: config.cluster.compression },
      },
      jetstream: {
        enabled: true,
        fileStore: {
          enabled: true,
          dir: mounts.data,
          pvc: {
            enabled: true,
            size: quantity(volumeSizeIn(settings, name)),
            storageClassName: storageClassName(settings, name),
          },
          maxSize: String(config.jetstream.max_file_store),
        },
        memoryStore: { enabled: true, maxSize: String(config.jetstream.max_memory_store) },
        merge: {
          sync_interval: config.jetstream.sync_interval,
          ...(config.jetstream.domain && { domain: config.jetstream.domain }),
          cipher: config.jetstream.cipher,
          key$include: config.jetstream.key$include,
        },
      },
      nats: {
        port: kubernetesPorts.client,
        tls: {
          enabled: true,
          secretName: secrets.client.name,
          dir: mounts.client,
          cert: secrets.client.cert,
          key: secrets.client.key,
          merge: {
            timeout: config.tls.timeout,
            ...(config.tls.verify && { ca_file: config.tls.ca_file, verify: config.tls.verify }),
          },
        },
      },
      gateway: {
        enabled: true,
        port: kubernetesPorts.gateway,
        tls: peerTls(mounts.gateway),
        merge: {
          advertise: raw("$SERVER_GATEWAY"),
          reject_unknown_cluster: config.gateway.reject_unknown_cluster,
          gateways: config.gateway.gateways,
        },
      },
      monitor: { enabled: true, port: monitoring.port, ...(isTls && { tls: { enabled: true } }) },
      ...listenerValues(config),
      merge: {
        max_payload: raw(config.max_payload),
        lame_duck_duration: config.lame_duck_duration,
        lame_duck_grace_period: config.lame_duck_grace_period,
        system_account: config.system_account,
        accounts$include: config.accounts$include,
        ...(config.server_tags && { server_tags: config.server_tags.map((_, index) => raw(`$${tagVariable(index)}`)) }),
      },
    },
    container: {
      image: image("nats"),
      env: {
        GOMEMLIMIT: goMemory(resources.memory),
        // Kubernetes fills in only what stands before it, and the chart sorts: P comes before S.
        POD_INDEX: { valueFrom: { fieldRef: { fieldPath: "metadata.labels['apps.kubernetes.io/pod-index']" } } },
        ...(config.server_tags && tagVariables(settings, config.server_tags)),
        SERVER_GATEWAY: config.gateway.advertise.replace(/^gateway-0\./, "gateway-$(POD_INDEX)."),
      },
      resources: resourcesOf(resources),
      merge: {
        securityContext: containerSecurity,
        // The chart's own asks for a meta leader: a pod that has not started gets no traffic, so the first regions
        // would never find each other.
        startupProbe: { httpGet: { path: "/healthz?js-server-only=true" } },
      },
      patch: [add("/volumeMounts/-", { name: secretsVolume, mountPath: mounts.secrets, readOnly: true })],
    },
    reloader: { enabled: true, image: image("reloader"), ...besides(kubernetes.containers.reloader) },
    promExporter: {
      enabled: true,
      image: image("exporter"),
      ...besides(kubernetes.containers.exporter),
      ...(trust && { env: trust.env }),
      patch: [
        ...exporterPatch(kubernetes.monitoring.exporter),
        ...(trust ? [add("/volumeMounts", [trust.mount])] : []),
      ],
      podMonitor: {
        enabled: kubernetes.monitoring.podMonitor,
        merge: { metadata: { ...ofObject, labels: kubernetes.monitoring.labels } },
        patch: [
          add("/spec/podMetricsEndpoints/0/interval", prometheusDuration(kubernetes.monitoring.interval)),
          add("/spec/podMetricsEndpoints/0/relabelings", [
            { targetLabel: "job", replacement: job },
            { targetLabel: "region", replacement: name },
            { sourceLabels: ["__meta_kubernetes_pod_name"], targetLabel: "server" },
            { sourceLabels: ["__meta_kubernetes_pod_name"], targetLabel: "instance" },
          ]),
        ],
      },
    },
    service: { enabled: true, ...merging(ofService) },
    headlessService: merging(ofService),
    configMap: merging(ofObject),
    // Pods are replaced by this program, one by one, each only when the last is current again.
    statefulSet: { name, merge: { ...merging(ofObject).merge, spec: { updateStrategy: { type: "OnDelete" } } } },
    podTemplate: {
      topologySpreadConstraints: {
        [kubernetes.topologyKeys.zone]: { maxSkew: 1, whenUnsatisfiable: kubernetes.spread.zones },
      },
      merge: {
        metadata: {
          ...ofPod,
          annotations: { ...ofPod.annotations, [restartAnnotation]: restartHash(config, settings) },
        },
        spec: {
          ...nodes,
          affinity: affinityOf(kubernetes),
          ...(kubernetes.priorityClassName && { priorityClassName: kubernetes.priorityClassName }),
          initContainers: [keyCheck(kubernetes)],
          securityContext: podSecurity,
          terminationGracePeriodSeconds: graceSeconds(settings),
          automountServiceAccountToken: false,
        },
      },
      patch: [
        add("/spec/volumes/-", { name: secretsVolume, secret: { secretName: secrets.server.name } }),
        ...(trust ? [add("/spec/volumes/-", trust.volume)] : []),
      ],
    },
    podDisruptionBudget: { enabled: true, ...merging(ofObject) },
    natsBox: {
      enabled: kubernetes.natsBox.enabled,
      // The chart's Secret of contexts would have passwords in values: the program's own Secret replaces it.
      defaultContextName: kubernetes.natsBox.administrators ? loginOf(systemAccount.name, systemAccount.user) : "",
      container: { image: image("box"), ...besides(kubernetes.containers.box), env: { XDG_CONFIG_HOME: "/tmp" } },
      deployment: merging(ofObject),
      podTemplate: {
        merge: {
          ...merging(ofPod).merge,
          spec: { ...nodes, securityContext: podSecurity, automountServiceAccountToken: false },
        },
        patch: [
          replace("/spec/volumes/0/secret/secretName", secrets.box.name),
          add("/spec/volumes/-", { name: "tmp", emptyDir: {} }),
          add("/spec/containers/0/volumeMounts/-", { name: "tmp", mountPath: "/tmp" }),
        ],
      },
    },
  };
  return mergedOver(values, kubernetes.values);
}

/** The chart's values of each listener: port and certificate by its own keys, the rest merged. */
const listenerValues = (config: ServerConfig) =>
  Object.fromEntries(
    listenerNames.flatMap((name) => {
      const { chart, port } = listenerTable[name];
      const own = config[chart];
      if (!own) return [];
      const { listen: _, tls: all, ...merge } = own;
      const { cert_file: __, key_file: ___, ...more } = { ...all };
      const { name: secretName, cert, key } = secrets.client;
      const tls = { enabled: true, secretName, dir: mounts[name], cert, key, merge: more };
      return [[chart, { enabled: true, port, tls, merge }]];
    }),
  );

/** Merged into an object of the chart; nothing where settings give it nothing. */
const merging = (metadata: ReturnType<typeof metadataOf>): { merge?: { metadata: typeof metadata } } =>
  Object.keys(metadata).length ? { merge: { metadata } } : {};

/** Nodes that may run a region's pods; nothing where settings name none. */
const nodesOf = ({ nodeSelector, tolerations }: Kubernetes) => ({
  ...(Object.keys(nodeSelector).length > 0 && { nodeSelector }),
  ...(tolerations.length > 0 && { tolerations }),
});

/**
 * The exporter's arguments. The chart has the one for JetStream as its eighth, the ninth after `-healthz`; with another
 * chart the test fails, and so does the deployment. Flags after the last argument, an address, are not read.
 */
const exporterPatch = ({ jetstream, arguments: more }: Kubernetes["monitoring"]["exporter"]) => [
  add("/args/0", "-healthz"),
  ...(jetstream === "all"
    ? []
    : [{ op: "test", path: "/args/8", value: "-jsz=all" }, replace("/args/8", `-jsz=${jetstream}`)]),
  ...more.map((argument, index) => add(`/args/${index + 1}`, argument)),
];

/**
 * What the exporter needs to read monitoring over TLS. It has no flag for a CA, and reads the system's once: the file
 * is named by the trusted generations, so that pods are replaced when those change.
 */
function monitoringTrust({ authorities }: KubernetesEnvironment) {
  const { name: secretName, ca: key } = secrets.client;
  const name = "monitoring-ca";
  const file = `ca-${authorities.clients.trusted.join("-")}.crt`;
  return {
    env: { SSL_CERT_FILE: path.join(mounts.monitoringCa, file) },
    mount: { name, mountPath: mounts.monitoringCa, readOnly: true },
    volume: { name, secret: { secretName, items: [{ key, path: file }] } },
  };
}

const tagVariable = (index: number): string => `SERVER_TAG_${index}`;

/**
 * A server reads each of its tags from a variable, which Kubernetes completes from that of the label: N comes before S.
 * In quotes, because servers parse a variable's value as configuration.
 */
const tagVariables = (settings: KubernetesEnvironment, tags: string[]) =>
  Object.fromEntries([
    ...labelVariables(settings).map(({ label, variable }): [string, unknown] => [
      variable,
      { valueFrom: { fieldRef: { fieldPath: `metadata.labels['${label}']` } } },
    ]),
    ...tags.map((tag, index): [string, unknown] => [tagVariable(index), JSON.stringify(tag)]),
  ]);

/**
 * Changes when a new configuration needs a restart: pods with the older annotation are then outdated, and this program
 * replaces them.
 */
export const restartAnnotation = "supercluster/restart";

/** Whether servers could reload what is in `kubernetes.values` is not known; an auth callout they cannot. */
const restartHash = (config: ServerConfig, { kubernetes: { values }, authCallout }: KubernetesEnvironment): string =>
  shortHash(
    JSON.stringify(withoutReloadable(config)) +
      (values.config === undefined ? "" : JSON.stringify(values.config)) +
      (authCallout ? "authCallout" : ""),
  );

/** With another key a server would start without streams and look ready. */
function keyCheck({ images, containers }: Kubernetes) {
  const [given, known] = [
    path.join(mounts.secrets, secrets.server.fingerprint),
    path.join(mounts.data, secrets.server.fingerprint),
  ];
  const script = [
    `given=$(cat ${given})`,
    `if [ -s ${known} ] && [ "$(cat ${known})" != "$given" ]; then`,
    `  echo "the data of $HOSTNAME is encrypted with another JetStream key ($(cat ${known})) than the one ` +
      "given ($given); bring the identity stack's key back (docs/runbooks/jetstream-key.md)\" >&2",
    "  exit 1",
    "fi",
    `printf %s "$given" > ${known}`,
  ];
  return {
    name: "jetstream-key",
    // The server's own may have no shell.
    image: imageName(images.registry, images.box),
    imagePullPolicy: pullPolicy,
    command: ["sh", "-ec", script.join("\n")],
    securityContext: containerSecurity,
    resources: resourcesOf(containers.keyCheck),
    volumeMounts: [
      { name: dataVolume, mountPath: mounts.data },
      { name: secretsVolume, mountPath: mounts.secrets, readOnly: true },
    ],
  };
}

/** As the chart puts it together. */
const imageName = (registry: string | undefined, { repository, tag, digest }: Kubernetes["images"]["nats"]): string =>
  `${registry ? `${registry}/` : ""}${repository}${digest ? `@${digest}` : `:${tag}`}`;

function resourcesOf({ cpu, cpuLimit, memory }: Kubernetes["resources"]) {
  return {
    requests: { cpu, memory: quantity(memory) },
    limits: { ...(cpuLimit && { cpu: cpuLimit }), memory: quantity(memory) },
  };
}

function imagesOf({ images }: Kubernetes) {
  const image = (which: "nats" | "reloader" | "exporter" | "box") => {
    const { repository, tag, digest } = images[which];
    return { repository, tag, ...(digest && { digest }), pullPolicy };
  };
  return { image, pullSecretNames: images.pullSecrets };
}
