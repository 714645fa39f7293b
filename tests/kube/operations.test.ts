import assert from "node:assert/strict";
import { CoreV1Api, type V1Pod } from "@kubernetes/client-node";
import type { NatsConnection } from "@nats-io/transport-node";
import { provisioner } from "../../config/assets/standard";
import { pollUntil } from "../../config/poll-until";
import { kubernetes } from "../../config/schema/kubernetes";
import type { TenantSpec } from "../../config/schema/tenant";
import { addStream, ask } from "../support/accounts";
import { requestMs } from "../support/limits";
import { said } from "../support/said";
import { clusterConfig } from "./cloud";
import { KubeEnvironment } from "./environment";

const namespace = "operated-iad";
/** Without declared streams: its account has no limits. */
const app: TenantSpec = {
  name: "app",
  home: "iad",
  streams: {},
  consumers: {},
  users: { publisher: { allow: { publish: ["app.>"] } } },
};
const messages = 200;

/** The steps of docs/runbooks/replace-a-node.md and lost-volume.md, and a rollout that cannot succeed. */
describe("a region on a real Kubernetes that is operated", function () {
  this.timeout(900_000);
  const core = clusterConfig().makeApiClient(CoreV1Api);
  let kube: KubeEnvironment;
  let owner: NatsConnection;
  let cordoned: string | undefined;

  const pod = (name: string): Promise<V1Pod | undefined> =>
    core.readNamespacedPod({ name, namespace }).catch(() => undefined);
  const isReady = (found: V1Pod | undefined) =>
    found?.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True");
  /** Waits for another pod of this name, which is ready. */
  const isReplaced = (name: string, uid: string | undefined) =>
    pollUntil(
      async () => {
        const found = await pod(name);
        return found && found.metadata!.uid !== uid && isReady(found) ? found : undefined;
      },
      300_000,
      1_000,
    );
  const setCordon = (name: string, isCordoned: boolean) =>
    core.patchNode({ name, body: [{ op: "add", path: "/spec/unschedulable", value: isCordoned }] });
  const infoOf = async () =>
    (await ask(owner, "STREAM.INFO.THREE")) as {
      state: { messages: number };
      cluster: { replicas: { current: boolean }[] };
    };

  before(async () => {
    kube = KubeEnvironment.create({ name: "operated", regions: ["iad"], jetstream: { jetstream: ["app"] } }, { app });
    await kube.up("iad");
    await kube.isWhole();
    owner = await kube.connect("iad", "app", provisioner);
    await addStream(owner, { name: "THREE", subjects: ["app.three"], num_replicas: 3 });
    const publisher = await kube.connect("iad", "app", "publisher");
    for (let message = 0; message < messages; message++)
      await publisher.request("app.three", "", { timeout: requestMs });
  });
  after(async () => {
    if (cordoned) await setCordon(cordoned, false);
    await kube?.stop();
  });

  it("says which pod is replaced and that its image cannot be pulled, and ends early, with one replaced", async () => {
    const { images, ...rest } = kube.settings.kubernetes;
    const broken = kubernetes.parse({
      ...rest,
      images: { ...images, exporter: { repository: "example.invalid/none", tag: "0.0.1" } },
    });
    const before = await kube.pods("iad");
    const started = Date.now();
    let failure: Error | undefined;
    const lines = await said(() =>
      kube.up("iad", { settings: { ...kube.settings, kubernetes: broken } }).catch((error: Error) => (failure = error)),
    );
    assert.match(lines.join("\n"), /iad: kubernetes\.images\.exporter changed: rolling restart of its 3 pods/);
    assert.match(lines.join("\n"), /iad: replacing iad-\d \(it is outdated; 3 to go\)/);
    assert.match(
      lines.join("\n"),
      /iad: waiting for \d+ s, iad-\d is not ready \(iad-\d: image example\.invalid\/none/,
    );
    assert.match(
      failure!.message,
      /(ErrImagePull|ImagePullBackOff).*waiting does not fix it: correct kubernetes\.images/,
    );
    console.log(`      ended after ${((Date.now() - started) / 1000).toFixed(0)} s`);
    const after = await kube.pods("iad");
    assert.equal(Object.keys(before).filter((name) => after[name] !== before[name]).length, 1);
  });

  it("is well again with the corrected image, which replaces that pod first", async () => {
    const lines = await said(() => kube.up("iad"));
    assert.match(lines.join("\n"), /iad: replacing iad-\d \(it is outdated, and not ready; 1 to go\)/);
    assert.match(lines.join("\n"), /iad: iad-\d is replaced and current, 1 of 1/);
    await kube.isWhole();
  });

  it("has a node drained: its server moves to another one, and every copy is current again", async () => {
    const before = await pod("iad-1");
    cordoned = before!.spec!.nodeName!;
    await setCordon(cordoned, true);
    await core.createNamespacedPodEviction({
      name: "iad-1",
      namespace,
      body: { metadata: { name: "iad-1", namespace } },
    });
    const after = await isReplaced("iad-1", before!.metadata!.uid);
    assert.ok(after, "it runs again");
    assert.notEqual(after.spec!.nodeName, cordoned);
    await kube.isWhole();
    await setCordon(cordoned, false);
    cordoned = undefined;
    assert.equal((await infoOf()).state.messages, messages);
  });

  it("gets a lost volume back from the other two servers, and recreates claim and pod", async () => {
    const claim = "nats-js-iad-1";
    const [lost, before] = [
      await core.readNamespacedPersistentVolumeClaim({ name: claim, namespace }),
      await pod("iad-1"),
    ];
    await core.deleteNamespacedPersistentVolumeClaim({ name: claim, namespace });
    await core.deleteNamespacedPod({ name: "iad-1", namespace });
    assert.ok(await isReplaced("iad-1", before!.metadata!.uid), "it runs again");
    const found = await core.readNamespacedPersistentVolumeClaim({ name: claim, namespace });
    assert.notEqual(found.metadata!.uid, lost.metadata!.uid);
    await kube.isWhole();
    const current = await pollUntil(
      async () => {
        const info = await infoOf();
        return info.cluster.replicas.every((replica) => replica.current) ? info : undefined;
      },
      120_000,
      1_000,
    );
    assert.equal(current?.state.messages, messages);
  });
});
