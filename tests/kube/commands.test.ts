import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { AppsV1Api, CoreV1Api } from "@kubernetes/client-node";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { mirrorName, provisioner, systemAccount } from "../../config/assets/standard";
import { pollUntil } from "../../config/poll-until";
import { testedServers } from "../../config/versions";
import type { LoadReport } from "../../operations/load/load";
import { takeSnapshot } from "../../operations/supercluster/snapshot";
import { ask } from "../support/accounts";
import { waitMs } from "../support/limits";
import { repeated, textsIn } from "../support/messages";
import { clusterConfig } from "./cloud";
import { type Ended, EngineEnvironment } from "./engine";
import { Pages } from "./pages";
import { whyNoEngine } from "./plugins";

const { previous, newest } = testedServers;
const name = "commands";
const regions = ["iad", "ams", "syd"];
/** Of irisx, each with a mirror in ams. */
const streams = { SMS: "sms.send", EMAIL: "email.send", WEBHOOKS: "webhooks.deliver" };
const mirrorOf = (stream: string) => mirrorName(stream, "ams");

const reason = whyNoEngine();
if (reason) console.error(`\n  SKIPPED: upgrades and failovers by their commands on a real Kubernetes: ${reason}\n`);
else
  describe("upgrades and failovers by their commands, with the real engine on a real Kubernetes", function () {
    this.timeout(1_800_000);
    const config = clusterConfig();
    const [core, apps] = [config.makeApiClient(CoreV1Api), config.makeApiClient(AppsV1Api)];
    const on = new EngineEnvironment(
      { name, regions, jetstream: { jetstream: ["irisx"] } },
      { byRegion: { syd: { servers: 1 } } },
    );
    const pages = new Pages(on);
    const namespaceIn = (region: string) => `${name}-${region}`;
    const podsIn = async (region: string) =>
      (await core.listNamespacedPod({ namespace: namespaceIn(region) })).items.map(({ metadata, spec }) => ({
        name: metadata!.name!,
        uid: metadata!.uid!,
        image: spec!.containers.find((one) => one.name === "nats")!.image!.replace(/^.*:/, ""),
      }));
    const secondsSince = (began: number, until = Date.now()) => `${((until - began) / 1000).toFixed(1)} s`;
    /** As a person types it; each line is shown with the time since then. */
    async function npm(...args: string[]): Promise<Ended & { began: number }> {
      const began = Date.now();
      const onLine = (line: string) => line && console.log(`      ${secondsSince(began).padStart(8)}  ${line}`);
      const own = ["run", "-s", args[0]!, "--", ...args.slice(1), "--env", name];
      const ended = await on.begin("npm", own, { onLine }).ended;
      assert.equal(ended.status, 0, ended.text);
      console.log(`      npm run ${args.join(" ")}: ${secondsSince(began)}`);
      return { ...ended, began };
    }

    before(async () => {
      on.useTenants(["irisx"]);
      on.set(["kubernetes", "images"], { nats: { tag: `${previous}-alpine` } });
      on.start();
      assert.match(await on.succeeds(on.deploy()), new RegExp(`${name} is up and verified`));
    });
    after(() => on.stop());

    /** Upgrades while `npm run load` publishes, until Ctrl-C; then it looks for every message. */
    async function upgradeUnderLoad(version: string): Promise<void> {
      let begun = false;
      const load = on.begin(
        process.execPath,
        on.commandLine("load", "--yes-load", name, "--rate", "100", "--duration", "5h", "--json"),
        { onLine: (line) => (begun ||= /^irisx: \d+\.\d s: /.test(line)) },
      );
      try {
        assert.ok(await pollUntil(() => begun || load.child.exitCode !== null, waitMs));
        await npm("upgrade", "--to", version, "--allow-local-state", "--yes");
      } finally {
        load.child.kill("SIGINT");
      }
      const { status, text, output } = await load.ended;
      assert.equal(status, 0, text);
      const [report] = (JSON.parse(output) as LoadReport).accounts;
      const { published, acknowledged, unacknowledged, publish, missing } = report!;
      console.log(
        `      ${published} published, ${acknowledged} acknowledged (p99 ${publish?.p99.toFixed(0)} ms), ` +
          `${unacknowledged} not; ${missing.length} missing`,
      );
      assert.ok(acknowledged > 1_000, text);
      assert.deepEqual([unacknowledged, missing], [0, []]);
      const images = (await Promise.all(regions.map(podsIn))).flat().map(({ image }) => image);
      assert.deepEqual(images, Array(7).fill(`${version}-alpine`));
    }

    it(`npm run upgrade takes every server from ${previous} to ${newest} under npm run load, and loses nothing`, () =>
      upgradeUnderLoad(newest));

    it("npm run upgrade takes them a line back the same way", () => upgradeUnderLoad(previous));

    describe("a region that is lost, and comes back, under publishers", () => {
      let owner: NatsConnection;
      let isPublishing = true;
      let publishing: Promise<unknown> | undefined;
      /** Last sequences before the publishers. */
      const last: Record<string, number> = {};
      /** What was acknowledged: to which subject's stream it belongs, by which stream, and when. */
      const acknowledged: { text: string; of: string; stream: string; at: number }[] = [];
      const lastSeq = async (stream: string) =>
        ((await ask(owner, `STREAM.INFO.${stream}`)).state as { last_seq: number }).last_seq;

      async function publish(api: NatsConnection, of: string, subject: string): Promise<void> {
        const client = jetstream(api, { timeout: 1_000 });
        for (let count = 0; isPublishing; count++, await sleep(20)) {
          const text = `${of} ${count}`;
          // Again with the same id, as clients do: it may have been stored.
          const send = () => client.publish(subject, text, { msgID: text, retries: 0 }).catch(() => undefined);
          const sent = await pollUntil(async () => !isPublishing || (await send()), waitMs, 50);
          if (typeof sent === "object") acknowledged.push({ text, of, stream: sent.stream, at: Date.now() });
        }
      }
      const answeredBy = (stream: string, after: number) =>
        pollUntil(() => acknowledged.find((one) => one.at > after && one.stream === stream), waitMs, 20);

      before(async () => {
        owner = await on.connect("ams", "irisx", provisioner);
        for (const stream of Object.keys(streams)) last[stream] = await lastSeq(stream);
        const api = await on.connect("syd", "irisx", "api");
        publishing = Promise.all(Object.entries(streams).map(([of, subject]) => publish(api, of, subject)));
        for (const stream of Object.keys(streams)) {
          const isCopied = async () => (await lastSeq(mirrorOf(stream))) > last[stream]! + 50;
          assert.ok(await pollUntil(isCopied, waitMs, 200), `${stream} takes messages, and its mirror has them`);
        }
      });
      after(async () => {
        isPublishing = false;
        await publishing;
      });

      it("npm run failover: mirrors take over, and no pod of the other regions is replaced", async () => {
        const pods = await Promise.all(["ams", "syd"].map(podsIn));
        const system = await on.connect("ams", systemAccount.name, systemAccount.user);
        const namespace = namespaceIn("iad");
        await apps.patchNamespacedStatefulSetScale({
          ...{ name: "iad", namespace },
          body: [{ op: "replace", path: "/spec/replicas", value: 0 }],
        });
        await core.deleteCollectionNamespacedPod({ namespace, gracePeriodSeconds: 0 });
        // A pod's server goes on for some seconds.
        const isLost = async () =>
          !Object.keys((await takeSnapshot(system, 7)).servers).some((server) => server.startsWith("iad-"));
        assert.ok(await pollUntil(isLost, waitMs, 200), "iad does not answer");

        const { began } = await npm("failover", "--region", "iad", "--yes");
        for (const stream of Object.keys(streams)) {
          const first = await answeredBy(mirrorOf(stream), began);
          assert.ok(first, `${mirrorOf(stream)} takes messages`);
          console.log(`      first PubAck of ${mirrorOf(stream)} after ${secondsSince(began, first.at)}`);
        }
        assert.deepEqual(await Promise.all(["ams", "syd"].map(podsIn)), pods);
      });

      it("failover.md: the region's stack brings it back, with the mappings, and no stream is split", async () => {
        await pages.run("failover.md: pulumi up --stack iad");
        assert.match(await on.succeeds(on.deploy()), new RegExp(`${name} is up and verified`));
        const there = await on.connect("iad", "irisx", "api");
        for (const [stream, subject] of Object.entries(streams)) {
          const text = `${stream} in iad`;
          const { stream: by } = await jetstream(there).publish(subject, text, { msgID: text, retries: 10 });
          assert.equal(by, mirrorOf(stream));
        }
      });

      it("npm run failback: streams come home with all that was acknowledged", async () => {
        await npm("failback", "--region", "iad");
        const since = Date.now();
        for (const stream of Object.keys(streams)) assert.ok(await answeredBy(stream, since), `${stream} is at home`);
        isPublishing = false;
        await publishing;
        for (const of of Object.keys(streams)) {
          const texts = await textsIn(owner, of, last[of]! + 1);
          const own = acknowledged.filter((one) => one.of === of);
          const missing = own.filter(({ text }) => !texts.includes(text));
          const byMirror = own.filter(({ stream }) => stream !== of).length;
          console.log(`      ${of}: ${own.length} acknowledged, ${byMirror} by the mirror, ${missing.length} missing`);
          assert.deepEqual(missing, []);
          // One that was on its way: stored in iad, without an answer, and sent again to the mirror.
          assert.ok(repeated(texts).length <= 1, repeated(texts).join());
          const isCopied = async () => (await lastSeq(mirrorOf(of))) === (await lastSeq(of));
          assert.ok(await pollUntil(isCopied, waitMs, 500), `${of} has a mirror again, which copies everything`);
        }
      });

      it("leaves nothing to change: the state is recorded as the command says, and everything verifies", async () => {
        const text = await pages.run("failover.md: pulumi up --stack local-jetstream --refresh");
        assert.doesNotMatch(text, /\d+ (created|deleted|replaced)/);
        const plan = await on.succeeds(on.deploy("--dry-run"));
        for (const stack of on.stacks) assert.match(plan, new RegExp(`^${stack}: nothing to change$`, "m"));
        assert.match(await on.succeeds(on.cli("verify")), / 0 failed/);
      });
    });
  });
