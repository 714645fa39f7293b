import assert from "node:assert/strict";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Tenants } from "../../config/assets/asset";
import { assetsOf } from "../../config/assets/assets";
import { provisioner, systemAccount } from "../../config/assets/standard";
import type { TenantSpec } from "../../config/schema/tenant";
import { checksOf } from "../../operations/verify/checks";
import { snapshotUntil, takeSnapshot } from "../../operations/supercluster/snapshot";
import { consumerArgs, streamArgs } from "../../jetstream/asset-args";
import { waitUntilReady } from "../../jetstream/gate";
import type { ConnectionSettings } from "../../components/jetstream/provider/settings";
import { tenants } from "../../tenants";
import { consumer, ProviderProcess, type Resource, stream } from "../support/provider-process";
import { Load } from "../support/load";
import { KubeEnvironment } from "./environment";

/** Any order founds them; a region that comes up waits for no other. */
const order = (process.env.KUBE_ORDER ?? "syd,iad,ams").split(",");
const regions = ["iad", "ams", "syd"];

/** Beside the four systems: streams for a load, on disk and in memory. */
const load: TenantSpec = {
  name: "load",
  home: "iad",
  streams: Object.fromEntries(
    (["file", "memory"] as const).map((storage) => [
      storage.toUpperCase(),
      {
        subjects: [`load.${storage}`],
        retention: "limits",
        storage,
        replicas: 3,
        maxAge: "1h",
        maxBytes: storage === "file" ? "1GiB" : "256MiB",
        discard: "old",
      },
    ]),
  ),
  consumers: {},
  users: { publisher: { publishes: ["load.file", "load.memory"] }, reader: { allow: { publish: ["$JS.API.>"] } } },
};

describe("three regions on a real Kubernetes, through load balancers", function () {
  this.timeout(900_000);
  const all: Tenants = { ...tenants, load };
  let kube: KubeEnvironment;
  let system: NatsConnection;
  let provider: ProviderProcess | undefined;

  before(() => {
    kube = KubeEnvironment.create({ name: "nats", regions, jetstream: { jetstream: Object.keys(all) } }, all);
  });
  after(async () => {
    await provider?.stop();
    await kube.stop();
  });

  it(`come up in the order ${order.join(", ")}, none waiting for another`, async () => {
    for (const region of order) await kube.up(region);
  });

  it("are one supercluster, whose meta group has every server", async () => {
    system = await kube.connect("iad", systemAccount.name, systemAccount.user);
    await waitUntilReady(
      kube.access(),
      () => Promise.resolve(system),
      { unreachableMs: 60_000, deadlineMs: 180_000 },
      () => undefined,
    );
  });

  it("get every stream and durable of the four systems, by port-forwarding, and none twice", async () => {
    const settings: ConnectionSettings = {
      owner: "supercluster/kube-jetstream",
      regions: kube.access(),
      ca: await kube.ca(),
      provisioners: Object.fromEntries(Object.keys(all).map((account) => [account, kube.login(account, provisioner)])),
      system: kube.login(systemAccount.name, systemAccount.user),
    };
    provider = await ProviderProcess.start({ "supercluster:connection": JSON.stringify(settings) });
    const { streams, consumers } = assetsOf(kube.settings, all);
    const create = async (resource: Resource, args: Record<string, unknown>) => {
      const { failures } = await provider!.check(resource, args);
      assert.deepEqual(failures, []);
      await provider!.create(resource, args);
    };
    const origins = streams.filter(({ mirrorOf }) => !mirrorOf);
    for (const some of [origins, streams.filter(({ mirrorOf }) => mirrorOf)])
      await Promise.all(some.map((asset) => create(stream, streamArgs(asset))));
    await Promise.all(consumers.map((asset) => create(consumer, consumerArgs(asset))));
  });

  it("pass every check of npm run verify", async () => {
    const subject = { environment: kube.settings, tenants: all };
    const failed = (snapshot: Parameters<typeof checksOf>[1]) =>
      checksOf(subject, snapshot).filter(({ result }) => result === "failed");
    const snapshot = await snapshotUntil(
      () => takeSnapshot(system, 9),
      (now) => failed(now).length === 0,
      60_000,
    );
    assert.deepEqual(failed(snapshot), []);
  });

  it("carry a message from one region to a durable in another", async () => {
    const [api, analytics] = [
      await kube.connect("ams", "covenant", "api"),
      await kube.connect("syd", "covenant", "analytics"),
    ];
    const { seq } = await jetstream(api).publish("covenant.countries.created", "NL", { retries: 5 });
    const durable = await jetstream(analytics).consumers.get("COVENANT_COUNTRIES", "ANALYTICS");
    const message = await durable.next({ expires: 10_000 });
    assert.deepEqual([message?.seq, message?.string()], [seq, "NL"]);
    assert.ok(await message!.ackAck());
  });

  it("let a new user in without a restart, and keep everybody's connections", async () => {
    const { users, ...rest } = tenants.covenant!;
    const more: Tenants = {
      ...all,
      covenant: { ...rest, users: { ...users, auditor: { subscribes: ["covenant.>"] } } },
    };
    const known = await kube.connect("iad", "covenant", "api");
    const before = [await kube.pods("iad"), known.info?.client_id];
    await kube.up("iad", { tenants: more });
    // Kubelets bring a Secret's change within a minute or so: the run ends when every server has loaded it.
    for (let server = 0; server < 3; server++) await kube.connect("iad", "covenant", "auditor");
    assert.deepEqual([await kube.pods("iad"), known.info?.client_id], before);
  });

  it("restart pod by pod three times under 1,000 messages a second, and lose no acknowledged one", async () => {
    const publishing = new Load(await kube.connect("ams", "load", "publisher"), 1_000);
    publishing.start({ FILE: "load.file", MEMORY: "load.memory" });
    for (const syncInterval of ["1m", "3m", "4m"] as const)
      await kube.up("iad", { settings: { ...kube.settings, syncInterval } });
    await publishing.stop();
    const reader = await kube.connect("syd", "load", "reader");
    for (const stream of ["FILE", "MEMORY"]) {
      console.log(`      ${stream}: ${publishing.count(stream)} acknowledged, ${publishing.unanswered(stream)} not`);
      assert.ok(publishing.count(stream) > 50_000, `${stream} acknowledged ${publishing.count(stream)}`);
      assert.deepEqual(await publishing.lost(stream, reader), []);
    }
  });
});
