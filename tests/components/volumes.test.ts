import assert from "node:assert/strict";
import { volumesProvider, type VolumesInputs } from "../../components/storage/provider/volumes-provider";
import { KubeApi } from "../support/kube-api";
import { said } from "../support/said";

const patience = { stuckMs: 300, everyMs: 5, logEveryMs: 60_000 };
const provider = volumesProvider(patience);
const namespace = "/api/v1/namespaces/nats";
const claim = (server: number) => `${namespace}/persistentvolumeclaims/nats-js-iad-${server}`;
const statefulSet = "/apis/apps/v1/namespaces/nats/statefulsets/iad";
const storageClass = "/apis/storage.k8s.io/v1/storageclasses/gp3";

/** Plays the driver: a volume has the size that was asked for as soon as it is. */
const grows = (api: KubeApi, write: string): void => {
  const [, name] = /^patch (nats-js-\S+)/.exec(write) ?? [];
  if (!name) return;
  const { spec, status } = api.get(`${namespace}/persistentvolumeclaims/${name}`);
  status.capacity.storage = spec.resources.requests.storage;
};

describe("Volumes, against an API server that keeps what it is told", () => {
  const apis: KubeApi[] = [];
  afterEach(() => apis.splice(0).forEach((api) => api.stop()));

  /** A region of three servers with volumes of 100Gi. */
  async function region({ allowVolumeExpansion = true, driver = grows } = {}): Promise<KubeApi> {
    const api = await KubeApi.start(driver);
    apis.push(api);
    api.put(storageClass, { allowVolumeExpansion });
    const template = {
      metadata: { name: "nats-js" },
      spec: { storageClassName: "gp3", resources: { requests: { storage: "100Gi" } } },
      status: { phase: "Pending" },
    };
    api.put(statefulSet, {
      metadata: { labels: { app: "nats" }, annotations: { "meta.helm.sh/release-name": "nats" } },
      spec: { replicas: 3, template: { spec: {} }, volumeClaimTemplates: [template] },
    });
    for (const server of [0, 1, 2]) {
      api.put(claim(server), {
        spec: { storageClassName: "gp3", resources: { requests: { storage: "100Gi" } } },
        status: { phase: "Bound", capacity: { storage: "100Gi" } },
      });
      api.put(`${namespace}/pods/iad-${server}`, { status: { phase: "Running" } });
    }
    return api;
  }
  const inputs = (api: KubeApi, change: Partial<VolumesInputs> = {}): VolumesInputs => ({
    region: "iad",
    namespace: "nats",
    statefulSet: "iad",
    template: "nats-js",
    servers: 3,
    cluster: { kubeconfig: api.kubeconfig(), context: "nats-iad" },
    size: "200GiB",
    storageClass: "gp3",
    ...change,
  });
  const update = (news: VolumesInputs) => said(() => provider.update("", news, news));
  const reasons = async (api: KubeApi, change: Partial<VolumesInputs>, olds: Partial<VolumesInputs> = {}) =>
    (await provider.check(olds, inputs(api, change))).failures!.map(({ property, reason }) => `${property}: ${reason}`);

  it("grow, and the StatefulSet is recreated without its pods and with helm's labels and annotations", async () => {
    const api = await region();
    const before = api.get(statefulSet);
    const pods = [0, 1, 2].map((server) => api.get(`${namespace}/pods/iad-${server}`).metadata.uid as string);
    await update(inputs(api));
    assert.deepEqual(api.writes, [
      "patch nats-js-iad-0",
      "patch nats-js-iad-1",
      "patch nats-js-iad-2",
      "delete iad Orphan",
      "create iad",
    ]);
    const after = api.get(statefulSet);
    assert.notEqual(after.metadata.uid, before.metadata.uid);
    assert.deepEqual(
      [after.metadata.labels, after.metadata.annotations],
      [before.metadata.labels, before.metadata.annotations],
    );
    assert.deepEqual(after.spec.volumeClaimTemplates, [
      {
        metadata: { name: "nats-js" },
        spec: { storageClassName: "gp3", resources: { requests: { storage: "200Gi" } } },
      },
    ]);
    assert.deepEqual(
      { ...after.spec, volumeClaimTemplates: undefined },
      { ...before.spec, volumeClaimTemplates: undefined },
    );
    assert.deepEqual(
      [0, 1, 2].map((server) => api.get(`${namespace}/pods/iad-${server}`).metadata.uid as string),
      pods,
    );
  });

  it("are left alone before the region exists, and when all have their size", async () => {
    const empty = await KubeApi.start();
    apis.push(empty);
    await provider.create(inputs(empty));
    assert.deepEqual(empty.writes, []);
    const api = await region();
    await provider.create(inputs(api, { size: "100GiB" }));
    assert.deepEqual(api.writes, []);
  });

  it("come to the same end from wherever a run was cut off, and do nothing twice", async () => {
    const reference = await region();
    await update(inputs(reference));
    for (let cut = 1; cut < reference.writes.length; cut++) {
      const api = await region({
        driver: (self, write) => {
          grows(self, write);
          // Not one that is waited out.
          if (self.writes.length === cut) throw Object.assign(new Error("cut off"), { code: 403 });
        },
      });
      await assert.rejects(update(inputs(api)), /cut off/, String(cut));
      await update(inputs(api));
      // Between the last two the StatefulSet is gone, and the chart's release makes it.
      assert.deepEqual(api.writes, cut === 4 ? reference.writes.slice(0, 4) : reference.writes, String(cut));
    }
  });

  it("wait for every volume, and report the missing one and the driver's message", async () => {
    const api = await region({ driver: () => undefined });
    const { uid } = api.get(claim(0)).metadata;
    const event = (at: string, message: string) =>
      api.put(`${namespace}/events/${message}`, {
        involvedObject: { uid },
        type: "Warning",
        lastTimestamp: at,
        message,
      });
    event("2026-01-01T10:00:00Z", "older");
    event("2026-01-01T11:00:00Z", "wait at least 6 hours between modifications");
    await assert.rejects(update(inputs(api)), (error: Error) => {
      assert.match(
        error.message,
        /^iad: nats-js-iad-0 has 100GiB of 200GiB \(wait at least 6 hours between modifications\), for .* min\. No volume was lost/,
      );
      assert.match(
        error.message,
        /kubectl --context nats-iad -n nats describe pvc; then run this again; it continues from here$/,
      );
      return true;
    });
    assert.ok(api.get(statefulSet), "the StatefulSet stays until they have grown");
  });

  it("wait for a file system only where a server has it mounted", async () => {
    const api = await region({
      driver: (self, write) => {
        if (!write.startsWith("patch")) return;
        const { status } = self.get(`${namespace}/persistentvolumeclaims/${write.split(" ")[1]}`);
        status.conditions = [{ type: "FileSystemResizePending", message: "Waiting for user to (re-)start a pod" }];
      },
    });
    await assert.rejects(update(inputs(api)), /nats-js-iad-0 has 100GiB of 200GiB \(FileSystemResizePending: Waiting/);
    for (const server of [0, 1, 2]) api.things.delete(`${namespace}/pods/iad-${server}`);
    await update(inputs(api));
    assert.equal(api.get(statefulSet).spec.volumeClaimTemplates[0].spec.resources.requests.storage, "200Gi");
  });

  it("refuse at a preview to shrink, with and without a cluster", async () => {
    const api = await region();
    assert.deepEqual(await reasons(api, { size: "50GiB" }), [
      "size: volumes cannot shrink to 50GiB: nats-js-iad-0 has 100GiB, nats-js-iad-1 has 100GiB, " +
        "nats-js-iad-2 has 100GiB; write kubernetes.volume.size: 100GiB or more " +
        "(docs/runbooks/grow-volumes.md)",
    ]);
    const nowhere = { context: "nats-iad", kubeconfig: api.kubeconfig() };
    api.stop();
    const lines = await said(async () => {
      assert.deepEqual(await reasons(api, { size: "50GiB", cluster: nowhere }, { size: "100GiB" }), [
        "size: volumes of 100GiB cannot shrink to 50GiB; write kubernetes.volume.size: " +
          "100GiB or more (docs/runbooks/grow-volumes.md)",
      ]);
      assert.deepEqual(await reasons(api, { cluster: nowhere }, { size: "100GiB" }), []);
    });
    assert.match(
      lines[0]!,
      /^warning SC1103: iad: its volumes could not be read, so only `up` checks their change: .*ECONNREFUSED/,
    );
  });

  it("refuse a class that cannot grow, before anything is done, at preview and at update", async () => {
    const api = await region({ allowVolumeExpansion: false });
    const reason =
      /storage class "gp3" of nats-js-iad-0 does not set allowVolumeExpansion; if its driver supports it: kubectl --context nats-iad patch storageclass gp3 -p '\{"allowVolumeExpansion":true\}'/;
    assert.match((await reasons(api, {})).join(), reason);
    await assert.rejects(update(inputs(api)), reason);
    assert.deepEqual(api.writes, []);
    assert.deepEqual(await reasons(api, { size: "100GiB" }), [], "nothing is to grow");
  });

  it("refuse another class than they have", async () => {
    const api = await region();
    assert.match(
      (await reasons(api, { storageClass: "io2", size: "100GiB" })).join(),
      /^storageClass: volumes keep their class: nats-js-iad-0 is of "gp3", .*; write kubernetes\.volume\.storageClass: \{ name: "gp3" \} if the region's stack created the class .*, \{ existing: "gp3" \} if not$/,
    );
  });

  it("report at a preview what will be done", async () => {
    const api = await region();
    const lines = await said(() => provider.diff("", inputs(api, { size: "100GiB" }), inputs(api)));
    assert.deepEqual(lines, [
      "iad: volumes grow from 100GiB to 200GiB while their servers run; " +
        "then their StatefulSet is recreated and adopts the running pods",
    ]);
  });
});
