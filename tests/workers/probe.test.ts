import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { accountsOf } from "../../components/security/accounts";
import { accountsConf } from "../../components/security/accounts-conf";
import { connections } from "../../components/security/connections";
import { inboxPrefixOf } from "../../components/security/permissions";
import { assetsOf } from "../../config/assets/assets";
import { loginOf, provisioner } from "../../config/assets/standard";
import { failoverKey } from "../../config/schema/failover";
import { validateTenants } from "../../config/rules/validate";
import type { Access } from "../../operations/access/access";
import { OldestWaiting } from "../../operations/supercluster/oldest-waiting";
import { takeSnapshot } from "../../operations/supercluster/snapshot";
import { ask, createAssets, localEnvironment, usersOf } from "../support/accounts";
import { requestMs, serversMs } from "../support/limits";
import { Supercluster } from "../support/nats";
import { claimPorts } from "../support/ports";
import { pull, stream } from "../support/rule-cases";
import { SystemWorker, until } from "../support/system-lab";

const shape = { regions: ["iad", "ams"], servers: 3 as const };
const storage = { file: "4GiB", memory: "64MiB" } as const;
const small = { maxBytes: "16MiB" };
const environment = localEnvironment({ ...shape, storage, jetstream: { jetstream: ["shop", "probe"] } });
const tenants = validateTenants(
  {
    shop: {
      name: "shop",
      home: "iad",
      streams: { ORDERS: stream(["orders.>"], { ...small, mirrors: { ams: { maxAge: "7d", ...small } } }) },
      consumers: { biller: pull(["ORDERS"], { maxDeliver: 5, filterSubjects: ["orders.new"] }) },
      users: {
        api: { publishes: ["orders.>"] },
        biller: { consumes: ["biller"] },
        operator: { allow: { publish: ["$JS.API.STREAM.LEADER.STEPDOWN.ORDERS"] } },
      },
    },
  },
  environment,
);
const accounts = accountsOf(environment, tenants);
const users = usersOf(accounts);

/** A series: its name and labels, as Prometheus writes them. */
type Samples = ReadonlyMap<string, number>;

describe("the probe on real servers", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let client: NatsConnection;
  let port: number;
  const probes: SystemWorker[] = [];

  before(async () => {
    cluster = await Supercluster.prepare({ ...shape, accounts: accountsConf(accounts, users), settings: { storage } });
    await cluster.ensure();
    await cluster.ready();
    const assets = assetsOf(environment, tenants);
    for (const account of Object.keys(tenants)) {
      const nc = await as(account, provisioner);
      await createAssets(nc, assets, account);
      await nc.close();
    }
    client = await as("shop", "api");
    port = await claimPorts();
    for (const region of shape.regions) probes.push(probe(region));
    for (const one of probes) await one.ready();
  });
  after(async () => {
    await Promise.all(probes.map((one) => one.kill("SIGKILL")));
    await client?.close();
    await cluster?.stop();
  });

  const as = (account: string, user: string) =>
    cluster.connect(loginOf(account, user), { inboxPrefix: inboxPrefixOf(user), maxReconnectAttempts: -1 });

  /** A process of a region, with what a deployment gives it. */
  function probe(region: string, change: Record<string, string> = {}): SystemWorker {
    const spec = { name: region, environment: "test", settings: environment, accounts };
    const connection = connections(spec, { ...cluster.identity, users })[loginOf("probe", "probe")]!;
    const { environment: variables = {} } = tenants.probe!.workers!.probe!;
    return new SystemWorker(
      ...(["probe", "probe"] as const),
      {
        ...variables,
        ...connection,
        NATS_URL: cluster.urls(region).join(","),
        READING_INTERVAL: "500ms",
        ACCOUNTS_INTERVAL: "1s",
        CANARY_INTERVAL: "500ms",
        // A busy machine may take longer for an election than the default.
        CANARY_TIMEOUT: "1m",
        ...change,
      },
      port++,
    );
  }

  async function samples(region: string): Promise<Samples> {
    const answer = await probes[shape.regions.indexOf(region)]!.ask("/metrics");
    const lines = (answer?.body ?? "").split("\n").filter((line) => line && !line.startsWith("#"));
    return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.split(" ").at(-1))]));
  }

  /** Waits until a series of a region has a value. */
  async function reads(region: string, series: string, expected: number | ((value: number) => boolean)): Promise<void> {
    let found: number | undefined;
    const isRight = typeof expected === "number" ? (value: number) => value === expected : expected;
    await until(
      () => `${region}: ${series} is ${found}, expected ${String(expected)}`,
      async () => {
        found = (await samples(region)).get(series);
        return found !== undefined && isRight(found);
      },
    );
  }

  it("reads when the certificates of each server of its own region expire", async () => {
    const { server, peer } = cluster.identity;
    const ends = (cert: string) => new X509Certificate(cert).validToDate.getTime() / 1000;
    const expected = { client: ends(server.cert), cluster: ends(peer.cert), gateway: ends(peer.cert) };
    for (const region of shape.regions)
      for (const index of [0, 1, 2])
        for (const [listener, value] of Object.entries(expected))
          await reads(
            region,
            `probe_certificate_expiry_timestamp_seconds{server="${region}-${index}",listener="${listener}"}`,
            value,
          );
    const others = [...(await samples("iad")).keys()].filter((key) => key.includes('server="ams'));
    assert.deepEqual(others, []);
  });

  const orders = 'tenant="shop",stream_name="ORDERS"';
  const biller = `${orders},consumer_name="biller"`;

  it("sees a stream, its durable and its mirror that are as they should be, each in its own region", async () => {
    await reads("iad", `probe_stream_quorum{${orders}}`, 1);
    await reads("iad", `probe_stream_replicas_behind{${orders}}`, 0);
    await reads("iad", `probe_stream_replicas_offline{${orders}}`, 0);
    await reads("iad", `probe_consumer_quorum{${biller}}`, 1);
    await reads("iad", `probe_consumer_replicas_behind{${biller}}`, 0);
    await reads("ams", 'probe_mirror_lag_seconds{tenant="shop",stream_name="ORDERS-ams"}', 0);
    assert.equal((await samples("ams")).has(`probe_stream_quorum{${orders}}`), false);
  });

  it("says how long the oldest message of a durable has waited; what it does not want does not count", async () => {
    const js = jetstream(client);
    await js.publish("orders.other");
    await reads("iad", `probe_consumer_oldest_seconds{${biller}}`, 0);
    await js.publish("orders.new");
    await reads("iad", `probe_consumer_oldest_seconds{${biller}}`, (age) => age > 1.5 && age < 60);
    const worker = await as("shop", "biller");
    const durable = await jetstream(worker).consumers.get("ORDERS", "biller");
    const message = await durable.next();
    await message!.ackAck();
    await worker.close();
    await reads("iad", `probe_consumer_oldest_seconds{${biller}}`, 0);
  });

  it("is what the status says too, which looks the message up", async () => {
    const { ca, basePort } = { ca: cluster.identity.clientCa, ...cluster.options };
    const ofUser = ({ name, login, inboxPrefix }: (typeof accounts)[number]["users"][number]) =>
      [name, { login, inboxPrefix, password: login }] as const;
    const access: Access = {
      ...{ name: "test", ca, environment: { ...environment, basePort } },
      accounts: Object.fromEntries(
        accounts.map((account) => [account.name, { users: Object.fromEntries(account.users.map(ofUser)) }]),
      ),
    };
    const system = await as("sys", "admin");
    const worker = await as("shop", "biller");
    const oldest = new OldestWaiting(access);
    const found = async (name: string) => {
      const snapshot = await takeSnapshot(system, 6, requestMs);
      await oldest.addTo(snapshot);
      return snapshot.streams.shop!.ORDERS!.consumer_detail!.find((one) => one.name === name)!.oldest_waiting;
    };
    try {
      const js = jetstream(client);
      await js.publish("orders.other");
      const before = Date.now();
      await js.publish("orders.new");
      const after = Date.now();
      await js.publish("orders.new");
      let time = NaN;
      const isSeen = async () => !Number.isNaN((time = Date.parse((await found("biller")) ?? "")));
      await until("it is seen", isSeen);
      assert.ok(before - 1 <= time && time <= after + 1, `${before} <= ${time} <= ${after}`);
      const durable = await jetstream(worker).consumers.get("ORDERS", "biller");
      for (let left = 2; left > 0; left--) await (await durable.next())!.ackAck();
      await until("nothing waits", async () => (await found("biller")) === undefined);
    } finally {
      await Promise.all([oldest.close(), system.close(), worker.close()]);
    }
  });

  it("counts what a durable of another account gives up, in the region of the stream", async () => {
    const terminated = 'probe_advisories_total{kind="consumer_message_terminated"}';
    const exceeded = 'probe_advisories_total{kind="consumer_max_deliveries"}';
    const worker = await as("shop", "biller");
    const durable = await jetstream(worker).consumers.get("ORDERS", "biller");
    const next = () => durable.next({ expires: requestMs });
    await jetstream(client).publish("orders.new");
    (await next())!.term();
    await reads("iad", terminated, 1);
    await jetstream(client).publish("orders.new");
    for (let attempt = 1; attempt <= 5; attempt++) (await next())!.nak();
    // The server finds that there is no sixth attempt when it is asked for a message.
    assert.equal(await durable.next({ expires: 1_000 }), null);
    await reads("iad", exceeded, 1);
    await reads("iad", `probe_max_deliveries_total{${biller}}`, 1);
    await worker.close();
    for (const kind of [terminated, exceeded]) assert.equal((await samples("ams")).get(kind), 0);
    const ofShop = [...(await samples("ams")).keys()].filter((key) => /^probe_max_deliveries.*biller/.test(key));
    assert.deepEqual(ofShop, []);
  });

  it("hears nothing else of other accounts, and they nothing of it", async () => {
    const heard: string[] = [];
    const refused: string[] = [];
    const listen = (nc: NatsConnection, subjects: string[]) => {
      for (const subject of subjects)
        nc.subscribe(subject, {
          callback: (error, message) => void (error ? refused.push(subject) : heard.push(message.subject)),
        });
    };
    const [own, administrator] = [await as("probe", "probe"), await as("shop", provisioner)];
    const forbidden = ["advisories.shop.orders.>", "advisories.>", "$JS.EVENT.ADVISORY.>", "orders.>"];
    listen(own, forbidden);
    // May hear all advisories of its own account: those of the probe's are not among them.
    listen(administrator, ["$JS.EVENT.ADVISORY.CONSUMER.>", "advisories.>"]);
    await Promise.all([own.flush(), administrator.flush()]);
    await jetstream(client).publish("orders.other");
    await until("all is refused", () => refused.length === forbidden.length + 1);
    assert.deepEqual(refused.sort(), [...forbidden, "advisories.>"].sort());
    assert.deepEqual(
      heard.filter((subject) => /orders|PROBE/.test(subject)),
      [],
    );
    await Promise.all([own.close(), administrator.close()]);
  });

  /** Waits until the region of the meta leader, and no other, has these series, and exactly those of the name. */
  async function onlyLeaderReads(name: string, expected: Record<string, number>): Promise<void> {
    let found: [string, number][][] = [];
    const isSo = async () => {
      const all = await Promise.all(shape.regions.map(samples));
      found = all.map((one) => [...one].filter(([series]) => series.startsWith(name)));
      const [own = [], ...others] = found.filter((series) => series.length > 0);
      return others.length === 0 && isDeepStrictEqual(Object.fromEntries(own), expected);
    };
    await until(() => `${name} is ${JSON.stringify(found)}`, isSo);
  }

  it("counts the clients and streams of accounts in all regions, once", async () => {
    const { streams } = assetsOf(environment, tenants);
    const streamsOf = (account: string) => streams.filter((one) => one.account === account).length;
    await onlyLeaderReads("probe_account_streams", {
      'probe_account_streams{tenant="shop"}': streamsOf("shop"),
      'probe_account_streams{tenant="probe"}': streamsOf("probe"),
    });
    const clients = (shop: number) =>
      onlyLeaderReads("probe_account_connections", {
        'probe_account_connections{tenant="shop"}': shop,
        'probe_account_connections{tenant="probe"}': shape.regions.length,
      });
    await clients(1);
    const elsewhere = await cluster.connect(loginOf("shop", "biller"), { servers: cluster.urls("ams") });
    await clients(2);
    await elsewhere.close();
    await clients(1);
  });

  it("sees which regions map a stream that has failed over, and that all do", async () => {
    const name = "probe_failover_mapped";
    const mapping = (iad: number, ams: number) => ({
      [`${name}{${orders},in="iad"}`]: iad,
      [`${name}{${orders},in="ams"}`]: ams,
    });
    const failovers = { [failoverKey("shop", "ORDERS")]: { to: "ams", consumers: {} } };
    const mapped = cluster.inputs({ accounts: accountsConf(accountsOf(environment, tenants, { failovers }), users) });
    const plain = cluster.inputs();
    const inRegion = (region: string) => (inputs: typeof plain) =>
      Object.fromEntries(Object.entries(inputs).filter(([, server]) => server.region === region));
    await onlyLeaderReads(name, {});
    await cluster.ensure(inRegion("ams")(mapped));
    await onlyLeaderReads(name, mapping(0, 1));
    await cluster.ensure(inRegion("iad")(mapped));
    await onlyLeaderReads(name, mapping(1, 1));
    await cluster.ensure({ ...mapped, "iad-1": plain["iad-1"]! });
    await onlyLeaderReads(name, mapping(0, 1));
    await cluster.ensure();
    await onlyLeaderReads(name, {});
  });

  it("measures how long publishing to each region takes, and how long a message takes from each", async () => {
    for (const region of shape.regions)
      for (const other of shape.regions) {
        await reads(region, `probe_publishes_total{to="${other}",outcome="acknowledged"}`, (count) => count > 3);
        await reads(region, `probe_publish_duration_seconds_count{to="${other}"}`, (count) => count > 3);
        await reads(region, `probe_delivery_duration_seconds_count{from="${other}"}`, (count) => count > 3);
        assert.equal((await samples(region)).get(`probe_publishes_total{to="${other}",outcome="failed"}`), 0);
      }
  });

  it("counts an election once, in the region of the new leader", async () => {
    const elected = 'probe_advisories_total{kind="stream_leader_elected"}';
    const [here, elsewhere] = [(await samples("iad")).get(elected)!, (await samples("ams")).get(elected)!];
    const operator = await as("shop", "operator");
    await ask(operator, "STREAM.LEADER.STEPDOWN.ORDERS");
    await operator.close();
    await reads("iad", elected, here + 1);
    assert.equal((await samples("ams")).get(elected), elsewhere);
  });

  it("sees the replicas and the meta peer of a server that has stopped, and that they are back", async () => {
    const offline = 'probe_meta_peer_offline{peer="iad-1"}';
    /** In one of the regions: that of the meta leader. */
    const peerIs = (expected: number) =>
      until(`${offline} is ${expected}`, async () => {
        const all = await Promise.all(shape.regions.map(samples));
        return all.some((one) => one.get(offline) === expected);
      });
    const failed = 'probe_publishes_total{to="iad",outcome="failed"}';
    await cluster.kill("iad-1");
    await reads("iad", "probe_servers_answered", 2);
    await reads("iad", `probe_stream_replicas_offline{${orders}}`, 1);
    await reads("iad", `probe_stream_quorum{${orders}}`, 1);
    await peerIs(1);
    await cluster.ensure();
    await reads("iad", `probe_stream_replicas_offline{${orders}}`, 0);
    await peerIs(0);
    assert.equal((await samples("ams")).get(failed), 0, "publishers that repeat what is not acknowledged lose nothing");
  });

  it("counts what a region does not acknowledge as failed, and goes on with the others", async () => {
    const of = (to: string, outcome: string) => `probe_publishes_total{to="${to}",outcome="${outcome}"}`;
    await probes[1]!.kill("SIGKILL");
    probes[1] = probe("ams", { CANARY_TIMEOUT: "2s" });
    await probes[1].ready();
    const before = (await samples("ams")).get(of("ams", "acknowledged"))!;
    for (const index of [0, 1, 2]) await cluster.kill(`iad-${index}`);
    await reads("ams", of("iad", "failed"), (count) => count > 1);
    await reads("ams", of("ams", "acknowledged"), (count) => count > before + 10);
    await cluster.ensure();
    const [acknowledged] = [(await samples("ams")).get(of("iad", "acknowledged"))!];
    await reads("ams", of("iad", "acknowledged"), (count) => count > acknowledged);
  });

  it("shows nothing old, and is not ready, while the system account refuses it; the rest of it goes on", async () => {
    const refused = probe("iad", { NATS_SYSTEM_PASSWORD: "wrong" });
    try {
      await until("it says why", async () => {
        const health = await refused.ask("/healthz");
        return health?.code === 200 && health.body.includes("Authorization Violation");
      });
      assert.equal((await refused.ask("/readyz"))!.code, 503);
      await until("its messages are acknowledged", async () =>
        /^probe_publishes_total{to="iad",outcome="acknowledged"} [1-9]/m.test((await refused.ask("/metrics"))!.body),
      );
      const { body } = (await refused.ask("/metrics"))!;
      assert.match(body, /^probe_servers_answered 0$/m);
      assert.match(body, /^probe_readings_failed_total [1-9]/m);
      assert.doesNotMatch(body, /^probe_stream_quorum/m);
      assert.equal(refused.lines.join().includes("wrong"), false, "no password in the log");
    } finally {
      assert.equal(await refused.stop(), 0);
    }
  });
});
