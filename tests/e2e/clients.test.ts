import assert from "node:assert/strict";
import type { NatsConnection } from "@nats-io/transport-node";
import { observe } from "../../components/local/provider/observe";
import { tenants } from "../../tenants";
import { accountsText, localEnvironment } from "../support/accounts";
import { startSupercluster, type Supercluster } from "../support/nats";

const environment = localEnvironment({ regions: ["iad"], servers: 3, basePort: 26320 });
const user = "covenant-mobile";
const clients = 500;

/** What clients are promised; passwords' hashes and accounts' connection limits are chosen for it. */
const reconnectWithin = 5000;
const reloadWithin = 3000;

describe(`${clients} clients`, function () {
  this.timeout(60_000);
  let cluster: Supercluster;
  let connections: NatsConnection[];
  const unexpected: string[] = [];

  before(async () => {
    cluster = await startSupercluster({
      regions: environment.regions,
      servers: environment.servers,
      basePort: environment.basePort,
      accounts: accountsText(environment, tenants),
      settings: environment,
    });
    const connectOne = async () => {
      const nc = await cluster.connect(user, {
        inboxPrefix: "_INBOX_mobile",
        // All at the first server, so that all of them lose it.
        noRandomize: true,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 250,
      });
      void nc.closed().then((error) => error && unexpected.push(error.message));
      return nc;
    };
    connections = [];
    while (connections.length < clients) connections.push(...(await Promise.all(Array.from({ length: 50 }, connectOne))));
  });

  after(async () => {
    await Promise.all((connections ?? []).map((nc) => nc.close()));
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
    const more = structuredClone(tenants);
    more.covenant!.users.kiosk = { subscribes: ["alerts.>"] };
    const inputs = cluster.inputs({ accounts: accountsText(environment, more) });

    const start = performance.now();
    await cluster.ensure(inputs);
    const took = performance.now() - start;

    assert.ok(took < reloadWithin, `reload took ${Math.round(took)} ms`);
    const kiosk = await cluster.connect("covenant-kiosk", { inboxPrefix: "_INBOX_kiosk" });
    await kiosk.close();
    await Promise.all(connections.map((nc) => nc.flush()));
    assert.equal(disconnects, 0);
  });

  it(`are all back within ${reconnectWithin} ms when their server is killed: the account's limit has room for them twice`, async () => {
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
