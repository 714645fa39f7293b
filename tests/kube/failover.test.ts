import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AppsV1Api, CoreV1Api } from "@kubernetes/client-node";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { assetsOf } from "../../config/assets/assets";
import { provisioner, systemAccount } from "../../config/assets/standard";
import { pollUntil } from "../../config/poll-until";
import type { Failover } from "../../config/schema/failover";
import { tenantSpec } from "../../config/schema/tenant";
import { projectFolder } from "../../engine/project";
import { consumerArgs, streamArgs } from "../../jetstream/asset-args";
import { ensure } from "../../jetstream/ensure";
import { consumerKind, streamKind } from "../../jetstream/kinds";
import { withTimeouts } from "../../jetstream/timeouts";
import { advanceFailback } from "../../operations/failover/failback";
import { advanceFailover } from "../../operations/failover/failover";
import { FailoverPair } from "../../operations/failover/failover-pair";
import { Mappings } from "../../operations/failover/mappings";
import { type Reload, runTogether } from "../../operations/failover/together";
import { takeSnapshot } from "../../operations/supercluster/snapshot";
import { StackSetting } from "../../operations/settings/stack-setting";
import { ask } from "../support/accounts";
import { waitMs } from "../support/limits";
import { repeated, textsIn } from "../support/messages";
import { clusterConfig } from "./cloud";
import { KubeEnvironment } from "./environment";

const name = "lost";
const home = `${name}-iad`;
const owner = `supercluster/${name}-jetstream`;
const limits = { maxAge: "7d", maxBytes: "64MiB" };
const app = tenantSpec.parse({
  name: "app",
  home: "iad",
  streams: {
    ORDERS: {
      ...{ subjects: ["orders.>"], retention: "limits", storage: "file", replicas: 1, discard: "old", ...limits },
      mirrors: { ams: limits },
    },
  },
  consumers: {
    worker: { mode: "pull", streams: ["ORDERS"], ackPolicy: "explicit", ackWait: "60s", deliverPolicy: "all" },
  },
  users: { api: { publishes: ["orders.>"] }, worker: { consumes: ["worker"] } },
});

/** What `npm run failover` and `failback` do, step by step; the engine apart: see environment.ts. */
describe("a region on a real Kubernetes that is lost, and comes back, under a publisher", function () {
  this.timeout(1_800_000);
  const config = clusterConfig();
  const [core, apps] = [config.makeApiClient(CoreV1Api), config.makeApiClient(AppsV1Api)];
  const options = { name, regions: ["iad", "ams", "syd"], servers: 1, jetstream: { jetstream: ["app"] } };
  const kube = KubeEnvironment.create(options, { app });
  const assets = assetsOf(kube.settings, { app });
  /** Regions read from it which streams have failed over. */
  const stackFile = path.join(projectFolder, `Pulumi.${name}-jetstream.yaml`);
  const setting = new StackSetting<Failover>(`${name}-jetstream`, "supercluster:failover", "app/ORDERS");
  const account = { owner, logProgress: (line: string) => console.log(`      ${line}`) };
  let api: NatsConnection;
  let system: NatsConnection;
  let provision: NatsConnection;
  /** What was acknowledged: by which stream, and when. */
  const acknowledged: { text: string; stream: string; at: number }[] = [];
  let isPublishing = true;
  let publishing: Promise<void> | undefined;

  async function publish(): Promise<void> {
    const client = jetstream(api, { timeout: 1_000 });
    for (let count = 0; isPublishing; count++, await sleep(20)) {
      const text = `order ${count}`;
      // Again with the same id, as clients do: it may have been stored.
      const send = () => client.publish("orders.placed", text, { msgID: text, retries: 0 }).catch(() => undefined);
      const sent = await pollUntil(async () => !isPublishing || (await send()), waitMs, 50);
      if (typeof sent === "object") acknowledged.push({ text, stream: sent.stream, at: Date.now() });
    }
  }
  const answeredBy = (stream: string, after: number) =>
    pollUntil(() => acknowledged.find((one) => one.at > after && one.stream === stream), waitMs, 20);

  /** Advances the stream's failover or failback; regions load what is declared by their stacks. */
  function run(advance: (pair: FailoverPair) => Promise<Reload | undefined>): Promise<void> {
    const reload = async (regions: string[]) => {
      const began = Date.now();
      await Promise.all(regions.map((region) => kube.up(region)));
      const seconds = ((Date.now() - began) / 1000).toFixed(1);
      console.log(`      ${regions.join(", ")}: mappings loaded within ${seconds} s`);
    };
    const mappings = new Mappings(system, kube.settings, reload);
    const pair = new FailoverPair(
      { account: { connection: provision, ...account }, assets },
      "ORDERS",
      mappings,
      setting,
    );
    return withTimeouts({ requestMs: 5_000 }, () => runTogether([pair], advance, (servers) => mappings.bring(servers)));
  }
  const podsOf = async (region: string) => JSON.stringify(await kube.pods(region));
  const lastSeq = async (stream: string) =>
    ((await ask(provision, `STREAM.INFO.${stream}`)).state as { last_seq: number }).last_seq;

  before(async () => {
    writeFileSync(stackFile, "config: {}\n");
    await Promise.all(options.regions.map((region) => kube.up(region)));
    await kube.isWhole({}, "ams");
    provision = await kube.connect("ams", "app", provisioner);
    system = await kube.connect("ams", systemAccount.name, systemAccount.user);
    for (const one of assets.streams.filter(({ mirrorOf }) => !mirrorOf))
      await ensure(streamKind, streamArgs(one), { connection: provision, ...account });
    for (const one of assets.streams.filter(({ mirrorOf }) => mirrorOf))
      await ensure(streamKind, streamArgs(one), { connection: provision, ...account });
    for (const one of assets.consumers)
      await ensure(consumerKind, consumerArgs(one), { connection: provision, ...account });
    api = await kube.connect("syd", "app", "api");
    publishing = publish();
    const isCopied = async () => (await lastSeq("ORDERS-ams")) > 100;
    assert.ok(await pollUntil(isCopied, waitMs, 200), "ORDERS takes messages, and its mirror has them");
  });
  after(async () => {
    isPublishing = false;
    await publishing;
    rmSync(stackFile, { force: true });
    await kube.stop();
  });

  it("has its stream taken over by the mirror, which no pod of the others is replaced for", async () => {
    const pods = await Promise.all(["ams", "syd"].map(podsOf));
    await apps.patchNamespacedStatefulSetScale({
      ...{ name: "iad", namespace: home },
      body: [{ op: "replace", path: "/spec/replicas", value: 0 }],
    });
    await core.deleteCollectionNamespacedPod({ namespace: home, gracePeriodSeconds: 0 });
    // A pod's server goes on for some seconds.
    const isLost = async () => !("iad-0" in (await takeSnapshot(system, 3)).servers);
    assert.ok(await pollUntil(isLost, waitMs, 200), "iad does not answer");

    const began = Date.now();
    const done = run((pair) => advanceFailover(pair, { to: "ams", start: "all" }));
    const first = await Promise.all([answeredBy("ORDERS-ams", began), done]).then(([one]) => one);
    assert.ok(first, "the mirror takes messages");
    console.log(`      first PubAck after ${((first.at - began) / 1000).toFixed(1)} s`);
    assert.deepEqual(await Promise.all(["ams", "syd"].map(podsOf)), pods);
  });

  it("starts again with the mappings, and does not split the stream", async () => {
    await kube.up("iad");
    await kube.isWhole({}, "ams");
    const since = Date.now();
    const there = jetstream(await kube.connect("iad", "app", "api"), { timeout: 1_000 });
    const found = await pollUntil(
      () => there.publish("orders.placed", "in iad", { msgID: "in iad" }).catch(() => undefined),
      waitMs,
    );
    assert.equal(found?.stream, "ORDERS-ams");
    assert.ok(await answeredBy("ORDERS-ams", since));
  });

  it("gets its stream back with all that the mirror took meanwhile; no acknowledged message is missing", async () => {
    const began = Date.now();
    await run((pair) => advanceFailback(pair, { maxLoss: 0 }));
    console.log(`      back after ${((Date.now() - began) / 1000).toFixed(1)} s`);
    assert.ok(await answeredBy("ORDERS", Date.now()), "ORDERS takes messages again");
    isPublishing = false;
    await publishing;
    const texts = await textsIn(provision, "ORDERS");
    const missing = acknowledged.filter(({ text }) => !texts.includes(text));
    const ofMirror = acknowledged.filter((one) => one.stream === "ORDERS-ams").length;
    console.log(
      `      ${acknowledged.length} acknowledged, ${ofMirror} of them by the mirror, ${missing.length} missing`,
    );
    assert.deepEqual(missing, []);
    // One that was on its way: stored in iad, without an answer, and sent again to the mirror.
    assert.ok(repeated(texts).length <= 1, repeated(texts).join());
    assert.equal(setting.read(), undefined);
    const isCopied = async () => (await lastSeq("ORDERS-ams")) === (await lastSeq("ORDERS"));
    assert.ok(await pollUntil(isCopied, waitMs, 500), "it has a mirror again, which copies everything");
  });
});
