import assert from "node:assert/strict";
import type { NatsConnection } from "@nats-io/transport-node";
import { observe } from "../../components/local/provider/observe";
import type { TenantSpec } from "../../config/schema/tenant";
import { accountsText, localEnvironment } from "../support/accounts";
import { startSupercluster, type Supercluster } from "../support/nats";

const environment = localEnvironment({ regions: ["iad"], servers: 3 });
const clients = 500;

/** A tenant that declares exactly these clients, so that its account's limit is put to the test, too. */
const crowd: TenantSpec = {
  name: "crowd",
  home: "iad",
  streams: {},
  consumers: {},
  users: { fan: { subscribes: ["news.>"], connections: clients } },
};

/** What clients are promised; passwords' hashes and accounts' connection limits are chosen for it. */
const reconnectWithin = 5000;
const reloadWithin = 3000;

describe(`${clients} clients`, function () {
  this.timeout(60_000);
  let cluster: Supercluster;
  const connections: NatsConnection[] = [];
  const unexpected: string[] = [];

  before(async () => {
    cluster = await startSupercluster({
      regions: environment.regions,
      servers: environment.servers,
      accounts: accountsText(environment, { crowd }),
      settings: environment,
    });
    const connectOne = async () => {
      const nc = await cluster.connect("crowd-fan", {
        inboxPrefix: "_INBOX_fan",
        // All at the first server, so that all of them lose it.
        noRandomize: true,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 250,
      });
      void nc.closed().then((error) => error && unexpected.push(error.message));
      return nc;
    };
    while (connections.length < clients)
      connections.push(...(await Promise.all(Array.from({ length: 50 }, connectOne))));
  });

  after(async () => {
    // Not waited for: one that is dialling takes its time, and the servers must go in any case.
    for (const nc of connections) void nc.close();
    await cluster?.stop();
  });

  const serverNames = () => new Set(connections.map((nc) => nc.info?.server_name));

  it(`stay connected while a reload of the accounts takes under ${reloadWithin} ms`, async () => {
    let disconnects = 0;
    for (const nc of connections) {
      void (async () => {
        for await (const { type } of nc.status()) if (type === "disconnect") disconnects++;
      })();
    }
    const more: TenantSpec = { ...crowd, users: { ...crowd.users, guest: { subscribes: ["news.>"] } } };
    const inputs = cluster.inputs({ accounts: accountsText(environment, { crowd: more }) });

    const start = performance.now();
    await cluster.ensure(inputs);
    const took = performance.now() - start;

    assert.ok(took < reloadWithin, `reload took ${Math.round(took)} ms`);
    await (await cluster.connect("crowd-guest", { inboxPrefix: "_INBOX_guest" })).close();
    await Promise.all(connections.map((nc) => nc.flush()));
    assert.equal(disconnects, 0);
  });

  it(`are all back within ${reconnectWithin} ms when their server is killed, which the account's limit has room for`, async () => {
    assert.deepEqual(serverNames(), new Set(["iad-0"]));
    const back = connections.map(
      (nc) =>
        new Promise<void>((resolve) => {
          void (async () => {
            for await (const { type } of nc.status()) if (type === "reconnect") return resolve();
          })();
        }),
    );
    const { process: server } = (await observe(cluster.inputs()["iad-0"]!))!;

    const start = performance.now();
    process.kill(server.pid, "SIGKILL");
    await Promise.all(back);
    await Promise.all(connections.map((nc) => nc.flush()));
    const took = performance.now() - start;

    assert.ok(took < reconnectWithin, `reconnecting took ${Math.round(took)} ms`);
    assert.deepEqual(unexpected, []);
    assert.ok(!serverNames().has("iad-0"));
  });
});
