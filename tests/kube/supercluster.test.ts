import assert from "node:assert/strict";
import { jetstream } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { assetsOf } from "../../config/assets";
import { loginOf, provisioner, systemAccount } from "../../config/standard";
import { checksOf } from "../../cli/supercluster/checks";
import { snapshotUntil, takeSnapshot } from "../../cli/supercluster/snapshot";
import { consumerArgs, streamArgs } from "../../components/jetstream/asset-args";
import { waitUntilReady } from "../../components/jetstream/provider/gate";
import type { ConnectionSettings, Login } from "../../components/jetstream/provider/settings";
import { forward } from "../../components/supercluster/provider/port-forward";
import { inboxPrefixOf } from "../../components/security/permissions";
import { tenants } from "../../tenants";
import { consumer, ProviderProcess, type Resource, stream } from "../support/provider-process";
import { Publisher } from "../support/publisher";
import { KubeEnvironment } from "./environment";

/** Any order founds them; a region that comes up waits for no other. */
const order = (process.env.KUBE_ORDER ?? "syd,iad,ams").split(",");
const regions = ["iad", "ams", "syd"];

describe("three regions on a real Kubernetes, through load balancers", function () {
  this.timeout(600_000);
  let kube: KubeEnvironment;
  let system: NatsConnection;
  let provider: ProviderProcess | undefined;
  const open: NatsConnection[] = [];

  before(async () => {
    kube = await KubeEnvironment.create(regions, tenants);
  });
  after(async () => {
    await provider?.stop();
    await Promise.all(open.map((connection) => connection.close()));
    if (process.env.KUBE_KEEP !== "1") await kube.remove();
  });

  const login = (account: string, user: string): Login => ({ login: loginOf(account, user), password: loginOf(account, user), inboxPrefix: inboxPrefixOf(user) });

  async function connected(region: string, account: string, user: string): Promise<NatsConnection> {
    const { login: name, password, inboxPrefix } = login(account, user);
    const address = await forward(kube.forwardOf(region), 4222);
    const tls = { ca: kube.ca() };
    const connection = await connect({ servers: `tls://${address}`, user: name, pass: password, inboxPrefix, tls, ignoreClusterUpdates: true, maxReconnectAttempts: -1, reconnectTimeWait: 250 });
    open.push(connection);
    return connection;
  }

  const access = () => regions.map((name) => ({ name, servers: kube.serverNames(name), clientUrls: [], forward: kube.forwardOf(name), degraded: false }));

  it(`come up in the order ${order.join(", ")}, none waiting for another`, async () => {
    for (const region of order) await kube.up(region);
  });

  it("are one supercluster, whose meta group has every server", async () => {
    system = await connected("iad", systemAccount.name, systemAccount.user);
    await waitUntilReady(access(), () => Promise.resolve(system), { unreachableMs: 60_000, deadlineMs: 180_000 }, () => undefined);
  });

  it("get every stream and durable of the four systems, by port-forwarding, and none twice", async () => {
    const settings: ConnectionSettings = {
      owner: "supercluster/kube-jetstream",
      regions: access(),
      ca: kube.ca(),
      provisioners: Object.fromEntries(Object.keys(tenants).map((account) => [account, login(account, provisioner)])),
      system: login(systemAccount.name, systemAccount.user),
    };
    provider = await ProviderProcess.start({ "supercluster:connection": JSON.stringify(settings) });
    const { streams, consumers } = assetsOf(kube.settings, tenants);
    const create = async (resource: Resource, args: Record<string, unknown>) => {
      const { failures } = await provider!.check(resource, args);
      assert.deepEqual(failures, []);
      await provider!.create(resource, args);
    };
    const origins = streams.filter(({ mirrorOf }) => !mirrorOf);
    for (const some of [origins, streams.filter(({ mirrorOf }) => mirrorOf)]) await Promise.all(some.map((asset) => create(stream, streamArgs(asset))));
    await Promise.all(consumers.map((asset) => create(consumer, consumerArgs(asset))));
  });

  it("pass every check of npm run verify", async () => {
    const subject = { environment: kube.settings, tenants };
    const failed = (snapshot: Parameters<typeof checksOf>[1]) => checksOf(subject, snapshot).filter(({ result }) => result === "failed");
    const snapshot = await snapshotUntil(() => takeSnapshot(system, 9), (now) => failed(now).length === 0, 60_000);
    assert.deepEqual(failed(snapshot), []);
  });

  it("carry a message from one region to a durable in another", async () => {
    const [api, analytics] = [await connected("ams", "covenant", "api"), await connected("syd", "covenant", "analytics")];
    const { seq } = await jetstream(api).publish("covenant.countries.created", "NL", { retries: 5 });
    const durable = await jetstream(analytics).consumers.get("COVENANT_COUNTRIES", "ANALYTICS");
    const message = await durable.next({ expires: 10_000 });
    assert.deepEqual([message?.seq, message?.string()], [seq, "NL"]);
    assert.ok(await message!.ackAck());
  });

  it("take a rolling restart one pod at a time, while a publisher loses nothing that was acknowledged", async () => {
    const publisher = new Publisher(await connected("ams", "irisx", "api"), await connected("syd", "irisx", provisioner));
    await publisher.start("SMS", "sms.send");
    await kube.up("iad", { ...kube.settings, syncInterval: "1m" });
    await publisher.stop();
    assert.ok(publisher.count("SMS") > 100, String(publisher.count("SMS")));
    assert.deepEqual(await publisher.lost("SMS"), []);
  });
});
