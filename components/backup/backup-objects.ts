import type { types } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { backup, type BackupPlace } from "../../config/assets/backups";
import { healthPort } from "../../config/assets/workers";
import type { KubernetesBackups } from "../../config/schema/kubernetes-backups";
import type { WithWorkers } from "../../config/topology";
import { toBytes, toMilliseconds } from "../../config/units";
import { annotationsOf, labelsOf } from "../supercluster/metadata";
import {
  connectionAnnotation,
  containerBase,
  containerSecurity,
  disruptionBudgetSpec,
  healthOf,
  imageOf,
  podBase,
  quantity,
  resourcesOf,
  spreadOf,
  temporary,
  workerLabels,
} from "../workers/worker-objects";

/** What the objects of backups on a schedule are made of. Pure. */

type PodSpec = types.input.core.v1.PodSpec;
type Container = types.input.core.v1.Container;

/** Where the jobs run, and where backups are. */
export interface PlacedBackups {
  /** Of the environment. */
  name: string;
  region: string;
  settings: WithWorkers & { kubernetes: { backups: KubernetesBackups } };
  place: BackupPlace;
  /** ServiceAccounts with a role that reaches the bucket; undefined: the login is in `backups.secrets`. */
  serviceAccounts?: typeof backupAccounts;
}

/** ServiceAccounts: of what writes backups, and of what reads them and notes that they are good. */
export const backupAccounts = { writer: backup, reader: "backup-reader" } as const;

/** Names of objects; those of pods are their label `worker` in metrics. */
export const backupNames = {
  run: backup,
  verify: "backup-verify",
  watch: "backup-watch",
  secret: "nats-backup",
} as const;

type Part = Exclude<keyof typeof backupNames, "secret">;

/** A job is asked to stop by then; it goes on with the next. */
const graceSeconds = 60;

/** A schedule that was missed by more waits for the next. */
const latestStartSeconds = 3_600;

/** Times that a job is tried again, each with what the one before it has finished. */
const retries = 3;

const workerOf = (part: Part) => ({ account: backup, objectName: backupNames[part] });
const labelsFor = (part: Part) => workerLabels(workerOf(part));

/** @param connection identifies the logins in the Secret */
export function runJobSpec(placed: PlacedBackups, connection: Input<string>): types.input.batch.v1.CronJobSpec {
  const { backups } = placed.settings.kubernetes;
  const fromSecret = ["NATS_URL", "NATS_CA", "BACKUP_CREDENTIALS"].map((key) => ({
    name: key,
    valueFrom: { secretKeyRef: { name: backupNames.secret, key } },
  }));
  const container: Container = {
    ...program(placed, "run", backups.resources),
    env: [
      ...variables(placed, {
        BACKUP_RECIPIENTS: backups.recipients.join(","),
        BACKUP_RATE: String(toBytes(backups.rate)),
        BACKUP_KEEP: String(backups.keep),
      }),
      ...fromSecret,
    ],
  };
  return cronJobSpec(placed, "run", backups, {
    connection,
    pod: { ...podSpec(placed, "writer"), containers: [container], volumes: [temporary] },
  });
}

/** A nats-server beside it, which only this pod reaches and which is gone with it, is what is restored into. */
export function verifyJobSpec(
  placed: PlacedBackups,
  verify: NonNullable<KubernetesBackups["verify"]>,
): types.input.batch.v1.CronJobSpec {
  const { images } = placed.settings.kubernetes;
  const container: Container = {
    ...program(placed, "verify", verify.resources),
    env: [
      ...variables(placed, { NATS_URL: "nats://127.0.0.1:4222" }),
      { name: "BACKUP_KEY_SECRET", valueFrom: { secretKeyRef: { name: verify.keySecret, key: "key" } } },
    ],
  };
  const server: Container = {
    name: "server",
    image: imageOf(images.registry, images.nats),
    // Until the job's container has ended.
    restartPolicy: "Always",
    args: ["--addr", "127.0.0.1", "--jetstream", "--store_dir", "/data"],
    resources: resourcesOf(verify.resources, toBytes(verify.storage)),
    securityContext: containerSecurity,
    volumeMounts: [{ name: "data", mountPath: "/data" }],
  };
  return cronJobSpec(placed, "verify", verify, {
    pod: {
      ...podSpec(placed, "reader"),
      initContainers: [server],
      containers: [container],
      volumes: [temporary, { name: "data", emptyDir: { sizeLimit: quantity(verify.storage) } }],
    },
  });
}

/** What reports the age of backups: one pod, which needs no server. */
export function watchSpec(placed: PlacedBackups): types.input.apps.v1.DeploymentSpec {
  const health = healthOf(30);
  const container: Container = {
    ...program(placed, "watch", { cpu: "20m", memory: "256MiB" }),
    env: variables(placed, { HEALTH_HOST: "0.0.0.0", HEALTH_PORT: String(healthPort), SHUTDOWN_GRACE: "30000ms" }),
    ports: [health.port],
    ...health.probes,
  };
  return {
    replicas: 1,
    selector: { matchLabels: labelsFor("watch") },
    template: {
      metadata: podMetadata(placed, "watch"),
      spec: {
        ...podSpec(placed, "reader"),
        topologySpreadConstraints: spreadOf(placed.settings, labelsFor("watch")),
        containers: [container],
        volumes: [temporary],
      },
    },
  };
}

/** A node is drained whenever it is asked: the age is read again from anywhere. */
export const watchBudgetSpec = (): types.input.policy.v1.PodDisruptionBudgetSpec =>
  disruptionBudgetSpec(workerOf("watch"));

function cronJobSpec(
  placed: PlacedBackups,
  part: Part,
  { schedule, deadline }: Pick<KubernetesBackups, "schedule" | "deadline">,
  { pod, connection }: { pod: PodSpec; connection?: Input<string> },
): types.input.batch.v1.CronJobSpec {
  return {
    schedule,
    timeZone: placed.settings.kubernetes.backups.timeZone,
    // Two would copy the same streams twice, and each would take the other's files for its own.
    concurrencyPolicy: "Forbid",
    startingDeadlineSeconds: latestStartSeconds,
    successfulJobsHistoryLimit: 1,
    failedJobsHistoryLimit: 3,
    jobTemplate: {
      metadata: { labels: labelsFor(part) },
      spec: {
        activeDeadlineSeconds: Math.ceil(toMilliseconds(deadline) / 1000),
        backoffLimit: retries,
        podFailurePolicy: {
          rules: [
            // Wrong settings stay wrong.
            { action: "FailJob", onExitCodes: { containerName: "worker", operator: "In", values: [2] } },
            { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
          ],
        },
        template: {
          metadata: podMetadata(placed, part, connection),
          spec: { ...pod, restartPolicy: "Never" },
        },
      },
    },
  };
}

function podMetadata({ settings, region }: PlacedBackups, part: Part, connection?: Input<string>) {
  const annotations = {
    ...annotationsOf(settings, region),
    ...annotationsOf(settings, region, "pods"),
    ...(connection !== undefined && { [connectionAnnotation]: connection }),
  };
  return {
    labels: { ...labelsOf(settings), ...labelsOf(settings, "pods"), ...labelsFor(part) },
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}

/** Without containers and volumes. */
const podSpec = ({ settings, serviceAccounts }: PlacedBackups, as: keyof typeof backupAccounts) => ({
  ...podBase(settings),
  ...(serviceAccounts && { serviceAccountName: serviceAccounts[as] }),
  terminationGracePeriodSeconds: graceSeconds,
});

function program({ settings }: PlacedBackups, part: Part, resources: Resources): Container {
  const { secrets } = settings.kubernetes.backups;
  return {
    ...containerBase(settings, resources),
    args: ["backup", part],
    ...(secrets.length > 0 && { envFrom: secrets.map((name) => ({ secretRef: { name } })) }),
  };
}

const variables = ({ name, place }: PlacedBackups, own: Record<string, string>) =>
  Object.entries({
    BACKUP_ENVIRONMENT: name,
    BACKUP_STORE: place.store,
    AWS_REGION: place.region,
    ...(place.endpoint !== undefined && { AWS_ENDPOINT_URL_S3: place.endpoint }),
    ...own,
  }).map(([key, value]) => ({ name: key, value }));

type Resources = Parameters<typeof containerBase>[1];
