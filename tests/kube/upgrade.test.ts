import assert from "node:assert/strict";
import { CoreV1Api } from "@kubernetes/client-node";
import { assetsOf } from "../../config/assets/assets";
import { provisioner, systemAccount } from "../../config/assets/standard";
import type { KubernetesEnvironment } from "../../config/schema/settings";
import type { TenantSpec } from "../../config/schema/tenant";
import { serversInAll } from "../../config/sizes";
import { namespaceOf } from "../../config/topology";
import { testedServers } from "../../config/versions";
import type { Access } from "../../operations/access/access";
import type { CheckedEnvironment } from "../../operations/settings/checked-environment";
import { takeSnapshot } from "../../operations/supercluster/snapshot";
import { assertAllCurrent } from "../../operations/upgrade/all-current";
import { describeUpgrade } from "../../operations/upgrade/describe";
import { planUpgrade } from "../../operations/upgrade/plan";
import { versionSettings, withVersion } from "../../operations/upgrade/setting";
import { createConsumer, createStream } from "../support/accounts";
import { Load } from "../support/load";
import { clusterConfig } from "./cloud";
import { KubeEnvironment } from "./environment";

const { previous, newest } = testedServers;
const name = "upgraded";
const regions = ["iad", "ams"];
const perSecond = 200;
const stream = { retention: "limits", replicas: 3, maxAge: "1h", discard: "old" } as const;
const app: TenantSpec = {
  name: "app",
  home: "iad",
  streams: {
    FILE: { subjects: ["app.file"], storage: "file", maxBytes: "1GiB", ...stream },
    MEMORY: { subjects: ["app.memory"], storage: "memory", maxBytes: "256MiB", ...stream },
  },
  consumers: {},
  users: { publisher: { publishes: ["app.file", "app.memory"] }, reader: { allow: { publish: ["$JS.API.>"] } } },
};

/** What `npm run upgrade` does, with its plan, its settings and its checks; the engine apart: see environment.ts. */
describe(`servers on a real Kubernetes, from ${previous} to ${newest} and back under publishers`, function () {
  this.timeout(1_800_000);
  const core = clusterConfig().makeApiClient(CoreV1Api);
  const kube = KubeEnvironment.create({ name, regions, jetstream: { jetstream: ["app"] } }, { app });
  let settings: KubernetesEnvironment = { ...kube.settings, byRegion: { ams: { servers: 1 } } };
  let load: Load;

  const checked = () => ({ name, environment: settings, tenants: { app } }) as unknown as CheckedEnvironment;
  const access = async (): Promise<Access> => ({
    name,
    environment: settings,
    ca: await kube.ca(),
    accounts: {
      [systemAccount.name]: { users: { [systemAccount.user]: kube.login(systemAccount.name, systemAccount.user) } },
    },
  });
  const plan = async (version: string) => {
    const system = await kube.connect("ams", systemAccount.name, systemAccount.user);
    const made = planUpgrade(checked(), await takeSnapshot(system, serversInAll(settings)), version);
    await system.close();
    return made;
  };
  /** Each server's image. */
  const images = async () => {
    const all = await Promise.all(
      regions.map((region) => core.listNamespacedPod({ namespace: namespaceOf(settings, region) })),
    );
    return all
      .flatMap(({ items }) => items)
      .map(({ spec }) => spec!.containers.find((one) => one.name === "nats")!.image!.replace(/^.*:/, ""));
  };
  const current = async (when: string) => assertAllCurrent(checked(), await access(), { when, howToGoOn: [] });

  async function goTo(version: string): Promise<void> {
    const { steps, refusals } = await plan(version);
    assert.deepEqual(refusals, []);
    assert.equal(steps.length, 1);
    settings = withVersion(settings, steps[0]!.settings) as KubernetesEnvironment;
    for (const region of regions) {
      const began = Date.now();
      await kube.up(region, { settings });
      await current(`${region} is deployed with ${version}, but`);
      console.log(`      ${region}: ${version}, all current after ${((Date.now() - began) / 1000).toFixed(0)} s`);
    }
    assert.deepEqual(await images(), Array(4).fill(`${version}-alpine`));
  }

  before(async () => {
    settings = withVersion(settings, versionSettings(settings, previous)) as KubernetesEnvironment;
    await Promise.all(regions.map((region) => kube.up(region, { settings })));
    await kube.isWhole({ byRegion: settings.byRegion });
    const owner = await kube.connect("iad", "app", provisioner);
    const { streams, consumers } = assetsOf(settings, { app });
    for (const one of streams) await createStream(owner, one);
    for (const one of consumers) await createConsumer(owner, one);
    await current("all is made, but");
    load = new Load(await kube.connect("ams", "app", "publisher"), perSecond);
    load.start({ FILE: "app.file", MEMORY: "app.memory" });
  });
  after(async () => {
    await load?.stop();
    await kube.stop();
  });

  it("are planned from what runs, in words", async () => {
    const text = describeUpgrade(await plan(newest)).join("\n");
    console.log(text.replace(/^/gm, "        "));
    assert.match(text, new RegExp(`^${name}: ${previous} to ${newest}, in 1 step$`, "m"));
    assert.match(text, /Pulumi\.yaml: kubernetes\.images\.nats\.tag 2\S+-alpine -> \(taken out: the default\)/);
    assert.match(text, /restarts 4 servers, one after another/);
    assert.match(text, /^ +iad: iad-0, iad-1, iad-2$/m);
    assert.match(text, /JetStream API level: 4 -> 5, with the last server/);
  });

  it("go forward region by region, pod by pod, each when all is current", () => goTo(newest));

  it("go a line back the same way", () => goTo(previous));

  it("lose no acknowledged message, up and back", async () => {
    await load.stop();
    const reader = await kube.connect("ams", "app", "reader");
    for (const one of ["FILE", "MEMORY"]) {
      console.log(`      ${one}: ${load.count(one)} acknowledged, ${load.unanswered(one)} not`);
      assert.ok(load.count(one) > 1_000);
      assert.deepEqual(await load.lost(one, reader), []);
    }
  });
});
