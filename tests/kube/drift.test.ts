import assert from "node:assert/strict";
import { type KubernetesObject, PatchStrategy } from "@kubernetes/client-node";
import { comparable } from "../../components/supercluster/object-drift";
import { guardProvider, type GuardInputs } from "../../components/supercluster/provider/guard-provider";
import { objectsProvider, type ObjectsInputs } from "../../components/supercluster/provider/objects-provider";
import { RegionObjects } from "../../components/supercluster/provider/region-objects";
import type { TenantSpec } from "../../config/schema/tenant";
import { said } from "../support/said";
import { currentCluster } from "./cloud";
import { KubeEnvironment } from "./environment";

const app: TenantSpec = { name: "app", home: "iad", streams: {}, consumers: {}, users: {} };

describe("objects of a region on a real Kubernetes", function () {
  this.timeout(900_000);
  const namespace = "drift-iad";
  const { api } = currentCluster();
  let kube: KubeEnvironment;
  let inputs: ObjectsInputs;
  before(async () => {
    kube = KubeEnvironment.create({ name: "drift", regions: ["iad"], jetstream: { jetstream: ["app"] } }, { app });
    await kube.up("iad");
    await kube.isWhole();
    inputs = kube.deployedAs<ObjectsInputs>("iad", "Objects");
  });
  after(() => kube.stop());

  const object = (apiVersion: string, kind: string, name: string) => ({
    apiVersion,
    kind,
    metadata: { name, namespace },
  });
  const budget = object("policy/v1", "PodDisruptionBudget", "nats");
  const gateways = object("v1", "Service", "nats-gateways");
  const secret = object("v1", "Secret", "nats-server");
  const set = object("apps/v1", "StatefulSet", "iad");
  const preview = () => said(() => objectsProvider.diff("", inputs, inputs));
  const up = () => said(() => objectsProvider.update("", inputs, inputs));
  const change = (what: KubernetesObject & { spec: object }) =>
    api.patch(what, undefined, undefined, "kubectl-edit", undefined, PatchStrategy.MergePatch);

  it("are as they were deployed, whatever the API server and its controllers add", async () => {
    assert.deepEqual(await preview(), []);
    const fromDigests = RegionObjects.open(inputs.cluster, inputs).drift(inputs.objects.map(comparable));
    assert.deepEqual(await fromDigests, []);
  });

  it("are named where they were deleted, and put back, the chart's too; no pod restarts", async () => {
    const pods = await kube.pods("iad");
    for (const one of [budget, gateways, secret]) await api.delete(one);
    const lines = ["Secret nats-server", "Service nats-gateways", "PodDisruptionBudget nats"];
    assert.deepEqual(
      await preview(),
      lines.map((line) => `iad: ${line} is missing; \`up\` puts it back`),
    );
    assert.deepEqual(
      await up(),
      lines.map((line) => `iad: putting back: ${line} is missing`),
    );
    for (const one of [budget, gateways, secret]) await api.read(one);
    assert.deepEqual(await preview(), []);
    assert.deepEqual(await kube.pods("iad"), pods);
    await kube.isWhole();
  });

  it("are named where they were changed, and changed back", async () => {
    await change({ ...set, spec: { template: { spec: { terminationGracePeriodSeconds: 1 } } } });
    await change({ ...gateways, spec: { publishNotReadyAddresses: false } });
    await change({ ...budget, spec: { maxUnavailable: 3 } });
    const lines = await preview();
    assert.deepEqual(
      lines.map((line) => line.replace(/ is .*/, "")),
      [
        "iad: Service nats-gateways: spec.publishNotReadyAddresses",
        "iad: PodDisruptionBudget nats: spec.maxUnavailable",
        "iad: StatefulSet iad: spec.template.spec.terminationGracePeriodSeconds",
      ],
    );
    await up();
    assert.deepEqual(await preview(), []);
  });

  it("are as the next deployment made them, after they were put back", async () => {
    await kube.up("iad", { settings: { ...kube.settings, syncInterval: "1m" } });
    inputs = kube.deployedAs<ObjectsInputs>("iad", "Objects");
    assert.deepEqual(await preview(), []);
  });

  it("whose Helm release hangs are refused before anything is changed, and released by the command", async () => {
    const { items } = await api.list(
      "v1",
      "Secret",
      namespace,
      undefined,
      undefined,
      undefined,
      undefined,
      "owner=helm",
    );
    const last = items.at(-1)!;
    const pending = {
      ...last,
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: "sh.helm.release.v1.nats.v99",
        namespace,
        labels: { ...last.metadata!.labels, status: "pending-upgrade", version: "99" },
      },
    };
    await api.create(pending);
    const guard = guardProvider();
    const guarded = kube.deployedAs<GuardInputs>("iad", "ClusterGuard");
    const { failures } = await guard.check(guarded, guarded);
    assert.match(
      failures![0]!.reason,
      /is pending-upgrade \(revision 99\).* -n drift-iad delete secret sh\.helm\.release\.v1\.nats\.v99 /,
    );
    await api.delete(object("v1", "Secret", "sh.helm.release.v1.nats.v99"));
    assert.deepEqual((await guard.check(guarded, guarded)).failures, []);
  });
});
