import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { BatchV1Api, CoreV1Api, PortForward, type V1Job } from "@kubernetes/client-node";
import type { NatsConnection } from "@nats-io/transport-node";
import { getFromPod } from "../../components/supercluster/provider/pod-http";
import { assetsOf } from "../../config/assets/assets";
import { backup } from "../../config/assets/backups";
import { provisioner } from "../../config/assets/standard";
import { healthPort } from "../../config/assets/workers";
import { pollUntil } from "../../config/poll-until";
import { validateTenants } from "../../config/rules/validate";
import { environment, type KubernetesEnvironment } from "../../config/schema/settings";
import type { TenantSpec } from "../../config/schema/tenant";
import { newKey } from "../../workers/backup/seal";
import { createConsumer, createStream } from "../support/accounts";
import { requestMs, waitMs } from "../support/limits";
import { clusterConfig } from "./cloud";
import { KubeEnvironment } from "./environment";
import { kubeSettings } from "./settings";

const given = { workers: process.env.KUBE_WORKERS_IMAGE, s3: process.env.KUBE_S3_IMAGE };
const [, repository, tag] = /^(.+):([^:/]+)$/.exec(given.workers ?? "") ?? [];
const messages = 500;

/** A stream with messages and a durable, and one without. */
const stream = {
  retention: "limits",
  storage: "file",
  replicas: 1,
  maxAge: "7d",
  maxBytes: "1GiB",
  discard: "old",
} as const;
const app: TenantSpec = {
  name: "app",
  home: "iad",
  streams: { ORDERS: { subjects: ["app.orders"], ...stream }, EMPTY: { subjects: ["app.empty"], ...stream } },
  consumers: {
    worker: { mode: "pull", streams: ["ORDERS"], ackPolicy: "explicit", ackWait: "30s", deliverPolicy: "all" },
  },
  users: { publisher: { publishes: ["app.orders"] }, worker: { consumes: ["worker"] } },
};

if (!repository || !tag || !given.s3)
  console.error(
    "\n  SKIPPED: jobs of backups on a real Kubernetes, because KUBE_WORKERS_IMAGE (<repository>:<tag>, built from\n" +
      "  workers/Dockerfile) and KUBE_S3_IMAGE (it runs versitygw) do not both name an image that its nodes have\n",
  );
else
  describe("backups by CronJobs, on a real Kubernetes and a real S3 server", function () {
    this.timeout(900_000);
    const config = clusterConfig();
    const [core, batch] = [config.makeApiClient(CoreV1Api), config.makeApiClient(BatchV1Api)];
    const options = { name: "copied", regions: ["iad"], jetstream: { jetstream: ["app"] } };
    const namespace = `workers-${backup}`;
    const ofS3 = "copied-s3";
    const login = { user: "test", password: randomBytes(16).toString("hex") };
    let kube: KubeEnvironment;
    let owner: NatsConnection;

    /** A pod that speaks S3's protocol, with an empty bucket, and its Service. */
    async function startS3(): Promise<void> {
      const labels = { app: "s3" };
      const metadata = { name: "s3", labels };
      await core.createNamespace({ body: { metadata: { name: ofS3 } } });
      const volumeMounts = ["objects/backups", "metadata"].map((folder) => ({
        ...{ name: "data", mountPath: `/data/${folder}`, subPath: folder },
      }));
      await core.createNamespacedPod({
        namespace: ofS3,
        body: {
          metadata,
          spec: {
            containers: [
              {
                ...{ name: "s3", image: given.s3, imagePullPolicy: "IfNotPresent", volumeMounts },
                args: ["--port", ":7070", "--quiet", "posix", "--sidecar", "/data/metadata", "/data/objects"],
                env: [
                  { name: "ROOT_ACCESS_KEY", value: login.user },
                  { name: "ROOT_SECRET_KEY", value: login.password },
                ],
                readinessProbe: { tcpSocket: { port: 7070 }, periodSeconds: 1 },
              },
            ],
            volumes: [{ name: "data", emptyDir: {} }],
          },
        },
      });
      await core.createNamespacedService({
        namespace: ofS3,
        body: { metadata, spec: { selector: labels, ports: [{ port: 7070 }] } },
      });
    }

    function settings(recipient: string): KubernetesEnvironment {
      const { kubernetes, ...rest } = kubeSettings(options) as { kubernetes: object };
      const backups = {
        ...{ region: "iad", to: "s3://backups/nats", secrets: ["s3"], recipients: [recipient] },
        verify: { keySecret: "backup-key" },
      };
      return environment.parse({
        ...rest,
        kubernetes: { ...kubernetes, workers: { image: { repository, tag } }, backups },
      }) as KubernetesEnvironment;
    }

    const podOf = async (labelSelector: string) =>
      (await core.listNamespacedPod({ namespace, labelSelector })).items[0];
    /** Runs a CronJob now, as an operator does. Returns what its container logs; the test fails with that. */
    async function runNow(cronJob: string): Promise<string> {
      const name = `${cronJob}-now`;
      execFileSync("kubectl", ["-n", namespace, "create", "job", name, `--from=cronjob/${cronJob}`]);
      const is = ({ status }: V1Job, wanted: string) =>
        status?.conditions?.some(({ type, status: value }) => type === wanted && value === "True");
      const ended = await pollUntil(
        async () => {
          const job = await batch.readNamespacedJob({ name, namespace });
          return is(job, "Complete") || is(job, "Failed") ? job : undefined;
        },
        2 * waitMs,
        500,
      );
      const pod = await podOf(`job-name=${name}`);
      const log = pod
        ? await core.readNamespacedPodLog({ name: pod.metadata!.name!, namespace, container: "worker" })
        : "no pod";
      assert.ok(ended && is(ended, "Complete"), `${JSON.stringify(pod?.status)}\n${log}`);
      return log;
    }
    const metric = async (name: string): Promise<number> => {
      const pod = await podOf("app.kubernetes.io/name=backup-watch");
      const place = { namespace, name: pod!.metadata!.name!, port: healthPort };
      const text = await getFromPod(new PortForward(config), place, "metrics");
      return Number(new RegExp(`^${name}\\{.*\\} (\\S+)$`, "m").exec(text)?.[1]);
    };

    before(async () => {
      const key = await newKey();
      const deployed = settings(key.recipient);
      const tenants = validateTenants({ app }, deployed);
      kube = KubeEnvironment.create(options, tenants);
      await startS3();
      await core.createNamespace({ body: { metadata: { name: namespace } } });
      const secrets = {
        s3: {
          AWS_ENDPOINT_URL_S3: `http://s3.${ofS3}:7070`,
          AWS_ACCESS_KEY_ID: login.user,
          AWS_SECRET_ACCESS_KEY: login.password,
        },
        "backup-key": { key: key.identity },
      };
      for (const [name, stringData] of Object.entries(secrets))
        await core.createNamespacedSecret({ namespace, body: { metadata: { name }, stringData } });
      await kube.up("iad", { settings: deployed });
      owner = await kube.connect("iad", "app", provisioner);
      const { streams, consumers } = assetsOf(deployed, tenants);
      for (const one of streams) await createStream(owner, one);
      for (const one of consumers) await createConsumer(owner, one);
      const publisher = await kube.connect("iad", "app", "publisher");
      for (let index = 0; index < messages; index++)
        await publisher.request("app.orders", `order ${index}`, { timeout: requestMs });
    });
    after(async () => {
      await kube?.stop();
      if (process.env.KUBE_KEEP === "1") return;
      for (const name of [namespace, ofS3]) await core.deleteNamespace({ name }).catch(() => undefined);
    });

    it("copies every file stream when the job of backups runs", async () => {
      const log = await runNow("backup");
      assert.match(log, /"msg":"backup finished"/);
      assert.match(log, /app\/ORDERS: 500 messages, /);
      assert.match(log, /app\/EMPTY: 0 messages, /);
    });

    it("restores it into a server beside the job that verifies, and finds it good", async () => {
      const log = await runNow("backup-verify");
      assert.match(log, /app\/ORDERS: 500 messages restored/);
      assert.match(log, /"msg":"backup restored and compared"/);
    });

    it("reports how old it is, and that it is verified", async () => {
      // The watch looks at the store every five minutes: a new pod does so at once.
      await core.deleteCollectionNamespacedPod({ namespace, labelSelector: "app.kubernetes.io/name=backup-watch" });
      const isSeen = async () =>
        (await metric("backup_last_verified_timestamp_seconds").catch(() => 0)) > 0 || undefined;
      assert.ok(await pollUntil(isSeen, waitMs, 1_000));
      assert.ok((await metric("backup_last_begun_timestamp_seconds")) > Date.now() / 1_000 - 3_600);
      assert.ok((await metric("backup_last_stored_bytes")) > 0);
    });
  });
