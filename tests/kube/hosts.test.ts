import assert from "node:assert/strict";
import { CoreV1Api, type V1Pod } from "@kubernetes/client-node";
import { pollUntil } from "../../config/poll-until";
import { clusterConfig } from "./cloud";
import { KubeEnvironment } from "./environment";

const namespace = "hosts-iad";

describe("three servers on a real Kubernetes with two free nodes", function () {
  this.timeout(600_000);
  const core = clusterConfig().makeApiClient(CoreV1Api);
  const kube = KubeEnvironment.create({ name: "hosts", regions: ["iad"], antiAffinity: "required", jetstream: {} }, {});
  let cordoned: string[] = [];
  let isUp: Promise<void>;

  const setCordon = (name: string, isCordoned: boolean) =>
    core.patchNode({ name, body: [{ op: "add", path: "/spec/unschedulable", value: isCordoned }] });
  const uncordon = async () => {
    for (const name of cordoned.splice(0)) await setCordon(name, false);
  };
  const servers = async () =>
    (await core.listNamespacedPod({ namespace })).items.filter(({ metadata }) => /^iad-\d$/.test(metadata!.name!));
  const nodesOf = (pods: V1Pod[]) => pods.flatMap(({ spec }) => spec?.nodeName ?? []);

  before(async function () {
    const free = (await core.listNode()).items
      .filter(({ spec }) => !spec?.unschedulable && !spec?.taints?.length)
      .map(({ metadata }) => metadata!.name!);
    if (free.length < 3) return this.skip();
    cordoned = free.slice(2);
    for (const name of cordoned) await setCordon(name, true);
    isUp = kube.up("iad");
    // Awaited by the last test; until then a failure must not end the process.
    isUp.catch(() => undefined);
  });
  after(async () => {
    await uncordon();
    await kube.stop();
  });

  it("never share a node: the third is Pending, and Kubernetes says why", async () => {
    const pending = await pollUntil(
      async () => {
        const pods = await servers().catch(() => []);
        const waiting = pods.filter(({ spec }) => !spec?.nodeName);
        const reason = waiting[0]?.status?.conditions?.find(({ type }) => type === "PodScheduled")?.message;
        return pods.length === 3 && waiting.length === 1 && reason ? { pods, reason, pod: waiting[0]! } : undefined;
      },
      180_000,
      1_000,
    );
    assert.ok(pending, "two of three servers have a node, and the third waits for one");
    assert.equal(pending.pod.status?.phase, "Pending");
    assert.match(pending.reason, /didn't match pod anti-affinity rules/);
    assert.equal(new Set(nodesOf(pending.pods)).size, 2);
  });

  it("are whole as soon as a third node is free", async () => {
    await uncordon();
    await isUp;
    assert.equal(new Set(nodesOf(await servers())).size, 3);
  });
});
