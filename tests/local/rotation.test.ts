import assert from "node:assert/strict";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import type { LocalServerInputs } from "../../components/local/layout";
import { monitorUrl } from "../../components/supercluster/server-config";
import { accountsOf } from "../../components/security/accounts";
import { accountsConf } from "../../components/security/accounts-conf";
import { hashPassword } from "../../components/security/passwords";
import { loginOf, loginOfGeneration, systemAccount } from "../../config/assets/standard";
import type { Credential } from "../../config/assets/region";
import type { TenantSpec } from "../../config/schema/tenant";
import { pollUntil } from "../../config/poll-until";
import { serverNames } from "../../config/topology";
import { clientsOf } from "../../jetstream/system-requests";
import { addStream, ask, localEnvironment, usersOf } from "../support/accounts";
import { type Authority, issue, makeAuthority } from "../support/certificates";
import { requestMs, serversMs, waitMs } from "../support/limits";
import { makeIdentity, startSupercluster, type Supercluster } from "../support/nats";
import { Publisher } from "../support/publisher";

const regions = ["iad", "ams", "syd"];

/** The steps of docs/runbooks/rotate.md on real servers: no one ever sees a certificate that it does not trust yet. */
describe("another certificate authority takes over", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let client: NatsConnection;
  let first: { clients: Authority; peers: Authority };
  let second: { clients: Authority; peers: Authority };

  before(async () => {
    const [clients, peers, newClients, newPeers] = await Promise.all(
      ["clients", "peers", "clients 2", "peers 2"].map((name) => makeAuthority(name)),
    );
    first = { clients: clients!, peers: peers! };
    second = { clients: newClients!, peers: newPeers! };
    cluster = await startSupercluster({ identity: await identityOf([first], first) });
    client = await cluster.connect("app", { servers: cluster.urls("iad"), ignoreClusterUpdates: true });
  });
  after(async () => {
    await client?.close();
    await cluster?.stop();
  });

  async function identityOf(trusted: (typeof first)[], signing: typeof first) {
    const bundle = (which: "clients" | "peers") => trusted.map((one) => one[which].cert).join("");
    return {
      ...(await makeIdentity()),
      clientCa: bundle("clients"),
      peerCa: bundle("peers"),
      server: await issue(signing.clients, "server"),
      peer: await issue(signing.peers, "peer", { clientAuth: true }),
    };
  }

  const isMeshed = async (region: string, server: LocalServerInputs): Promise<boolean> => {
    const answer = await fetch(`${monitorUrl(server.config)}/gatewayz`).catch(() => undefined);
    const { outbound_gateways: out = {}, inbound_gateways: into = {} } = ((await answer?.json()) ?? {}) as {
      outbound_gateways?: object;
      inbound_gateways?: object;
    };
    const others = regions
      .filter((other) => other !== region)
      .sort()
      .join();
    return [out, into].every((gateways) => Object.keys(gateways).sort().join() === others);
  };

  const steps: [what: string, phase: () => [trusted: (typeof first)[], signing: typeof first]][] = [
    ["the new one is trusted beside the old one", () => [[first, second], first]],
    ["the new one signs", () => [[first, second], second]],
    ["the old one is trusted no more", () => [[second], second]],
  ];
  for (const [what, phase] of steps) {
    it(`${what}: region by region, with new connections to all others, and no client is rejected`, async () => {
      const before = client.info?.client_id;
      const [trusted, signing] = phase();
      const inputs = cluster.inputs({ identity: await identityOf(trusted, signing) });
      for (const region of regions) {
        const server = inputs[`${region}-0`]!;
        await cluster.ensure({ [server.name]: server });
        // A connection outlives its certificate: only new ones show whether each side accepts the other.
        if (region !== "iad") {
          await cluster.kill(server.name);
          await cluster.ensure({ [server.name]: server });
        }
        assert.ok(
          await pollUntil(() => isMeshed(region, server).then((is) => is || undefined), waitMs),
          `${region} is connected to all others, both ways`,
        );
        const ca = trusted.map(({ clients }) => clients.cert).join("");
        const another = await cluster.connect("app", {
          servers: cluster.urls(region),
          tls: { ca },
          ignoreClusterUpdates: true,
        });
        await another.close();
      }
      assert.deepEqual([client.isClosed(), client.info?.client_id], [false, before]);
    });
  }

  it("ends with clients that only know the old one turned away", async () => {
    await assert.rejects(cluster.connect("app", { tls: { ca: first.clients.cert } }));
  });
});

const shop: TenantSpec = {
  name: "shop",
  home: "iad",
  streams: {
    ORDERS: {
      ...{ subjects: ["orders.>"], retention: "limits", storage: "file", replicas: 3, discard: "old" },
      ...{ maxAge: "1d", maxBytes: "16MiB" },
    },
  },
  consumers: {
    packer: { mode: "pull", streams: ["ORDERS"], deliverPolicy: "all", ackPolicy: "explicit", ackWait: "30s" },
  },
  users: { clerk: { publishes: ["orders.>"], consumes: ["packer"] } },
};

/** What `npm run rotate` brings to the servers, step by step, while clients publish and pull in both regions. */
describe("a user's password is replaced", function () {
  this.timeout(serversMs);
  const environment = localEnvironment({ regions: ["iad", "ams"], servers: 3, jetstream: { jetstream: ["shop"] } });
  const clerk = loginOf("shop", "clerk");
  const salt = Buffer.alloc(16, 3);
  let cluster: Supercluster;
  let system: NatsConnection;
  const clients: { connection: NatsConnection; publisher: Publisher; pulled: number; failures: string[] }[] = [];
  /** Clients that were given the first password. */
  let old: typeof clients;

  const passwordOf = (login: string) => `password of ${login}`;
  const credential = (accepted: number[], given: number): Credential => {
    const [own, also] = [given, ...accepted.filter((generation) => generation !== given)].map((generation) => {
      const login = loginOfGeneration(clerk, generation);
      return { login, password: passwordOf(login), hash: hashPassword(passwordOf(login), salt) };
    });
    return { ...own!, ...(also && { also }) };
  };
  const accounts = accountsOf(environment, { shop });
  const accountsWith = (user: Credential) => accountsConf(accounts, { ...usersOf(accounts), [clerk]: user });
  const load = (user: Credential) => cluster.ensure(cluster.inputs({ accounts: accountsWith(user) }));

  const connectAs = (login: string, region: string, name: string) =>
    cluster.connectForever(login, cluster.urls(region), {
      ...{ pass: passwordOf(login), inboxPrefix: "_INBOX_clerk", name },
      // Every refusal ends the connection.
      ignoreAuthErrorAbort: false,
    });

  /** Publishes and pulls until the test ends. */
  async function work(login: string, region: string): Promise<(typeof clients)[number]> {
    const connection = await connectAs(login, region, `clerk in ${region}`);
    const publisher = new Publisher(connection);
    const client = { connection, publisher, pulled: 0, failures: [] as string[] };
    const messages = await (
      await jetstream(connection, { timeout: requestMs }).consumers.get("ORDERS", "packer")
    ).consume({ max_messages: 10, expires: 5_000 });
    void (async () => {
      for await (const message of messages) {
        message.ack();
        client.pulled++;
      }
    })().catch((error: Error) => client.failures.push(error.message));
    void connection.closed().then((error) => error && client.failures.push(error.message));
    await publisher.start("ORDERS", `orders.${region}`, { pauseMs: 10, as: `${login} ${region}` });
    clients.push(client);
    return client;
  }

  async function goOn(some: typeof clients): Promise<void> {
    const before = some.map(({ publisher, pulled }) => ({ sent: publisher.count("ORDERS"), pulled }));
    const goesOn = async () =>
      some.every((client, index) => client.publisher.count("ORDERS") > before[index]!.sent + 5) &&
      some.reduce((sum, { pulled }) => sum + pulled, 0) > before.reduce((sum, { pulled }) => sum + pulled, 0);
    await pollUntil(async () => (await goesOn()) || undefined, waitMs);
    assert.deepEqual(
      some.map(({ failures, publisher }) => [failures, publisher.refused]),
      some.map(() => [[], []]),
    );
    assert.ok(await goesOn(), "all publish, and messages are taken out");
  }

  before(async () => {
    cluster = await startSupercluster({
      ...{ regions: environment.regions, servers: environment.servers, settings: environment },
      accounts: accountsWith(credential([1], 1)),
    });
    const owner = await cluster.connect("shop-provisioner", { inboxPrefix: "_INBOX_provisioner" });
    const placement = { cluster: "iad" };
    await addStream(owner, { name: "ORDERS", subjects: ["orders.>"], num_replicas: 3, placement });
    const config = { durable_name: "packer", ack_policy: "explicit", ack_wait: 30e9 };
    await ask(owner, "CONSUMER.DURABLE.CREATE.ORDERS.packer", { stream_name: "ORDERS", config });
    await owner.close();
    const admin = loginOf(systemAccount.name, systemAccount.user);
    system = await cluster.connect(admin, { inboxPrefix: "_INBOX_admin" });
    old = await Promise.all(environment.regions.map((region) => work(clerk, region)));
  });
  after(async () => {
    await Promise.all(clients.map(({ publisher }) => publisher.stop()));
    await Promise.all([system, ...clients.map(({ connection }) => connection)].map((open) => open?.close()));
    await cluster?.stop();
  });

  const who = async (generation: number) =>
    (await clientsOf(system, loginOfGeneration(clerk, generation), serverNames(environment), waitMs))
      .map(({ name }) => name)
      .sort();

  it("is accepted beside the old one, and no client that is connected notices", async () => {
    const ids = old.map(({ connection }) => connection.info?.client_id);
    await load(credential([1, 2], 1));
    await goOn(old);
    assert.deepEqual(
      old.map(({ connection }) => connection.info?.client_id),
      ids,
    );
  });

  it("is given out; clients with it may do the same, beside those with the old one", async () => {
    await load(credential([1, 2], 2));
    await Promise.all(environment.regions.map((region) => work(loginOfGeneration(clerk, 2), region)));
    await goOn(clients);
    const denied = await connectAs(loginOfGeneration(clerk, 2), "iad", "curious");
    await assert.rejects(denied.request("$JS.API.STREAM.DELETE.ORDERS", "", { timeout: waitMs }), /permission/i);
    await denied.close();
  });

  it("shows who still uses the old one, in all regions", async () => {
    assert.deepEqual(await who(1), ["clerk in ams", "clerk in iad"]);
    for (const { publisher, connection } of old) {
      await publisher.stop();
      await connection.drain();
    }
    assert.ok(await pollUntil(async () => (await who(1)).length === 0 || undefined, waitMs));
    assert.deepEqual(await who(2), ["clerk in ams", "clerk in iad"]);
  });

  it("is alone once the old one is taken away, which opens nothing any more", async () => {
    await load(credential([2], 2));
    const left = clients.filter((client) => !old.includes(client));
    await goOn(left);
    for (const region of environment.regions) await assert.rejects(connectAs(clerk, region, "late"), /authorization/i);
    for (const { publisher } of left) await publisher.stop();
    for (const { publisher } of clients) assert.deepEqual(publisher.refused, []);
  });

  it("would close every client if it took the place of the old one under the same login", async () => {
    const closed = await cluster.connect(loginOfGeneration(clerk, 2), {
      ...{ pass: passwordOf(loginOfGeneration(clerk, 2)), inboxPrefix: "_INBOX_clerk", reconnect: false },
    });
    const another = { ...credential([2], 2), hash: hashPassword("another", salt) };
    await load(another);
    assert.match((await closed.closed())!.message, /authorization/i);
  });
});
