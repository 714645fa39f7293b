import assert from "node:assert/strict";
import { AppsV1Api, CoreV1Api, PortForward, type V1Pod } from "@kubernetes/client-node";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { getFromPod } from "../../components/supercluster/provider/pod-http";
import { assetsOf } from "../../config/assets/assets";
import { pollUntil } from "../../config/poll-until";
import { environment, type KubernetesEnvironment } from "../../config/schema/settings";
import { validateTenants } from "../../config/rules/validate";
import { irisx } from "../../tenants/irisx";
import { ask, createConsumer, createStream } from "../support/accounts";
import { within } from "../support/tenants-within";
import { clusterConfig } from "./cloud";
import { KubeEnvironment } from "./environment";
import { kubeSettings } from "./settings";

const given = process.env.KUBE_WORKERS_IMAGE;
const [, repository, tag] = /^(.+):([^:/]+)$/.exec(given ?? "") ?? [];

if (!repository || !tag)
  console.error(
    "\n  SKIPPED: workers on a real Kubernetes, because KUBE_WORKERS_IMAGE (<repository>:<tag>) names no image that\n" +
      "  its nodes have, built from workers/Dockerfile\n",
  );
else
  describe("workers of a tenant, on a real Kubernetes", function () {
    this.timeout(600_000);
    const config = clusterConfig();
    const [core, apps] = [config.makeApiClient(CoreV1Api), config.makeApiClient(AppsV1Api)];
    const options = { name: "workers", regions: ["iad"], jetstream: { jetstream: ["irisx"] } };
    const namespace = "workers-irisx";
    /** What operators make. Without DATABASE_URL each worker has an embedded database, for which it needs memory. */
    const database = process.env.KUBE_WORKERS_DATABASE_URL;
    const secrets: Record<string, Record<string, string>> = {
      "irisx-api": { API_TOKEN: "a token of thirty-two characters" },
      "irisx-database": database === undefined ? {} : { DATABASE_URL: database },
      ...{ "irisx-sms": {}, "irisx-email": {}, "irisx-webhooks": {} },
    };
    const workers = Object.fromEntries(
      Object.entries(irisx.workers!).map(([name, worker]) => [
        name,
        { ...worker, replicas: 1, maximum: undefined, ...(!database && { resources: { memory: "1GiB" as const } }) },
      ]),
    );
    let kube: KubeEnvironment;
    let provisioner: NatsConnection;

    function settings(): KubernetesEnvironment {
      const { kubernetes, ...rest } = kubeSettings(options) as { kubernetes: object };
      return environment.parse({
        ...rest,
        kubernetes: { ...kubernetes, workers: { image: { repository, tag } } },
      }) as KubernetesEnvironment;
    }

    const podsOf = async (worker: string): Promise<V1Pod[]> => {
      const labelSelector = `app.kubernetes.io/name=${worker},app.kubernetes.io/component=worker`;
      const { items } = await core.listNamespacedPod({ namespace, labelSelector });
      return items.filter(({ metadata }) => !metadata!.deletionTimestamp);
    };
    const isReady = ({ status }: V1Pod): boolean =>
      status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
    /** The pods of a worker, when all are ready; the test fails with what they log. */
    async function ready(worker: string): Promise<V1Pod[]> {
      const { spec } = await apps.readNamespacedDeployment({ name: worker, namespace });
      const found = await pollUntil(
        async () => {
          const pods = await podsOf(worker);
          return pods.length === (spec!.replicas ?? 1) && pods.every(isReady) ? pods : undefined;
        },
        180_000,
        1_000,
      );
      if (found) return found;
      const [pod] = await podsOf(worker);
      const log = pod ? await core.readNamespacedPodLog({ name: pod.metadata!.name!, namespace }) : "no pod";
      return assert.fail(`${worker} is not ready: ${JSON.stringify(pod?.status?.containerStatuses)}\n${log}`);
    }
    const metric = async (pod: V1Pod, series: RegExp): Promise<number> => {
      const place = { namespace, name: pod.metadata!.name!, port: 8080 };
      return Number(series.exec(await getFromPod(new PortForward(config), place, "metrics"))?.[1] ?? 0);
    };

    before(async () => {
      const environment = settings();
      const tenants = validateTenants({ irisx: within({ ...irisx, workers }, options.regions) }, environment);
      kube = KubeEnvironment.create(options, tenants);
      const metadata = { name: namespace };
      await core.createNamespace({ body: { metadata } }).catch(() => undefined);
      for (const [name, stringData] of Object.entries(secrets))
        await core.createNamespacedSecret({ namespace, body: { metadata: { name }, stringData } });
      await kube.up("iad", { settings: environment });
      provisioner = await kube.connect("iad", "irisx", "provisioner");
      const { streams, consumers } = assetsOf(environment, tenants);
      for (const stream of streams) await createStream(provisioner, stream);
      for (const consumer of consumers) await createConsumer(provisioner, consumer);
    });
    after(async () => {
      await kube.stop();
      if (process.env.KUBE_KEEP !== "1") await core.deleteNamespace({ name: namespace });
    });

    it("start in a namespace that takes restricted pods only, and become ready once their durables exist", async () => {
      const { metadata } = await core.readNamespace({ name: namespace });
      assert.equal(metadata!.labels!["pod-security.kubernetes.io/enforce"], "restricted");
      for (const worker of ["sms-worker", "email-worker", "webhook-worker", "api", "dead-letters"]) {
        const pods = await ready(worker);
        for (const { spec, status } of pods) {
          const [container] = spec!.containers;
          assert.equal(container!.securityContext!.readOnlyRootFilesystem, true);
          assert.equal(status!.containerStatuses![0]!.restartCount, 0, `${worker} waited without a restart`);
        }
      }
    });

    it("process what is published, and count it", async () => {
      const api = await kube.connect("iad", "irisx", "api");
      const ids = Array.from(
        { length: 20 },
        (_, index) => `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
      );
      for (const id of ids) {
        const content = { to: "+12025550123", body: "Hello" };
        const envelope = {
          id,
          type: "sms.send",
          timestamp: new Date().toISOString(),
          source: "test",
          tenantId: "acme",
        };
        await jetstream(api).publish("sms.send", JSON.stringify({ ...envelope, ...content }), { msgID: id });
      }
      const done = await pollUntil(
        async () => {
          const info = (await ask(provisioner, "CONSUMER.INFO.SMS.sms-worker")) as Record<string, number>;
          return info.num_pending === 0 && info.num_ack_pending === 0 ? true : undefined;
        },
        60_000,
        500,
      );
      assert.ok(done);
      const counts = await Promise.all(
        (await ready("sms-worker")).map((pod) =>
          metric(pod, /nats_consumer_messages_processed_total\{consumer="sms-worker",status="success"\} (\d+)/),
        ),
      );
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        ids.length,
      );
    });

    it("end within their grace when they are told to, and are replaced", async () => {
      const [gone] = await ready("sms-worker");
      const { name, uid } = gone!.metadata!;
      const { spec } = gone!;
      const started = Date.now();
      await core.deleteNamespacedPod({ name: name!, namespace });
      const ended = await pollUntil(
        async () => ((await podsOf("sms-worker")).some(({ metadata }) => metadata!.uid === uid) ? undefined : true),
        120_000,
        500,
      );
      assert.ok(ended && Date.now() - started < spec!.terminationGracePeriodSeconds! * 1_000, "it was not killed");
      const pods = await ready("sms-worker");
      assert.ok(pods.every(({ metadata }) => metadata!.uid !== uid));
    });
  });
