import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { AppsV1Api, CoreV1Api, StorageV1Api } from "@kubernetes/client-node";
import { environment, type KubernetesEnvironment } from "../../config/schema/settings";
import { toBytes } from "../../config/units";
import { clusterConfig } from "./cloud";
import { Driver } from "./driver";
import { KubeEnvironment } from "./environment";
import { helm } from "./helm";
import { kubeSettings } from "./settings";

/**
 * Volumes that grow under running servers, on a real Kubernetes with the real chart; the test plays their driver.
 */
const name = "grow";
const namespace = "grow-iad";
const storageClass = "grow-volumes";

const settings = (size: string, file: string): KubernetesEnvironment => {
  const { kubernetes, ...rest } = kubeSettings({ name, regions: ["iad"], jetstream: {} }) as { kubernetes: object };
  return environment.parse({
    ...rest,
    storage: { file, memory: "16MiB" },
    kubernetes: {
      ...kubernetes,
      resources: { cpu: "20m", memory: "640MiB" },
      volume: { size, storageClass: { name: storageClass, provisioner: "kubernetes.io/host-path", parameters: {} } },
    },
  }) as KubernetesEnvironment;
};

describe("volumes on a real Kubernetes", function () {
  this.timeout(300_000);
  const config = clusterConfig();
  const [core, apps, storage] = [
    config.makeApiClient(CoreV1Api),
    config.makeApiClient(AppsV1Api),
    config.makeApiClient(StorageV1Api),
  ];
  const kube = KubeEnvironment.create({ name, regions: ["iad"], jetstream: {} }, {});
  const driver = new Driver([namespace]);

  const claims = async () =>
    (await core.listNamespacedPersistentVolumeClaim({ namespace })).items.sort((left, right) =>
      left.metadata!.name! < right.metadata!.name! ? -1 : 1,
    );
  const sizes = async () =>
    (await claims()).map(({ spec, status }) => [spec!.resources!.requests!.storage, status!.capacity?.storage]);
  const statefulSet = () => apps.readNamespacedStatefulSet({ namespace, name: "iad" });
  /** By name: identity and restarts, of every pod of the namespace. */
  const pods = async () =>
    Object.fromEntries(
      (await core.listNamespacedPod({ namespace })).items.map(({ metadata, status }) => [
        metadata!.name!,
        [metadata!.uid, ...(status!.containerStatuses ?? []).map(({ restartCount }) => restartCount)].join(" "),
      ]),
    );
  const up = (size: string, file = "1GiB") => kube.up("iad", { settings: settings(size, file) });
  /** What each server gives to JetStream on disk, as it says. */
  const given = () =>
    Promise.all(
      [0, 1, 2].map(async (server) => {
        const answer: unknown = await core.connectGetNamespacedPodProxyWithPath({
          namespace,
          name: `iad-${server}:8222`,
          path: "varz",
        });
        return (
          (typeof answer === "string" ? JSON.parse(answer) : answer) as {
            jetstream: { config: { max_storage: number } };
          }
        ).jetstream.config.max_storage;
      }),
    );

  before(async () => {
    driver.start();
    await up("2GiB");
  });
  after(async () => {
    await driver.stop();
    const volumes = (await core.listPersistentVolume()).items.filter(
      ({ spec }) => spec?.storageClassName === storageClass,
    );
    await kube.stop();
    // Volumes of the class stay when their claims go.
    for (const { metadata } of volumes) await core.deletePersistentVolume({ name: metadata!.name! });
    await storage.deleteStorageClass({ name: storageClass });
  });

  it("are made by the chart, of the size that is asked for", async () => {
    assert.deepEqual(await sizes(), Array(3).fill(["2Gi", "2Gi"]));
  });

  it("are not changed by the chart alone: a StatefulSet's claims cannot be changed", () => {
    const upgrade = [
      "upgrade",
      "nats",
      kube.settings.kubernetes.chart.path!,
      "--namespace",
      namespace,
      "--reuse-values",
      "--set",
      "config.jetstream.fileStore.pvc.size=3Gi",
    ];
    assert.throws(
      () => helm(...upgrade),
      ({ stderr }: { stderr: string }) =>
        /updates to statefulset spec for fields other than .* are forbidden/.test(stderr),
    );
  });

  it("grow under running servers: no pod is recreated or restarted; the new StatefulSet takes them over", async () => {
    driver.isOn = true;
    const [before, old] = [await pods(), await statefulSet()];
    await up("3GiB");
    assert.deepEqual(await sizes(), Array(3).fill(["3Gi", "3Gi"]));
    const now = await statefulSet();
    assert.notEqual(now.metadata!.uid, old.metadata!.uid);
    assert.equal(now.spec!.volumeClaimTemplates![0]!.spec!.resources!.requests!.storage, "3Gi");
    assert.deepEqual(await pods(), before);
    assert.equal(Object.keys(before).filter((pod) => /^iad-\d$/.test(pod)).length, 3);
    for (const { metadata } of (await core.listNamespacedPod({ namespace })).items.filter((pod) =>
      /^iad-\d$/.test(pod.metadata!.name!),
    )) {
      assert.deepEqual(
        metadata!.ownerReferences?.map(({ uid }) => uid),
        [now.metadata!.uid],
        metadata!.name,
      );
    }
    const [release] = JSON.parse(helm("list", "--namespace", namespace, "--output", "json")) as { status: string }[];
    assert.equal(release!.status, "deployed");
  });

  it("are given to JetStream, once they have grown, without a restart", async () => {
    const before = await pods();
    await up("3GiB", "2GiB");
    await until(async () => (await given()).every((bytes) => bytes === toBytes("2GiB")), 180_000);
    assert.deepEqual(await pods(), before);
  });

  it("have nothing to do again", async () => {
    const [before, { metadata }] = [await pods(), await statefulSet()];
    await up("3GiB", "2GiB");
    assert.deepEqual([await pods(), (await statefulSet()).metadata!.uid], [before, metadata!.uid]);
  });

  it("grow on from where a run was cut off, without the StatefulSet", async () => {
    const before = await pods();
    const claim = (await claims())[0]!.metadata!.name!;
    await core.patchNamespacedPersistentVolumeClaim({
      namespace,
      name: claim,
      body: [{ op: "replace", path: "/spec/resources/requests/storage", value: "4Gi" }],
    });
    await apps.deleteNamespacedStatefulSet({ namespace, name: "iad", propagationPolicy: "Orphan" });
    await until(
      async () =>
        (await apps.readNamespacedStatefulSet({ namespace, name: "iad" }).catch(() => undefined)) === undefined,
    );
    await up("4GiB", "2GiB");
    assert.deepEqual(await sizes(), Array(3).fill(["4Gi", "4Gi"]));
    assert.equal((await statefulSet()).spec!.volumeClaimTemplates![0]!.spec!.resources!.requests!.storage, "4Gi");
    assert.deepEqual(await pods(), before);
  });

  it("are taken back from JetStream only by restarts, which its revision does not ask for", async () => {
    const before = await pods();
    await up("4GiB", "1GiB");
    assert.deepEqual(await given(), Array(3).fill(toBytes("1GiB")));
    const after = await pods();
    assert.deepEqual(
      Object.keys(after)
        .filter((pod) => after[pod] === before[pod])
        .map((pod) => pod.replace(/-.*/, "")),
      [],
      "all of them",
    );
  });

  it("do not shrink", async () => {
    await assert.rejects(
      up("1GiB"),
      /volumes cannot shrink to 1GiB: nats-js-iad-0 has 4GiB, .*; write kubernetes\.volume\.size: 4GiB or more/,
    );
    assert.deepEqual(await sizes(), Array(3).fill(["4Gi", "4Gi"]));
  });

  it("do not grow where their class says that they cannot, and nothing is done", async () => {
    await storage.patchStorageClass({
      name: storageClass,
      body: [{ op: "replace", path: "/allowVolumeExpansion", value: false }],
    });
    const wanted = settings("5GiB", "2GiB");
    // As a class that this program did not make.
    wanted.kubernetes.volume.storageClass = { existing: storageClass };
    await assert.rejects(
      kube.up("iad", { settings: wanted }),
      /storage class "grow-volumes" of nats-js-iad-0 does not set allowVolumeExpansion/,
    );
    assert.deepEqual(await sizes(), Array(3).fill(["4Gi", "4Gi"]));
  });

  it("belong to their region alone: another region's stack is refused in the same namespace", async () => {
    const wanted = settings("4GiB", "2GiB");
    const ofAnother = {
      ...wanted,
      regions: ["ams"],
      kubernetes: { ...wanted.kubernetes, namespace, clusters: { ams: wanted.kubernetes.clusters.iad! } },
    };
    await assert.rejects(
      kube.up("ams", { settings: ofAnother }),
      /namespace grow-iad in this cluster is that of grow\/iad, not of grow\/ams/,
    );
  });
});

async function until(isSo: () => Promise<boolean>, withinMs = 30_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await isSo())) {
    assert.ok(Date.now() < deadline, "in time");
    await sleep(200);
  }
}
