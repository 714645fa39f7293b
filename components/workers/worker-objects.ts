import type { types } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { healthPort, type WorkerAsset } from "../../config/assets/workers";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { monitoringOf } from "../../config/monitoring";
import { kubernetesNames, kubernetesPorts, namespaceOf, type WithWorkers } from "../../config/topology";
import { toBytes } from "../../config/units";
import { sources } from "../../observability/metrics";
import { prometheusDuration } from "../../observability/promql";
import { annotationsOf, labelsOf } from "../supercluster/metadata";

/** What the objects of one worker are made of. Pure. */

type PodSpec = types.input.core.v1.PodSpec;

/** The worker, where it runs. */
export interface PlacedWorker {
  worker: WorkerAsset;
  region: string;
  settings: WithWorkers;
}

/** Ends after the worker's own grace, which then logs what it did not finish. */
const secondsAfterGrace = 10;

/** Any but root: the image runs with every number, and writes nothing but /tmp. */
const user = 1000;

/** Of pods on the image of workers, and of their containers. */
const podSecurityContext = {
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: user,
  fsGroup: user,
  seccompProfile: { type: "RuntimeDefault" },
} as const;
export const containerSecurity = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  capabilities: { drop: ["ALL"] },
};

/** Label whose value is `worker`, by which NetworkPolicies and monitoring find them. */
const component = { "app.kubernetes.io/component": "worker" } as const;

/** Labels by which a worker's pods are found; they never change. */
export const workerLabels = ({ account, objectName }: Pick<WorkerAsset, "account" | "objectName">) => ({
  "app.kubernetes.io/name": objectName,
  "app.kubernetes.io/instance": account,
  ...component,
});

/** Name of the Secret with a user's connection. */
export const connectionSecret = (user: string): string => `nats-${user}`;

/** Annotation of pods: identifies the connection that they were started with, so that another one starts them again. */
export const connectionAnnotation = "supercluster/connection";

/** Address of the servers for pods of their cluster; a name of their certificate. */
export const urlWithin = (settings: KubernetesEnvironment, region: string): string =>
  `tls://${kubernetesNames.service}.${namespaceOf(settings, region)}.svc.${settings.kubernetes.clusterDomain}` +
  `:${kubernetesPorts.client}`;

/** More than one at a time would process every message twice. */
const isAlone = ({ durables }: WorkerAsset): boolean => durables.some(({ mode }) => mode === "push");

/**
 * @param connection identifies the connection in the user's Secret
 * @param hasScaler whether something else sets the number of pods
 */
export function deploymentSpec(
  placed: PlacedWorker,
  connection: Input<string>,
  hasScaler: boolean,
): types.input.apps.v1.DeploymentSpec {
  const { worker, region, settings } = placed;
  return {
    ...(!hasScaler && { replicas: worker.replicas }),
    selector: { matchLabels: workerLabels(worker) },
    strategy: isAlone(worker)
      ? { type: "Recreate" }
      : { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    template: {
      metadata: {
        labels: { ...labelsOf(settings), ...labelsOf(settings, "pods"), ...workerLabels(worker) },
        annotations: {
          ...annotationsOf(settings, region),
          ...annotationsOf(settings, region, "pods"),
          [connectionAnnotation]: connection,
        },
      },
      spec: podSpec(placed),
    },
  };
}

/** Volume of a pod on the image of workers, for what its container may write. */
export const temporary = { name: "tmp", emptyDir: { sizeLimit: "64Mi" } };

/** Of every pod on the image of workers. */
export const podBase = ({ kubernetes: { images } }: WithWorkers) => ({
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  ...(images.pullSecrets.length > 0 && { imagePullSecrets: images.pullSecrets.map((name) => ({ name })) }),
  securityContext: podSecurityContext,
});

type Resources = Pick<WorkerAsset["resources"], "cpu" | "cpuLimit" | "memory">;

/** @param storage bytes of the node's disk */
export function resourcesOf({ cpu, cpuLimit, memory }: Resources, storage?: number) {
  const disk: Record<string, string> = storage === undefined ? {} : { "ephemeral-storage": String(storage) };
  return {
    requests: { cpu, memory: quantity(memory), ...disk },
    limits: { ...(cpuLimit !== undefined && { cpu: cpuLimit }), memory: quantity(memory), ...disk },
  };
}

/** Of every container on the image of workers; without arguments and environment. */
export const containerBase = ({ kubernetes: { images, workers } }: WithWorkers, resources: Resources) => ({
  name: "worker",
  image: imageOf(images.registry, workers.image),
  resources: resourcesOf(resources),
  securityContext: containerSecurity,
  volumeMounts: [{ name: temporary.name, mountPath: "/tmp" }],
});

/** Port and probes of a container that reports its health, of which readiness is asked for each `seconds`. */
export function healthOf(seconds: number) {
  const probe = (path: string) => ({ httpGet: { path, port: "health" }, timeoutSeconds: 5 });
  return {
    port: { name: "health", containerPort: healthPort },
    probes: {
      startupProbe: { ...probe("/healthz"), periodSeconds: 2, failureThreshold: 30 },
      livenessProbe: { ...probe("/healthz"), periodSeconds: 10, failureThreshold: 3 },
      readinessProbe: { ...probe("/readyz"), periodSeconds: seconds, failureThreshold: 3 },
    },
  };
}

function podSpec({ worker, settings }: PlacedWorker): PodSpec {
  return {
    ...podBase(settings),
    terminationGracePeriodSeconds: Math.ceil(worker.grace / 1000) + secondsAfterGrace,
    topologySpreadConstraints: spreadOf(settings, workerLabels(worker)),
    containers: [container(worker, settings)],
    volumes: [temporary],
  };
}

/** Pods with these labels are on different hosts and in different zones, where there is room. */
export const spreadOf = (
  { kubernetes: { topologyKeys } }: KubernetesEnvironment,
  matchLabels: Record<string, string>,
) =>
  [topologyKeys.host, topologyKeys.zone].map((topologyKey) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: "ScheduleAnyway",
    labelSelector: { matchLabels },
  }));

function container(worker: WorkerAsset, settings: WithWorkers): types.input.core.v1.Container {
  const health = healthOf(5);
  return {
    ...containerBase(settings, worker.resources),
    args: [worker.system, worker.name],
    // Of equal names the last one counts: no other Secret replaces the connection.
    envFrom: [...worker.secrets, connectionSecret(worker.user!)].map((name) => ({ secretRef: { name } })),
    env: Object.entries(variablesOf(worker, settings.kubernetes.workers.environment[worker.account])).map(
      ([name, value]) => ({ name, value }),
    ),
    ports: [health.port, ...(worker.port === undefined ? [] : [{ name: "http", containerPort: worker.port }])],
    ...health.probes,
  };
}

/** Environment variables of a worker without those of its user's Secret. */
const variablesOf = (
  { environment, grace, port }: WorkerAsset,
  ofEnvironment: Record<string, string> = {},
): Record<string, string> => ({
  ...environment,
  ...ofEnvironment,
  ...(port !== undefined && { PORT: String(port) }),
  // Probes and Prometheus come from outside the pod.
  HEALTH_HOST: "0.0.0.0",
  HEALTH_PORT: String(healthPort),
  SHUTDOWN_GRACE: `${grace}ms`,
});

export const quantity = (size: WorkerAsset["resources"]["memory"]): string => String(toBytes(size));

/** An image as a pod names it. */
export function imageOf(registry: string | undefined, image: WithWorkers["kubernetes"]["workers"]["image"]): string {
  const { repository, tag, digest } = image;
  const name = registry === undefined ? repository : `${registry}/${repository}`;
  return digest === undefined ? `${name}:${tag}` : `${name}@${digest}`;
}

/** One pod is evicted at a time, and those that are not ready whenever a node asks: an outage keeps no node. */
export const disruptionBudgetSpec = (
  worker: Pick<WorkerAsset, "account" | "objectName">,
): types.input.policy.v1.PodDisruptionBudgetSpec => ({
  maxUnavailable: 1,
  unhealthyPodEvictionPolicy: "AlwaysAllow",
  selector: { matchLabels: workerLabels(worker) },
});

/** Service of what a worker serves beside its health. */
export const serviceSpec = (worker: WorkerAsset): types.input.core.v1.ServiceSpec => ({
  type: "ClusterIP",
  selector: workerLabels(worker),
  ports: [{ name: "http", port: worker.port!, targetPort: "http" }],
});

/** Messages may wait for some minutes before a worker is stopped that is needed again. */
const scaleDownAfter = 300;

const behavior = { scaleDown: { stabilizationWindowSeconds: scaleDownAfter } };

const target = ({ objectName }: WorkerAsset) => ({ apiVersion: "apps/v1", kind: "Deployment", name: objectName });

/**
 * Scales on the external metric `nats_consumer_lag`: all pods of a worker report the same number, what waits for the
 * whole durable, so an adapter must take the highest, not the sum (docs/workers.md). Without the metric nothing is
 * scaled.
 */
export const autoscalerSpec = (
  worker: WorkerAsset,
  namespace: string,
): types.input.autoscaling.v2.HorizontalPodAutoscalerSpec => ({
  scaleTargetRef: target(worker),
  minReplicas: worker.replicas,
  maxReplicas: worker.maximum,
  behavior,
  metrics: worker.durables.map(({ name }) => ({
    type: "External",
    external: {
      metric: { name: "nats_consumer_lag", selector: { matchLabels: { namespace, consumer: name } } },
      target: { type: "AverageValue", averageValue: String(worker.lagPerReplica) },
    },
  })),
});

/** Kind of KEDA's objects. */
export const scaledObjectKind = { apiVersion: "keda.sh/v1alpha1", kind: "ScaledObject" } as const;

/**
 * Scales by KEDA's scaler `nats-jetstream`, which reads the servers' monitoring port without a login. A durable that
 * does not exist counts as the stream's last sequence there, so this is made only where all of them exist.
 */
export const scaledObjectSpec = ({ worker, region, settings }: PlacedWorker) => ({
  scaleTargetRef: target(worker),
  minReplicaCount: worker.replicas,
  maxReplicaCount: worker.maximum,
  advanced: { horizontalPodAutoscalerConfig: { behavior } },
  triggers: worker.durables.map(({ stream, name }) => ({
    type: "nats-jetstream",
    metadata: {
      natsServerMonitoringEndpoint:
        `${kubernetesNames.headless}.${namespaceOf(settings, region)}.svc.${settings.kubernetes.clusterDomain}` +
        `:${monitoringOf(settings).port}`,
      account: worker.account,
      stream,
      consumer: name,
      lagThreshold: String(worker.lagPerReplica),
      useHttps: String(monitoringOf(settings).scheme === "https"),
    },
  })),
});

/** Kind of the Prometheus operator's objects. */
export const podMonitorKind = { apiVersion: "monitoring.coreos.com/v1", kind: "PodMonitor" } as const;

/** Reads the metrics of all workers of a namespace, with the labels that alerts select by. */
export const podMonitorSpec = ({ kubernetes }: KubernetesEnvironment, region: string) => ({
  selector: { matchLabels: component },
  podMetricsEndpoints: [
    {
      port: "health",
      path: "/metrics",
      interval: prometheusDuration(kubernetes.monitoring.interval),
      relabelings: [
        { targetLabel: "job", replacement: sources.worker.job },
        { targetLabel: "region", replacement: region },
        { sourceLabels: ["__meta_kubernetes_pod_name"], targetLabel: "instance" },
        { sourceLabels: ["__meta_kubernetes_pod_label_app_kubernetes_io_name"], targetLabel: "worker" },
        { sourceLabels: ["__meta_kubernetes_pod_label_app_kubernetes_io_instance"], targetLabel: "account" },
      ],
    },
  ],
});
