import assert from "node:assert/strict";
import { stringify } from "yaml";
import { unknownValue } from "@pulumi/pulumi/runtime/rpc";
import { comparable, type KubeObject } from "../../components/supercluster/object-drift";
import { guardProvider, type GuardInputs } from "../../components/supercluster/provider/guard-provider";
import { objectsProvider, type ObjectsInputs } from "../../components/supercluster/provider/objects-provider";
import { RegionObjects } from "../../components/supercluster/provider/region-objects";
import { refusePendingReleases } from "../../operations/deploy/pending-releases";
import { helmRecord } from "../support/helm-record";
import { KubeApi } from "../support/kube-api";
import { kubernetesEnvironment, kubernetesSettings } from "../support/kubernetes";
import { said } from "../support/said";

const namespace = "nats";
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const core = `/api/v1/namespaces/${namespace}`;
const paths = {
  secret: `${core}/secrets/nats-server`,
  gateways: `${core}/services/nats-gateways`,
  policy: `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies/nats-servers`,
  budget: `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets/nats`,
  set: `/apis/apps/v1/namespaces/${namespace}/statefulsets/iad`,
  record: `${core}/secrets/sh.helm.release.v1.nats.v3`,
};
const program: KubeObject[] = [
  {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "nats-server", namespace },
    type: "Opaque",
    data: { "accounts.conf": base64("accounts"), "jetstream.conf": base64("key") },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "nats-gateways", namespace, annotations: { "pulumi.com/skipAwait": "true" } },
    spec: { type: "LoadBalancer", ports: [{ name: "gateway", port: 7222 }], publishNotReadyAddresses: true },
  },
  {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: "nats-servers", namespace },
    // Models of the client call it `_from`, and a field that they do not know is dropped.
    spec: { ingress: [{ ports: [{ port: 6222 }], from: [{ podSelector: {} }] }], fieldOfALaterVersion: true },
  },
];
const chart: KubeObject[] = [
  {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name: "nats" },
    spec: { maxUnavailable: 1, selector: { matchLabels: { app: "nats" } } },
  },
  {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "iad" },
    spec: { replicas: 3, template: { spec: { containers: [{ name: "nats", image: "nats:2" }] } } },
  },
];
const manifest = chart.map((object) => stringify(object)).join("---\n");

/** What the tests read and change of the objects. */
interface Live {
  data: Record<string, string>;
  spec: {
    replicas: unknown;
    publishNotReadyAddresses: boolean;
    clusterIP: string;
    template: { spec: { containers: { image: string }[] } };
  };
}

describe("Objects of a region, against an API server that keeps what it is told", () => {
  const apis: KubeApi[] = [];
  afterEach(() => apis.splice(0).forEach((api) => api.stop()));

  /** A region as it was deployed, with what servers add. */
  async function region(): Promise<KubeApi> {
    const api = await KubeApi.start();
    apis.push(api);
    const [secret, gateways, policy] = program;
    const [budget, set] = chart;
    api.put("/api/v1/namespaces/kube-system", {});
    api.put("/apis/storage.k8s.io/v1/storageclasses/gp3", {});
    api.put(paths.record, helmRecord(3, "deployed", manifest));
    api.put(`${core}/secrets/sh.helm.release.v1.nats.v2`, helmRecord(2, "superseded", "kind: Nothing"));
    for (const [path, object] of [
      [paths.secret, secret],
      [paths.gateways, gateways],
      [paths.policy, policy],
      [paths.budget, budget],
      [paths.set, set],
    ] as const) {
      const { metadata, ...rest } = structuredClone(object!);
      api.put(path, { ...rest, metadata: { namespace, ...metadata }, status: {} });
    }
    api.writes.splice(0);
    return api;
  }
  const live = (api: KubeApi, path: string) => api.get(path) as Live;
  const inputs = (api: KubeApi): ObjectsInputs => ({
    region: "iad",
    namespace,
    release: "nats",
    cluster: { kubeconfig: api.kubeconfig(), context: "nats-iad" },
    objects: structuredClone(program),
  });
  async function planned(api: KubeApi): Promise<{ changes?: boolean; lines: string[] }> {
    let changes: boolean | undefined;
    const lines = await said(async () => {
      ({ changes } = await objectsProvider.diff("", inputs(api), inputs(api)));
    });
    return { changes, lines };
  }
  const up = (api: KubeApi) => said(() => objectsProvider.update("", inputs(api), inputs(api)));

  it("are as they were deployed: nothing is planned, and nothing written", async () => {
    const api = await region();
    assert.deepEqual(await planned(api), { changes: undefined, lines: [] });
    assert.deepEqual(await said(() => objectsProvider.create(inputs(api))), []);
    assert.deepEqual(api.writes, []);
  });

  it("are read with one request for the kinds of each API version", async () => {
    const api = await region();
    await planned(api);
    assert.deepEqual(api.discoveries.sort(), [
      "/api/v1",
      "/apis/apps/v1",
      "/apis/networking.k8s.io/v1",
      "/apis/policy/v1",
    ]);
  });

  it("that were deleted are named by a preview, and put back by the next up, the chart's too", async () => {
    const api = await region();
    for (const path of [paths.secret, paths.gateways, paths.policy, paths.budget]) api.things.delete(path);
    assert.deepEqual(await planned(api), {
      changes: true,
      lines: [
        "iad: Secret nats-server is missing; `up` puts it back",
        "iad: Service nats-gateways is missing; `up` puts it back",
        "iad: NetworkPolicy nats-servers is missing; `up` puts it back",
        "iad: PodDisruptionBudget nats is missing; `up` puts it back",
      ],
    });
    assert.deepEqual(api.writes, []);
    await up(api);
    assert.deepEqual(api.writes, ["create nats-server", "create nats-gateways", "create nats-servers", "create nats"]);
    assert.deepEqual(live(api, paths.secret).data, program[0]!.data);
    assert.deepEqual(live(api, paths.policy).spec, program[2]!.spec);
    assert.deepEqual(live(api, paths.budget).spec, chart[0]!.spec);
    assert.deepEqual(await planned(api), { changes: undefined, lines: [] });
  });

  it("that were changed are named with their fields, and changed back in these alone", async () => {
    const api = await region();
    live(api, paths.set).spec.replicas = 2;
    live(api, paths.set).spec.template.spec.containers[0]!.image = "nats:1";
    live(api, paths.gateways).spec.publishNotReadyAddresses = false;
    live(api, paths.gateways).spec.clusterIP = "10.0.0.1";
    live(api, paths.secret).data["accounts.conf"] = base64("stolen");
    const { lines } = await planned(api);
    assert.deepEqual(lines, [
      "iad: Secret nats-server: data.accounts.conf differs; `up` puts it back",
      "iad: Service nats-gateways: spec.publishNotReadyAddresses is false, deployed was true; `up` puts it back",
      "iad: StatefulSet iad: spec.replicas is 2, deployed was 3, " +
        'spec.template.spec.containers[0].image is "nats:1", deployed was "nats:2"; `up` puts it back',
    ]);
    await up(api);
    assert.deepEqual(api.writes, ["merge nats-server", "merge nats-gateways", "merge iad"]);
    assert.equal(live(api, paths.gateways).spec.clusterIP, "10.0.0.1");
    assert.deepEqual(await planned(api), { changes: undefined, lines: [] });
  });

  it("are not reported for a form of a value that the API server writes otherwise", async () => {
    const api = await region();
    api.normalized = ({ spec, ...thing }) => ({ ...thing, spec: { ...(spec as object), replicas: "three" } });
    live(api, paths.set).spec.replicas = "three";
    assert.deepEqual(await planned(api), { changes: undefined, lines: [] });
  });

  it("are compared with what was deployed, not with what this release changes", async () => {
    const api = await region();
    const news = inputs(api);
    news.objects[0]!.data = { "accounts.conf": base64("new accounts") };
    const planned = () => said(() => objectsProvider.diff("", inputs(api), news));
    assert.deepEqual(await planned(), []);
    // An `up` changes the Secret before this is asked.
    live(api, paths.secret).data = structuredClone(news.objects[0]!.data) as Record<string, string>;
    assert.deepEqual(await planned(), []);
    live(api, paths.secret).data["accounts.conf"] = base64("stolen");
    assert.deepEqual(await planned(), [
      "iad: Secret nats-server: data.accounts.conf differs, data.jetstream.conf is missing; `up` puts it back",
    ]);
    const unknown = { ...inputs(api), objects: unknownValue as unknown as KubeObject[] };
    live(api, paths.secret).data = program[0]!.data as Record<string, string>;
    assert.deepEqual(await said(() => objectsProvider.diff("", inputs(api), unknown)), []);
  });

  it("without Helm's record end a run before a pod is replaced", async () => {
    const api = await region();
    api.things.delete(paths.record);
    assert.deepEqual(await planned(api), { changes: true, lines: [] });
    await assert.rejects(
      up(api),
      /^Error: iad: Helm has no record of a deployed release nats in namespace nats; record it again: pulumi up --refresh --stack .*\. No pod was replaced\. See docs/,
    );
  });

  it("are only warned of where the cluster cannot be reached, as in a preview in CI", async () => {
    const api = await region();
    api.stop();
    const { changes, lines } = await planned(api);
    assert.equal(changes, undefined);
    assert.match(lines.join(), /^warning SC1104: iad: .*ECONNREFUSED/);
  });

  it("are compared by verify from digests alone", async () => {
    const api = await region();
    const { cluster, namespace: where, release } = inputs(api);
    const objects = RegionObjects.open(cluster, { namespace: where, release });
    const drift = () => objects.drift(program.map(comparable));
    assert.deepEqual(await drift(), []);
    api.things.delete(paths.budget);
    assert.deepEqual(await drift(), [{ kind: "PodDisruptionBudget", name: "nats" }]);
    assert.deepEqual(api.writes, []);
  });

  describe("whose Helm release was left in a change", () => {
    const guard = guardProvider(50);
    const guarded = (api: KubeApi): GuardInputs => ({
      environment: "production",
      region: "iad",
      namespace,
      cluster: inputs(api).cluster,
      chart: kubernetesSettings().chart,
      storageClass: "gp3",
    });
    const message =
      "the Helm release in namespace nats is pending-upgrade (revision 4): a run that changed it was interrupted, or " +
      "is still running. If none is running: kubectl --context nats-iad -n nats delete secret " +
      "sh.helm.release.v1.nats.v4 (docs/runbooks/pending-release.md)";

    it("are refused by preview and up, with the command that releases it", async () => {
      const api = await region();
      api.put(`${core}/secrets/sh.helm.release.v1.nats.v4`, helmRecord(4, "pending-upgrade"));
      const { failures } = await guard.check({}, guarded(api));
      assert.deepEqual(failures, [{ property: "namespace", reason: message }]);
      await assert.rejects(guard.update("", guarded(api), guarded(api)), (error: Error) =>
        error.message.startsWith(`iad: ${message}`),
      );
      const environment = kubernetesEnvironment({
        regions: ["iad"],
        kubernetes: kubernetesSettings({ clusters: { iad: guarded(api).cluster } }),
      });
      await assert.rejects(
        refusePendingReleases({ environment }),
        (error: Error) => error.message === `nothing was changed:\n  iad: ${message}`,
      );
      api.things.delete(`${core}/secrets/sh.helm.release.v1.nats.v4`);
      await refusePendingReleases({ environment });
      assert.deepEqual((await guard.check({}, guarded(api))).failures, []);
    });
  });
});
