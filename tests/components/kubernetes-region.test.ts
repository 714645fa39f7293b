import * as assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { types } from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { awsRegion } from "../../config/schema/aws";
import type { RegionIdentity } from "../../config/assets/region";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import { accountsOf } from "../../components/security/accounts";
import { certificatesFingerprint } from "../../components/security/certificates-in-force";
import type { ChartValues } from "../../components/supercluster/chart-values";
import { serverLabels } from "../../components/supercluster/load-balancers";
import type { KubeObject } from "../../components/supercluster/object-drift";
import { KubernetesRegion } from "../../components/supercluster/kubernetes-region";
import type { pushSecretSpec } from "../../components/supercluster/secret-store";
import { dashboardFiles } from "../../observability/dashboards/render";
import { rulesFile, rulesOf } from "../../observability/rules";
import { tenants } from "../../tenants";
import { issue, makeAuthority } from "../support/certificates";
import { identityOutputs } from "../support/identity";
import { kubernetesEnvironment, kubernetesSettings } from "../support/kubernetes";
import { serversMs } from "../support/limits";
import { isSecret, record, settled, unsecret } from "../support/mocks";

const regions = ["iad", "ams", "syd"];
const identities = identityOutputs(kubernetesEnvironment(), tenants);

const awsRegionSettings = awsRegion.parse({ region: "us-east-1", account: "123456789012" });

const recorded = (
  name: string,
  settings: KubernetesEnvironment = kubernetesEnvironment(),
  identity = identities[name] as RegionIdentity,
) =>
  record(() => {
    const region = { name, environment: "production", settings, accounts: accountsOf(settings, tenants) };
    return new KubernetesRegion(name, {
      region,
      identity: pulumi.secret(identity),
      cluster: { context: `nats-${name}` },
      rules: rulesOf(settings, tenants, name),
    });
  });

/** As JSON, with what is in base64 decoded. */
const decoded = (value: unknown): string =>
  JSON.stringify(value, (_, item: unknown) => {
    if (typeof item !== "string") return item;
    const text = Buffer.from(item, "base64");
    return text.toString("base64") === item ? text.toString() : item;
  });

describe("KubernetesRegion", function () {
  // Loads @pulumi/kubernetes.
  this.timeout(serversMs);

  for (const name of regions) {
    it(`is all that ${name} needs, made by one provider for its own cluster`, async () => {
      const { registrations, of } = await recorded(name);
      const [provider] = of("pulumi:providers:kubernetes");
      assert.deepEqual(
        [provider!.inputs.context, provider!.inputs.clusterIdentifier, provider!.inputs.upsertExistingObjects],
        [`nats-${name}`, `production-${name}`, "true"],
      );
      for (const { type, options } of registrations)
        if (type.startsWith("kubernetes:")) assert.equal(options.provider, name, type);
      const count = (type: string) => of(type).length;
      assert.deepEqual(
        [
          "core/v1:Namespace",
          "core/v1:Secret",
          "core/v1:Service",
          "core/v1:ConfigMap",
          "networking.k8s.io/v1:NetworkPolicy",
          "helm.sh/v3:Release",
        ].map((type) => count(`kubernetes:${type}`)),
        [1, 3, 2, 2, 1, 1],
      );
    });
  }

  it("leaves no password, hash or key outside the secrets", async () => {
    const identity = identities.ams as RegionIdentity;
    const hidden = [
      identity.server.key,
      identity.peer.key,
      identity.jetstreamKey,
      ...Object.values(identity.users).flatMap(({ password, hash }) => [password, hash]),
    ];
    const { registrations } = await recorded("ams");
    const open = decoded(registrations.map((one) => unsecret(one, () => "[secret]")));
    assert.deepEqual(
      hidden.filter((secret) => open.includes(secret)),
      [],
    );
    assert.ok(decoded(registrations).includes(identity.jetstreamKey), "they were there to be found");
  });

  it(
    "writes nothing before the guard has passed: all that it makes depends on it, " +
      "or is made by a provider that does",
    async () => {
      const { registrations } = await recorded("iad");
      const guard = registrations.find(({ type }) => type === "pulumi-nodejs:dynamic/kubernetes:ClusterGuard")!.name;
      const guarded = new Set([guard]);
      let count = 0;
      for (const { type, name, options } of registrations) {
        if (type.startsWith("supercluster:") || name === guard) continue;
        const waits = [...(options.dependencies ?? []), ...(options.provider ? [options.provider] : [])].some((one) =>
          guarded.has(one),
        );
        assert.ok(waits, `${type} ${name} waits for the guard`);
        guarded.add(name);
        count += 1;
      }
      assert.equal(count, 16);
    },
  );

  it("gives Prometheus its alerts: as a file, or as an object of the operator, which then must be there", async () => {
    const rulesOfRegion = rulesOf(kubernetesEnvironment(), tenants, "iad");
    const plain = await recorded("iad");
    const [, file] = plain.of("kubernetes:core/v1:ConfigMap");
    const { "nats-alerts.yaml": text } = file!.inputs.data as Record<string, string>;
    assert.equal(text, rulesFile(rulesOfRegion));
    assert.deepEqual(plain.of("kubernetes:monitoring.coreos.com/v1:PrometheusRule"), []);

    const monitoring = { prometheusRule: true, labels: { release: "prometheus" } };
    const { of } = await recorded("iad", kubernetesEnvironment({ kubernetes: kubernetesSettings({ monitoring }) }));
    const [object] = of("kubernetes:monitoring.coreos.com/v1:PrometheusRule");
    const { metadata, spec } = object!.inputs as { metadata: { labels: object; namespace: string }; spec: object };
    assert.deepEqual(spec, { groups: rulesOfRegion.groups });
    assert.equal(metadata.namespace, "nats");
    assert.deepEqual({ ...metadata.labels, ...monitoring.labels }, metadata.labels);
    assert.equal(of("kubernetes:core/v1:ConfigMap").length, 1);
    const [guard] = of("pulumi-nodejs:dynamic/kubernetes:ClusterGuard");
    assert.deepEqual(guard!.inputs.kinds, ["monitoring.coreos.com/v1/PrometheusRule"]);
  });

  it("gives Grafana its dashboards where they are wanted, each as a ConfigMap that its sidecar finds", async () => {
    const dashboards = { enabled: true, labels: { grafana_dashboard: "nats" } };
    const settings = kubernetesEnvironment({ kubernetes: kubernetesSettings({ monitoring: { dashboards } }) });
    const { of } = await recorded("iad", settings);
    const found = of("kubernetes:core/v1:ConfigMap").flatMap(({ inputs }) => {
      const { metadata, data } = inputs as { metadata: { name: string; labels: object }; data: Record<string, string> };
      return metadata.name.endsWith("-dashboard") ? [{ ...metadata, data }] : [];
    });
    const files = dashboardFiles(settings);
    assert.ok(isDeepStrictEqual(Object.assign({}, ...found.map(({ data }) => data)), files), "the files, unchanged");
    assert.deepEqual(
      found.map(({ name, data }) => [name, Object.keys(data)]).sort(),
      Object.keys(files)
        .map((file) => [file.replace(".json", "-dashboard"), [file]])
        .sort(),
    );
    for (const { labels } of found) assert.deepEqual({ ...labels, ...dashboards.labels }, labels);
  });

  it("gives the guard what the region needs: chart, existing storage class, AWS region", async () => {
    const guardOf = async (settings?: KubernetesEnvironment) =>
      unsecret(
        (await recorded("iad", settings)).of("pulumi-nodejs:dynamic/kubernetes:ClusterGuard")[0]!.inputs,
      ) as Record<string, unknown>;
    const existing = { volume: { storageClass: { existing: "gp3" } } };
    const { storageClass, awsRegion, namespace, cluster, chart } = await guardOf(
      kubernetesEnvironment({ kubernetes: kubernetesSettings(existing) }),
    );
    assert.deepEqual(
      [storageClass, awsRegion, namespace, cluster],
      ["gp3", undefined, "nats", { context: "nats-iad" }],
    );
    assert.deepEqual(chart, kubernetesSettings().chart);
    const onAws = kubernetesEnvironment({
      aws: { tags: {}, regions: { iad: awsRegionSettings } },
    });
    const { storageClass: none, awsRegion: virginia } = await guardOf(onAws);
    assert.deepEqual([none, virginia], [undefined, "us-east-1"]);
  });

  it("grows volumes before the chart asks for larger ones, which it cannot do itself", async () => {
    const { of } = await recorded(
      "iad",
      kubernetesEnvironment({ kubernetes: kubernetesSettings({ volume: { size: "200GiB" } }) }),
    );
    const [volumes] = of("pulumi-nodejs:dynamic/kubernetes:Volumes");
    const { cluster: _, __provider: __, ...inputs } = unsecret(volumes!.inputs) as Record<string, unknown>;
    assert.deepEqual(inputs, {
      region: "iad",
      namespace: "nats",
      statefulSet: "iad",
      template: "nats-js",
      servers: 3,
      size: "200GiB",
      storageClass: "nats-iad",
    });
    const [release] = of("kubernetes:helm.sh/v3:Release");
    assert.ok(release!.options.dependencies!.includes(volumes!.name));
    const { config } = release!.inputs.values as { config: { jetstream: { fileStore: { pvc: object } } } };
    assert.deepEqual(config.jetstream.fileStore.pvc, { enabled: true, size: "200Gi", storageClassName: "nats-iad" });
  });

  it("stops servers that leave before the chart is changed, which would stop all of them at once", async () => {
    const { of } = await recorded("iad");
    const [scaleDown] = of("pulumi-nodejs:dynamic/kubernetes:ScaleDown");
    const { cluster: _, __provider: __, ...inputs } = unsecret(scaleDown!.inputs) as Record<string, unknown>;
    assert.deepEqual(inputs, { region: "iad", namespace: "nats", statefulSet: "iad", servers: 3 });
    assert.ok(of("kubernetes:helm.sh/v3:Release")[0]!.options.dependencies!.includes(scaleDown!.name));
  });

  it("replaces nothing when the cluster is reached in another way", async () => {
    const [provider] = (await recorded("iad")).of("pulumi:providers:kubernetes");
    assert.equal(
      provider!.inputs.clusterIdentifier,
      "production-iad",
      "the only input for whose change the provider, and so everything, is replaced",
    );
    assert.deepEqual(provider!.options.replaceOnChanges, undefined);
  });

  it("changes Secrets and ConfigMaps in place, whichever keys come and go", async () => {
    const { of } = await recorded("iad");
    const [provider] = of("pulumi:providers:kubernetes");
    assert.deepEqual(
      [provider!.inputs.enableSecretMutable, provider!.inputs.enableConfigMapMutable].map(String),
      ["true", "true"],
      "otherwise the provider deletes what has a fixed name, then creates it again",
    );
    for (const { name, inputs } of of("kubernetes:core/v1:Secret"))
      assert.equal("stringData" in inputs, false, `${name}: server-side apply keeps keys that leave stringData`);
  });

  it("has a nats-box only where it is asked for, and administrators' passwords in it only where they are", async () => {
    const boxOf = async (natsBox?: object) => {
      const { of } = await recorded("iad", kubernetesEnvironment({ kubernetes: kubernetesSettings({ natsBox }) }));
      const secret = of("kubernetes:core/v1:Secret").find(({ name }) => name === "iad-nats-box-users");
      const { data = {} } = (secret ? unsecret(secret.inputs) : {}) as { data?: Record<string, string> };
      const { enabled } = (of("kubernetes:helm.sh/v3:Release")[0]!.inputs.values as ChartValues).natsBox;
      return { enabled, contexts: Object.keys(data).filter((file) => file.endsWith(".json")) };
    };
    const administrators = (contexts: string[]) =>
      contexts.filter((file) => /^sys-|-provisioner\.json$/.test(file)).length;
    assert.deepEqual(await boxOf(), { enabled: false, contexts: [] });
    const users = await boxOf({ enabled: true });
    assert.ok(users.enabled && users.contexts.includes("covenant-api.json"), users.contexts.join());
    assert.equal(administrators(users.contexts), 0);
    const all = await boxOf({ enabled: true, administrators: true });
    assert.equal(administrators(all.contexts), 5);
  });

  it("gives its objects the labels and annotations of settings, and keeps those that identify them", async () => {
    const { registrations } = await recorded(
      "iad",
      kubernetesEnvironment({
        kubernetes: kubernetesSettings({
          labels: { all: { team: "messaging" }, services: { kind: "nats" } },
          annotations: { all: { contact: "ops-<region>" }, services: { kind: "nats" } },
          volume: { storageClass: {} },
        }),
      }),
    );
    const objects = registrations.filter(({ type }) => /^kubernetes:(core|networking|storage)/.test(type));
    assert.ok(objects.length >= 8, String(objects.length));
    for (const { type, name, inputs } of objects) {
      const { labels = {}, annotations = {} } = unsecret(inputs.metadata) as Record<string, Record<string, string>>;
      const ofService = type.endsWith(":Service") ? "nats" : undefined;
      assert.deepEqual(
        [labels.team, labels.kind, annotations.contact, annotations.kind],
        ["messaging", ofService, "ops-iad", ofService],
        name,
      );
      if (!type.endsWith(":StorageClass")) assert.equal(labels["supercluster/region"], "iad", name);
      if (type.endsWith(":Namespace")) assert.equal(labels["pod-security.kubernetes.io/enforce"], "restricted");
    }
  });

  it("reports which values of the chart settings override, where they do", async () => {
    const overridesOf = async (values?: object) =>
      (await recorded("iad", kubernetesEnvironment({ kubernetes: kubernetesSettings({ values }) }))).of(
        "pulumi-nodejs:dynamic/kubernetes:Rollout",
      )[0]!.inputs.overrides;
    assert.equal(await overridesOf(), undefined);
    assert.deepEqual(await overridesOf({ config: { merge: { write_deadline: "30s" } }, container: { patch: [] } }), [
      "config.merge.write_deadline",
      "container.patch",
    ]);
  });

  it("lets in who may connect before there are servers, and no one to what is for servers alone", async () => {
    const policyOf = async (networkPolicy?: object, values?: object) => {
      const settings = kubernetesEnvironment({ kubernetes: kubernetesSettings({ networkPolicy, values }) });
      const { of } = await recorded("iad", settings);
      const found = of("kubernetes:networking.k8s.io/v1:NetworkPolicy");
      const release = of("kubernetes:helm.sh/v3:Release")[0]!;
      return { found, waits: found.every(({ name }) => release.options.dependencies!.includes(name)) };
    };
    const { found, waits } = await policyOf();
    assert.ok(waits);
    const { spec } = found[0]!.inputs as { spec: types.input.networking.v1.NetworkPolicySpec };
    assert.deepEqual(
      (spec.ingress as types.input.networking.v1.NetworkPolicyIngressRule[]).map(({ ports, from }) => [ports, from]),
      [
        [[{ protocol: "TCP", port: 4222 }], undefined],
        [[{ protocol: "TCP", port: 6222 }], [{ podSelector: { matchLabels: serverLabels } }]],
        [[{ protocol: "TCP", port: 7222 }], undefined],
        [[{ protocol: "TCP", port: 7777 }], [{ namespaceSelector: {} }]],
      ],
    );
    assert.deepEqual((await policyOf({ enabled: false })).found, []);
    const listening = await policyOf(undefined, { config: { websocket: { enabled: true } } });
    assert.match(JSON.stringify(listening.found[0]!.inputs.spec), /"port":8080/);
  });

  it("gives connections to a secret store where one is named: of tenants' users, each in one secret", async () => {
    const connectionSecrets = { store: { name: "vault" } };
    const stored = await recorded(
      "iad",
      kubernetesEnvironment({ kubernetes: kubernetesSettings({ connectionSecrets }) }),
    );
    const [push] = stored.of("kubernetes:external-secrets.io/v1alpha1:PushSecret");
    const secret = stored.of("kubernetes:core/v1:Secret").find(({ name }) => name === "iad-nats-connections")!;
    assert.ok(push!.options.dependencies!.includes(secret.name));
    const { data } = unsecret(secret.inputs) as { data: Record<string, string> };
    const logins = Object.keys(data);
    const { spec } = push!.inputs as { spec: ReturnType<typeof pushSecretSpec> };
    assert.deepEqual(spec.data.map(({ match }) => match.secretKey).sort(), logins.sort());
    assert.ok(logins.includes("covenant-api"));
    assert.deepEqual(
      logins.filter((login) => /^sys-|-(provisioner|canary|dead-letters-cli)$/.test(login)),
      [],
    );
    const { NATS_URL, NATS_PASSWORD } = JSON.parse(Buffer.from(data["covenant-api"]!, "base64").toString()) as Record<
      string,
      string
    >;
    const { users } = identities.iad as RegionIdentity;
    assert.deepEqual(
      [NATS_URL, NATS_PASSWORD],
      ["tls://nats.iad.nats.example.com:4222", users["covenant-api"]!.password],
    );
    assert.ok(isSecret(secret.inputs.data));
    const [guard] = stored.of("pulumi-nodejs:dynamic/kubernetes:ClusterGuard");
    assert.deepEqual(guard!.inputs.kinds, ["external-secrets.io/v1alpha1/PushSecret"]);
    const { of } = await recorded("iad");
    assert.deepEqual(of("kubernetes:external-secrets.io/v1alpha1:PushSecret"), []);
    assert.equal("kinds" in of("pulumi-nodejs:dynamic/kubernetes:ClusterGuard")[0]!.inputs, false);
  });

  it("installs the chart when its Secrets are there, and rolls out when the chart is", async () => {
    const { of } = await recorded("iad");
    const [release] = of("kubernetes:helm.sh/v3:Release");
    const made = of("kubernetes:core/v1:Secret").map(({ name }) => name);
    assert.deepEqual(
      made.filter((one) => !release!.options.dependencies!.includes(one)),
      [],
    );
    assert.ok(of("pulumi-nodejs:dynamic/kubernetes:Rollout")[0]!.options.dependencies!.includes(release!.name));
  });

  it("has its rollout wait for the certificates of its identity", async () => {
    const authority = await makeAuthority("ours", 30);
    const [server, peer] = await Promise.all(["nats iad", "peer iad"].map((subject) => issue(authority, subject)));
    const identity = { ...(identities.iad as RegionIdentity), server: server!, peer: peer! };
    const [rollout] = (await recorded("iad", kubernetesEnvironment(), identity)).of(
      "pulumi-nodejs:dynamic/kubernetes:Rollout",
    );
    const expiry = ({ cert }: { cert: string }) => new Date(new X509Certificate(cert).validTo).toISOString();
    const fingerprint = certificatesFingerprint(identity);
    assert.deepEqual(rollout!.inputs.certificates, { fingerprint, client: expiry(server!), peer: expiry(peer!) });
  });

  it("is deleted only after its rollout, which looks whether the cluster is its own", async () => {
    const { of } = await recorded("iad");
    const { dependencies } = of("pulumi-nodejs:dynamic/kubernetes:Rollout")[0]!.options;
    const others = ["core/v1:Service", "core/v1:ConfigMap", "helm.sh/v3:Release"].flatMap((type) =>
      of(`kubernetes:${type}`).map(({ name }) => name),
    );
    assert.deepEqual(dependencies, [...others, "iad-objects"].sort());
  });

  it("looks after every object that it makes: a run puts back what is deleted or changed by others", async () => {
    const settings = kubernetesEnvironment({
      kubernetes: kubernetesSettings({ natsBox: { enabled: true }, volume: { storageClass: { name: "nats-iad" } } }),
    });
    const { registrations, of, result } = await recorded("iad", settings);
    const made = registrations
      .filter(({ type }) => type.startsWith("kubernetes:") && type !== "kubernetes:helm.sh/v3:Release")
      .map(({ type, inputs }) => `${type.split(":").at(-1)} ${(inputs.metadata as { name: string }).name}`);
    const [objects] = of("pulumi-nodejs:dynamic/kubernetes:Objects");
    const named = (all: KubeObject[]) => all.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort();
    assert.deepEqual(named(unsecret(objects!.inputs.objects) as KubeObject[]), made.sort());
    assert.deepEqual(named((await settled(result.objects)).value), made.sort());
    const names = registrations.filter(({ type }) => type.startsWith("kubernetes:")).map(({ name }) => name);
    assert.deepEqual(
      names.filter((name) => !objects!.options.dependencies!.includes(name)),
      [],
    );
  });

  it("takes the chart from its repository in one version, or from this machine", async () => {
    const chartOf = async (settings?: KubernetesEnvironment) => {
      const { chart, version, repositoryOpts } = (await recorded("iad", settings)).of(
        "kubernetes:helm.sh/v3:Release",
      )[0]!.inputs;
      return { chart, version, repositoryOpts };
    };
    assert.deepEqual(await chartOf(), {
      chart: "nats",
      version: "2.14.2",
      repositoryOpts: { repo: "https://nats-io.github.io/k8s/helm/charts/" },
    });
    const local = kubernetesEnvironment({ kubernetes: kubernetesSettings({ chart: { path: "charts/nats" } }) });
    assert.deepEqual(await chartOf(local), { chart: "charts/nats", version: undefined, repositoryOpts: undefined });
  });

  it("makes a storage class unless settings name one, before the chart, and keeps the namespace", async () => {
    const { of } = await recorded("iad");
    const [made] = of("kubernetes:storage.k8s.io/v1:StorageClass");
    assert.ok(of("kubernetes:helm.sh/v3:Release")[0]!.options.dependencies!.includes(made!.name));
    assert.equal(
      (of("kubernetes:storage.k8s.io/v1:StorageClass")[0]!.inputs.metadata as { name: string }).name,
      "nats-iad",
    );
    const existing = kubernetesSettings({ volume: { storageClass: { existing: "gp3" } } });
    const without = await recorded("iad", kubernetesEnvironment({ kubernetes: existing }));
    assert.equal(without.of("kubernetes:storage.k8s.io/v1:StorageClass").length, 0);
    assert.equal(of("kubernetes:core/v1:Namespace")[0]!.options.retainOnDelete, true);
  });

  it("knows its load balancers when their controller has made them", async () => {
    const { result } = await recorded("iad");
    assert.deepEqual(await settled(result.loadBalancers.gateways), {
      value: ["iad-nats-gateways.elb.example.com"],
      secret: false,
    });
  });
});
