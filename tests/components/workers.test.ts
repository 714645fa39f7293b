import * as assert from "node:assert/strict";
import { Provider } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Tenants } from "../../config/assets/asset";
import type { RegionIdentity } from "../../config/assets/region";
import { workersOf } from "../../config/assets/workers";
import { validateTenants } from "../../config/rules/validate";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { withWorkers } from "../../config/topology";
import { TenantWorkers } from "../../components/workers/tenant-workers";
import { accountsOf } from "../../components/security/accounts";
import { calloutWorkers } from "../../config/assets/auth-callout";
import { environmentCallout, gallery } from "../../docs/examples/tenants/auth-callout";
import { usersOf } from "../support/accounts";
import { identityOutputs } from "../support/identity";
import { kubernetesEnvironment, kubernetesSettings } from "../support/kubernetes";
import { serversMs } from "../support/limits";
import { isSecret, record, unsecret } from "../support/mocks";
import { shop } from "../support/rule-cases";

const image = { repository: "example/workers", tag: "1.4.0" };

const environment = (workers: object = {}, kubernetes: object = {}): KubernetesEnvironment =>
  kubernetesEnvironment({
    jetstream: { jetstream: ["shop"] },
    kubernetes: kubernetesSettings({ workers: { image, ...workers }, ...kubernetes }),
  });

const declared = {
  biller: {
    replicas: 2,
    maximum: 6,
    lagPerReplica: 50,
    secrets: ["database"],
    environment: { SMTP_HOST: "mail.example.com" },
    resources: { cpu: "250m", cpuLimit: "1", memory: "512MiB" },
  },
  mailer: {},
  api: { port: 3000 },
};

/** What the workers of the shop in iad register. */
const recorded = (
  settings = environment(),
  { workers = declared, missing = [] }: { workers?: object; missing?: string[] } = {},
) => registered(settings, validateTenants({ shop: { ...shop(), workers } }, settings), "shop", missing);

function registered(settings: KubernetesEnvironment, tenants: Tenants, tenant: string, missing: string[] = []) {
  return record(() => {
    return new TenantWorkers(`iad-${tenant}`, {
      region: {
        ...{ name: "iad", environment: "production", accounts: accountsOf(settings, tenants) },
        settings: withWorkers(settings)!,
      },
      tenant,
      workers: workersOf(tenants[tenant]!),
      identity: pulumi.secret(identityOutputs(settings, tenants).iad as RegionIdentity),
      provider: new Provider("iad", {}),
      missing,
    });
  });
}

type Inputs = Record<string, unknown>;
const specOf = ({ inputs }: { inputs: Inputs }) => unsecret(inputs.spec) as Inputs;

describe("the auth callout's service on Kubernetes", function () {
  // Loads @pulumi/kubernetes.
  this.timeout(serversMs);

  it("runs twice in a namespace of its own; its Secret alone has the keys, and users with hashes only", async () => {
    const { scanner } = gallery.users;
    const tenants = { gallery: { ...gallery, users: { scanner: scanner! } } };
    const settings = kubernetesEnvironment({
      ...{ jetstream: { jetstream: ["gallery"] }, authCallout: environmentCallout },
      kubernetes: kubernetesSettings({ workers: { image } }),
    });
    const accounts = accountsOf(settings, tenants);
    const users = usersOf(accounts);
    const { of } = await record(
      () =>
        new TenantWorkers("iad-logins", {
          region: { name: "iad", environment: "production", accounts, settings: withWorkers(settings)! },
          ...{ tenant: "logins", workers: calloutWorkers(settings), missing: [], provider: new Provider("iad", {}) },
          identity: pulumi.secret({ ...(identityOutputs(settings, tenants).iad as RegionIdentity), users }),
        }),
    );
    const [deployment] = of("kubernetes:apps/v1:Deployment");
    const { replicas, template } = specOf(deployment!) as { replicas: number; template: { spec: Inputs } };
    const [container] = template.spec.containers as { args: string[]; env: { name: string; value: string }[] }[];
    assert.deepEqual([replicas, container!.args], [2, ["auth-callout", "auth-callout"]]);
    assert.equal(container!.env.find(({ name }) => name === "AUTH_EXPIRES")!.value, "43200000ms");
    assert.ok(!JSON.stringify(deployment!.inputs).includes("AUTH_ISSUER_SEED"));
    const [secret] = of("kubernetes:core/v1:Secret");
    assert.ok(isSecret(secret!.inputs.data));
    const data = unsecret(secret!.inputs.data) as Record<string, string>;
    const text = (key: string) => Buffer.from(data[key]!, "base64").toString();
    assert.match(text("AUTH_ISSUER_SEED"), /^SA/);
    assert.match(text("AUTH_XKEY_SEED"), /^SX/);
    const [user] = JSON.parse(text("AUTH_USERS")) as Record<string, unknown>[];
    assert.deepEqual([user!.login, user!.token], ["gallery-scanner", users["gallery-scanner"]!.hash]);
  });
});

describe("TenantWorkers", function () {
  // Loads @pulumi/kubernetes.
  this.timeout(serversMs);

  it("makes a namespace that takes restricted pods only, all by the region's provider", async () => {
    const { registrations, of } = await recorded();
    const [namespace] = of("kubernetes:core/v1:Namespace");
    const { name, labels } = namespace!.inputs.metadata as { name: string; labels: Inputs };
    assert.deepEqual([name, labels["pod-security.kubernetes.io/enforce"]], ["workers-shop", "restricted"]);
    assert.equal(namespace!.options.retainOnDelete, true, "it has Secrets that operators made");
    for (const { type, options } of registrations)
      if (type.startsWith("kubernetes:")) assert.equal(options.provider, "iad", type);
  });

  it("gives each user a secret with its connection alone, by the servers' name in the cluster", async () => {
    const { of } = await recorded();
    const secrets = of("kubernetes:core/v1:Secret");
    assert.deepEqual(
      secrets.map(({ name }) => name),
      ["iad-shop-nats-api", "iad-shop-nats-worker"],
    );
    const [, secret] = secrets;
    assert.ok(isSecret(secret!.inputs.data), "its data is secret in the state");
    const data = unsecret(secret!.inputs.data) as Record<string, string>;
    assert.deepEqual(
      Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()])),
      {
        NATS_URL: "tls://nats.nats.svc.cluster.local:4222",
        NATS_USER: "shop-worker",
        NATS_PASSWORD: "password of shop-worker",
        NATS_INBOX_PREFIX: "_INBOX_worker",
        NATS_CA: "certificate of the client CA",
      },
    );
  });

  it("runs a worker as a Deployment that may do nothing but connect", async () => {
    const { of } = await recorded();
    const biller = of("kubernetes:apps/v1:Deployment").find(({ name }) => name === "iad-shop-biller")!;
    assert.deepEqual(
      (biller.inputs.metadata as { annotations: Inputs }).annotations["pulumi.com/skipAwait"],
      "true",
      "up does not wait for its pods",
    );
    const { template, ...spec } = specOf(biller) as { template: { metadata: Inputs; spec: Inputs } } & Inputs;
    const labels = {
      "app.kubernetes.io/name": "biller",
      "app.kubernetes.io/instance": "shop",
      "app.kubernetes.io/component": "worker",
    };
    assert.deepEqual(spec, {
      selector: { matchLabels: labels },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    });
    const annotations = template.metadata.annotations as Record<string, string>;
    assert.match(annotations["supercluster/connection"]!, /^[0-9a-f]{16}$/);
    assert.ok(!isSecret(annotations), "identifies the connection without being one");
    const { topologySpreadConstraints, ...pod } = template.spec;
    assert.deepEqual(
      (topologySpreadConstraints as { topologyKey: string }[]).map(({ topologyKey }) => topologyKey),
      ["kubernetes.io/hostname", "topology.kubernetes.io/zone"],
    );
    const probe = (path: string, periodSeconds: number, failureThreshold: number) => ({
      httpGet: { path, port: "health" },
      timeoutSeconds: 5,
      periodSeconds,
      failureThreshold,
    });
    assert.deepEqual(pod, {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        runAsGroup: 1000,
        fsGroup: 1000,
        seccompProfile: { type: "RuntimeDefault" },
      },
      // Its longest backoff is 5 s: 5 s more to close, and 10 s before it is killed.
      terminationGracePeriodSeconds: 20,
      containers: [
        {
          name: "worker",
          image: "example/workers:1.4.0",
          args: ["shop", "biller"],
          envFrom: [{ secretRef: { name: "database" } }, { secretRef: { name: "nats-worker" } }],
          env: [
            { name: "SMTP_HOST", value: "mail.example.com" },
            { name: "HEALTH_HOST", value: "0.0.0.0" },
            { name: "HEALTH_PORT", value: "8080" },
            { name: "SHUTDOWN_GRACE", value: "10000ms" },
          ],
          ports: [{ name: "health", containerPort: 8080 }],
          startupProbe: probe("/healthz", 2, 30),
          livenessProbe: probe("/healthz", 10, 3),
          readinessProbe: probe("/readyz", 5, 3),
          resources: {
            requests: { cpu: "250m", memory: "536870912" },
            limits: { cpu: "1", memory: "536870912" },
          },
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            runAsNonRoot: true,
            capabilities: { drop: ["ALL"] },
          },
          volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
        },
      ],
      volumes: [{ name: "tmp", emptyDir: { sizeLimit: "64Mi" } }],
    });
  });

  it("runs the probe by the image of all workers, with both of its logins in its one secret", async () => {
    const settings = { ...environment(), jetstream: { jetstream: ["probe"] } };
    const { of } = await registered(settings, validateTenants({}, settings), "probe");
    const [deployment, ...others] = of("kubernetes:apps/v1:Deployment");
    assert.deepEqual([deployment!.name, others], ["iad-probe-probe", []]);
    const { template } = specOf(deployment!) as { template: { spec: { containers: Inputs[] } } };
    const [container] = template.spec.containers;
    assert.deepEqual([container!.image, container!.args], ["example/workers:1.4.0", ["probe", "probe"]]);
    assert.match(JSON.stringify(container!.env), /"PROBE_REGIONS","value":"iad,ams,syd"/);
    const [secret] = of("kubernetes:core/v1:Secret");
    const data = unsecret(secret!.inputs.data) as Record<string, string>;
    const text = (key: string) => Buffer.from(data[key]!, "base64").toString();
    assert.deepEqual(["NATS_USER", "NATS_SYSTEM_USER", "NATS_SYSTEM_PASSWORD", "NATS_SYSTEM_INBOX_PREFIX"].map(text), [
      "probe-probe",
      "sys-probe",
      "password of sys-probe",
      "_INBOX_probe",
    ]);
  });

  it("has one pod evicted at a time, and serves the port of a worker inside the cluster", async () => {
    const { of } = await recorded();
    assert.equal(of("kubernetes:policy/v1:PodDisruptionBudget").length, 3);
    for (const budget of of("kubernetes:policy/v1:PodDisruptionBudget")) assert.equal(specOf(budget).maxUnavailable, 1);
    const [service, ...others] = of("kubernetes:core/v1:Service");
    assert.deepEqual(others, []);
    assert.deepEqual(
      [specOf(service!).type, specOf(service!).ports],
      ["ClusterIP", [{ name: "http", port: 3000, targetPort: "http" }]],
    );
  });

  it("replaces the one worker of a push durable only when it has ended", async () => {
    const { of } = await recorded();
    const mailer = of("kubernetes:apps/v1:Deployment").find(({ name }) => name === "iad-shop-mailer")!;
    assert.deepEqual([specOf(mailer).replicas, specOf(mailer).strategy], [1, { type: "Recreate" }]);
  });

  it("scales on the metric of workers by default", async () => {
    const { of } = await recorded();
    const [autoscaler, ...others] = of("kubernetes:autoscaling/v2:HorizontalPodAutoscaler");
    assert.deepEqual([others, of("kubernetes:keda.sh/v1alpha1:ScaledObject")], [[], []]);
    assert.deepEqual(specOf(autoscaler!), {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "biller" },
      minReplicas: 2,
      maxReplicas: 6,
      behavior: { scaleDown: { stabilizationWindowSeconds: 300 } },
      metrics: [
        {
          type: "External",
          external: {
            metric: {
              name: "nats_consumer_lag",
              selector: { matchLabels: { namespace: "workers-shop", consumer: "biller" } },
            },
            target: { type: "AverageValue", averageValue: "50" },
          },
        },
      ],
    });
  });

  it("scales by KEDA through the headless service, a trigger a durable", async () => {
    const workers = { all: { user: "worker", durables: ["biller", "worker"], maximum: 4 } };
    const { of } = await recorded(environment({ scaling: { by: "keda" } }), { workers });
    const [scaled] = of("kubernetes:keda.sh/v1alpha1:ScaledObject");
    const { triggers, ...spec } = specOf(scaled!);
    assert.deepEqual(of("kubernetes:autoscaling/v2:HorizontalPodAutoscaler"), []);
    assert.deepEqual([spec.minReplicaCount, spec.maxReplicaCount], [1, 4]);
    const metadata = (stream: string, consumer: string) => ({
      natsServerMonitoringEndpoint: "nats-headless.nats.svc.cluster.local:8222",
      account: "shop",
      stream,
      consumer,
      lagThreshold: "100",
      useHttps: "false",
    });
    assert.deepEqual(triggers, [
      { type: "nats-jetstream", metadata: metadata("ORDERS", "biller") },
      { type: "nats-jetstream", metadata: metadata("JOBS", "worker") },
    ]);
  });

  it("does not let KEDA scale on a durable that does not exist: the number stays", async () => {
    const { of } = await recorded(environment({ scaling: { by: "keda" } }), { missing: ["ORDERS/biller"] });
    assert.deepEqual(of("kubernetes:keda.sh/v1alpha1:ScaledObject"), []);
    const biller = of("kubernetes:apps/v1:Deployment").find(({ name }) => name === "iad-shop-biller")!;
    assert.equal(specOf(biller).replicas, 2);
  });

  it("takes variables of the environment, its registry and credentials, and the monitoring of pods", async () => {
    const digest = `sha256:${"ab".repeat(32)}`;
    const { of } = await recorded(
      environment(
        { image: { repository: "workers", digest }, environment: { shop: { SMTP_HOST: "mail.internal", LEVEL: "2" } } },
        {
          images: { registry: "registry.example.com:5000", pullSecrets: ["registry"] },
          monitoring: { podMonitor: true, labels: { release: "prometheus" } },
        },
      ),
    );
    const biller = of("kubernetes:apps/v1:Deployment").find(({ name }) => name === "iad-shop-biller")!;
    const pod = (specOf(biller) as { template: { spec: { containers: Inputs[]; imagePullSecrets: unknown } } }).template
      .spec;
    assert.deepEqual(
      [pod.containers[0]!.image, pod.imagePullSecrets],
      [`registry.example.com:5000/workers@${digest}`, [{ name: "registry" }]],
    );
    assert.deepEqual((pod.containers[0]!.env as unknown[]).slice(0, 2), [
      { name: "SMTP_HOST", value: "mail.internal" },
      { name: "LEVEL", value: "2" },
    ]);
    const [monitor] = of("kubernetes:monitoring.coreos.com/v1:PodMonitor");
    const [{ relabelings, ...endpoint }] = specOf(monitor!).podMetricsEndpoints as [{ relabelings: Inputs[] }];
    assert.deepEqual(endpoint, { port: "health", path: "/metrics", interval: "30s" });
    assert.deepEqual(
      relabelings.map(({ targetLabel, replacement }) => [targetLabel, replacement]),
      [
        ["job", "nats-workers"],
        ["region", "iad"],
        ["instance", undefined],
        ["worker", undefined],
        ["account", undefined],
      ],
    );
    assert.equal((monitor!.inputs.metadata as { labels: Inputs }).labels.release, "prometheus");
  });
});
