import * as z from "zod";
import {
  annotations,
  chartRepository,
  chartVersion,
  cpu,
  homePath,
  imageDigest,
  imageRegistry,
  imageRepository,
  imageTag,
  labelKey,
  labels,
  moreAnnotations,
  moreLabels,
  namespaceTemplate,
  objectName,
  objectNameTemplate,
  plainPath,
  provisioner,
} from "./kubernetes-values";
import { affinity, toleration } from "./scheduling";
import { dnsName, duration, size, sourceRanges, token } from "./values";
import { connectionSecrets, identitySecret } from "./secret-store";
import { backups } from "./kubernetes-backups";
import { workers } from "./kubernetes-workers";
import { networkPolicy } from "./network-policy";
import { strictObject } from "../problems";
import { listenerNames } from "../listeners";
import { testedServers } from "../versions";

/**
 * How an environment's servers run on Kubernetes: `kubernetes` of the environment in Pulumi.yaml. What differs by
 * region (the cluster it is deployed to) stands in the stack's own file. Every field has a default that suits a cluster
 * of three nodes.
 */

const text = z.string().min(1);

/** Of what server tags have before the colon. */
const tagName = z.string().regex(/^[a-z0-9][a-z0-9._-]*$/, "write lower case letters, digits and . _ -");

/** What a container other than a server gets. Its memory limit is its request. */
const share = (defaults: { cpu: string; cpuLimit: string; memory: z.output<typeof size> }) =>
  strictObject({
    cpu: cpu.default(defaults.cpu),
    cpuLimit: cpu.default(defaults.cpuLimit),
    memory: size.default(defaults.memory),
  }).prefault({});

const container = (repository: string, tag: string) =>
  strictObject({
    /** Name of the image, without the registry. */
    repository: imageRepository.default(repository),
    /** Its tag; ignored where there is a `digest`. Of servers: a supported version (config/versions.ts). */
    tag: imageTag.default(tag),
    /** `sha256:...`: exactly this image. Default: whatever the tag names. */
    digest: imageDigest.optional(),
  }).prefault({});

/** The load balancer of a listener, where `listeners` asks for it. */
const ofListener = strictObject({
  /** Port that clients connect to. Default: 443 for WebSocket, 7422 for leaf nodes, 8883 for MQTT. */
  port: z.int().min(1).max(65535).optional(),
  /** Whether it can be reached from the internet. Default: as `loadBalancers.public`. */
  public: z.boolean().optional(),
  /** Who may connect, as CIDR. Default: as `loadBalancers.sourceRanges`. */
  sourceRanges: sourceRanges.optional(),
});

const chart = strictObject({
  /** Version of the official chart `nats`. Another version may have other values: `npm run test:kube` compares them. */
  version: chartVersion.default("2.14.2"),
  /** Repository that holds it, by HTTP. Not asked where there is a `path`. */
  repository: chartRepository.default("https://nats-io.github.io/k8s/helm/charts/"),
  /** Folder or archive of the chart on this machine, for deployments without the internet. */
  path: plainPath.optional(),
}).prefault({});

/** A storage class that is there already, which this program only names. */
const existingClass = z.strictObject(
  { existing: objectName },
  {
    error: ({ code, input }) =>
      code === "unrecognized_keys"
        ? "existing"
        : `write { existing: ${JSON.stringify(typeof input === "string" ? input : "gp3")} } for a class that exists`,
  },
);

/** A storage class that each region's stack creates. */
const ownClass = strictObject({
  /**
   * Its name. A class is of the whole Kubernetes cluster: where regions or environments share one, each needs a name of
   * its own; `<region>` stands for the region's name.
   */
  name: objectNameTemplate.default("nats-<region>"),
  /** Driver that makes the volumes. */
  provisioner: provisioner.default("ebs.csi.aws.com"),
  /** Parameters of the driver. Default: gp3, encrypted, by the region's KMS key where there is one. */
  parameters: z.record(text, z.string()).default({ type: "gp3", encrypted: "true" }),
});

/** What servers of one region get, where it is not what those of all regions get: as `resources` and `volume`. */
export const kubernetesSizes = strictObject({
  resources: strictObject({ cpu: cpu.optional(), cpuLimit: cpu.optional(), memory: size.optional() }).optional(),
  volume: strictObject({ size: size.optional() }).optional(),
});

/** What objects have beside what this program and the chart write. */
const more = (one: z.ZodType<Record<string, string>>) =>
  strictObject({
    /** Every object, pods included; not claims, whose template in a StatefulSet cannot be changed. */
    all: one.default({}),
    /** Pods, of servers and of nats-box. */
    pods: one.default({}),
    /** Services: the two load balancers, and those inside the cluster. */
    services: one.default({}),
  }).prefault({});

/** An argument of the exporter: a flag, with its value after a `=`. */
const argument = z
  .string({ error: 'write a flag, e.g. "-connz_detailed"' })
  .regex(/^-[A-Za-z]\w*(=.*)?$/, 'write a flag, e.g. "-connz_detailed" or "-jsz_stream_meta_keys=team"');

export const kubernetes = strictObject({
  /** Namespace of a region's servers; created if it does not exist. `<region>` in it stands for the region's name. */
  namespace: namespaceTemplate.default("nats"),
  /** DNS domain of the Kubernetes cluster. */
  clusterDomain: dnsName.default("cluster.local"),
  chart,
  images: strictObject({
    /** Registry of all images, e.g. a mirror: host, port and path. Default: Docker Hub. */
    registry: imageRegistry.optional(),
    /** Secrets with the registry's credentials; they must be in the namespace. */
    pullSecrets: z.array(objectName).default([]),
    /** One version for all targets: the newest of config/versions.ts. */
    nats: container("nats", `${testedServers.newest}-alpine`),
    reloader: container("natsio/nats-server-config-reloader", "0.23.0"),
    exporter: container("natsio/prometheus-nats-exporter", "0.20.1"),
    box: container("natsio/nats-box", "0.19.7"),
  }).prefault({}),
  /** What one server gets. Its memory limit is its request: a server that is short of memory loses its node. */
  resources: strictObject({
    cpu: cpu.default("500m"),
    /**
     * At least `cpu`. Default: none; a limit slows down servers that have cores to spare. A namespace whose
     * ResourceQuota counts `limits.cpu` rejects servers without one.
     */
    cpuLimit: cpu.optional(),
    /** Must hold the memory store and 512MiB for the server itself. */
    memory: size.default("2GiB"),
  }).prefault({}),
  /** What the other containers get. A change restarts the servers, one after another (`box` does not). */
  containers: strictObject({
    /** Tells a server to reload its files. */
    reloader: share({ cpu: "10m", cpuLimit: "100m", memory: "64MiB" }),
    /** Grows with the number of streams and consumers. */
    exporter: share({ cpu: "20m", cpuLimit: "500m", memory: "128MiB" }),
    /** Runs before a server starts, and compares the JetStream key with the data's. */
    keyCheck: share({ cpu: "10m", cpuLimit: "100m", memory: "64MiB" }),
    box: share({ cpu: "10m", cpuLimit: "500m", memory: "128MiB" }),
  }).prefault({}),
  /**
   * A pod with the nats CLI beside the servers (nats-box). Those who may `kubectl exec` there have the passwords of its
   * contexts; `npm run context` writes the same contexts on the operator's own machine.
   */
  natsBox: strictObject({
    enabled: z.boolean().default(false),
    /** Whether it has contexts of the system account and of provisioners too: all rights on every account. */
    administrators: z.boolean().default(false),
  }).prefault({}),
  volume: strictObject({
    /**
     * Of each server. Must be larger than `storage.file`: a formatted disk has less than its size. It grows under
     * running servers (docs/runbooks/grow-volumes.md), and never shrinks.
     */
    size: size.default("100GiB"),
    /**
     * The class of volumes: one that is created (encrypted gp3 of AWS by default; volumes stay when their claims are
     * deleted, and grow), or one that exists already. Existing volumes keep theirs: another one is refused.
     */
    storageClass: z.union([existingClass, ownClass]).prefault({}),
  }).prefault({}),
  /**
   * Whether servers of a region may share a host. `required`: never; it needs as many nodes as servers. A rolling
   * update of nodes needs one more, or the server waits (Pending) for the new one. `preferred`: only where no other
   * host is free, for clusters with fewer nodes than servers. A change restarts the servers, one after another.
   */
  antiAffinity: z.enum(["required", "preferred"]).default("required"),
  /**
   * Labels of nodes by which hosts and zones are told apart, for `antiAffinity` and `spread`. The policy
   * `pods-are-spread` accepts other keys than these defaults only where its setting names them. A change restarts the
   * servers, one after another; so it does for the next four.
   */
  topologyKeys: strictObject({
    host: labelKey.default("kubernetes.io/hostname"),
    zone: labelKey.default("topology.kubernetes.io/zone"),
  }).prefault({}),
  /** Labels that a node must have to run servers or nats-box. */
  nodeSelector: labels.default({}),
  /** Taints of nodes that servers and nats-box accept, as Kubernetes has them. */
  tolerations: z.array(toleration).default([]),
  /** Further affinity of servers, as Kubernetes has it; what `antiAffinity` makes stays beside it. */
  affinity: affinity.optional(),
  /** PriorityClass of servers, which must exist. Default: the cluster's default. */
  priorityClassName: objectName.optional(),
  /** Labels of objects. A change of `all` or `pods` restarts the servers, one after another. */
  labels: more(moreLabels),
  /** Annotations of objects; `<region>` stands for the region's name. A change does what one of labels does. */
  annotations: more(moreAnnotations),
  /** How servers spread over zones, where there are any. Over hosts: `antiAffinity`. */
  spread: strictObject({
    /** `DoNotSchedule` leaves a server waiting rather than in a zone that has more; `ScheduleAnyway` prefers others. */
    zones: z.enum(["DoNotSchedule", "ScheduleAnyway"]).default("ScheduleAnyway"),
  }).prefault({}),
  /**
   * Tags of servers, for `placementTags` of streams: what a tag begins with, and the label whose value follows, e.g.
   * `{ az: topology.kubernetes.io/zone }` gives `az:us-east-1a`. Labels are the pod's: Kubernetes 1.35 and later copies
   * those of zone and region from its node, an admission policy can copy others. Default: none. A change restarts the
   * servers, one after another.
   */
  serverTags: z.record(tagName, labelKey).optional(),
  networkPolicy,
  /** Default: none; on AWS there is `aws.regions.<region>.connectionSecrets` too. */
  connectionSecrets: connectionSecrets.optional(),
  /**
   * Default: regions' stacks read the identity stack, and each state has the keys of all regions. On AWS there is
   * `aws.regions.<region>.identitySecret`.
   */
  identitySecret: identitySecret.optional(),
  /** Default: none run here. */
  workers: workers.optional(),
  /** Backups of all streams on a schedule. Default: none are made here. */
  backups: backups.optional(),
  /** The load balancers of a region: one for clients (4222), one for gateways (7222), one for each listener. */
  loadBalancers: strictObject({
    /**
     * Whether they can be reached from the internet; `sourceRanges` must then be written. Gateways of regions in
     * different networks need it, or a peering.
     */
    public: z.boolean().default(false),
    /** Who may connect, as CIDR. Default: everyone who can reach them. */
    sourceRanges: sourceRanges.default([]),
    /**
     * Of the controller that creates them. Default: those of AWS for a Network Load Balancer. `<region>` stands for the
     * region's name.
     */
    annotations: annotations.optional(),
    /**
     * Makes them known as `nats.<region>.<domain>` and `gateway-<n>.<region>.<domain>`, and by the names of listeners;
     * `none`: you do.
     */
    dns: z.enum(["external-dns", "route53", "none"]).default("external-dns"),
    /** What differs for those of `listeners`, which are often open to more than clients are. */
    listeners: z.partialRecord(z.enum(listenerNames), ofListener).default({}),
  }).prefault({}),
  monitoring: strictObject({
    /** A PodMonitor of the Prometheus operator; without it there is a ready scrape_configs file. */
    podMonitor: z.boolean().default(false),
    /**
     * A PrometheusRule of the Prometheus operator, with the region's alerts; without it they are in the ConfigMap
     * `nats-prometheus-rules`, as a file for `rule_files` (docs/monitoring.md).
     */
    prometheusRule: z.boolean().default(false),
    /** Labels by which the operator finds these two. */
    labels: labels.default({}),
    /**
     * Dashboards for Grafana, each a ConfigMap in the namespace of the servers (docs/monitoring.md). They are the same
     * in every region; where regions share a cluster, one copy is used. A change restarts nothing.
     */
    dashboards: strictObject({
      enabled: z.boolean().default(false),
      /** Labels by which Grafana's sidecar finds them. Default: what its charts look for, `grafana_dashboard: "1"`. */
      labels: labels.default({ grafana_dashboard: "1" }),
    }).prefault({}),
    interval: duration.default("30s"),
    /** Series that each server's exporter makes. A change restarts the servers, one after another. */
    exporter: strictObject({
      /**
       * Of JetStream: `all`, of each stream and consumer; `streams`, without those of consumers and of streams' limits,
       * for thousands of consumers; `accounts`, without those of streams too.
       */
      jetstream: z.enum(["all", "streams", "accounts"]).default("all"),
      /**
       * Further flags of prometheus-nats-exporter. Those of `jetstream` and of the chart (config/rules/chart-values.ts)
       * are set already.
       */
      arguments: z.array(argument).default([]),
    }).prefault({}),
  }).prefault({}),
  /**
   * Further values of the chart, merged over those that this program sets: objects key by key, `patch` by appending,
   * anything else by replacing. Refused is what the supercluster needs, or what has a setting
   * (config/rules/chart-values.ts), and `null`, which Pulumi leaves out; whatever the chart does not know it ignores in
   * silence. A change of `config` restarts the servers, one after another. The policy `chart-values-are-settings`
   * reports the use of this.
   */
  values: z.record(text, z.json()).default({}),
  /**
   * The cluster of each region, where settings of a cloud do not name it. A cluster can state for which regions it is,
   * and others are refused: `kubectl annotate namespace kube-system supercluster/regions=<environment>/<region>,...`
   */
  clusters: z
    .record(
      token,
      strictObject({
        /**
         * Context of the kubeconfig. Named, so that nothing is ever deployed to whatever cluster is the current one.
         */
        context: text,
        /** File of the kubeconfig; `~/` is the home of the user who deploys. Default: KUBECONFIG, or ~/.kube/config. */
        kubeconfig: homePath.optional(),
      }),
    )
    .default({}),
  /**
   * How this program reaches servers: through their load balancers, or by the API server (`kubectl port-forward`, for a
   * few streams).
   */
  access: z.enum(["loadBalancer", "portForward"]).default("loadBalancer"),
});

export type Kubernetes = z.infer<typeof kubernetes>;
