import assert from "node:assert/strict";
import type { NatsConnection } from "@nats-io/transport-node";
import { inboxPrefixOf } from "../../components/security/permissions";
import { loginOf } from "../../config/assets/standard";
import { pollUntil } from "../../config/poll-until";
import { tenantSpec } from "../../config/schema/tenant";
import { accountsText, addStream, ask, localEnvironment } from "../support/accounts";
import { serversMs, waitMs } from "../support/limits";
import { startSupercluster, type Supercluster } from "../support/nats";
import { Publisher } from "../support/publisher";

const environment = localEnvironment({ regions: ["iad"] });
const stream = (subject: string) => ({
  subjects: [subject],
  retention: "limits",
  storage: "file",
  maxAge: "1d",
  maxBytes: "1MiB",
  discard: "old",
  replicas: 3,
});
const accounts = (limits?: Record<string, number>) =>
  accountsText(environment, {
    app: tenantSpec.parse({
      name: "app",
      home: "iad",
      streams: { A: stream("a"), B: stream("b") },
      consumers: {},
      users: { api: { publishes: ["a", "b"] } },
      ...(limits && { limits }),
    }),
  });

/** Limits that a tenant states, below what its clients use already, on servers that reload them. */
describe("limits of an account that are lowered below what is in use", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let provisioner: NatsConnection;
  let publisher: Publisher;
  const clients: NatsConnection[] = [];
  const connect = (user: string) =>
    cluster.connect(loginOf("app", user), { inboxPrefix: inboxPrefixOf(user), reconnect: false });
  const create = (name: string) =>
    addStream(provisioner, {
      name,
      subjects: [name.toLowerCase()],
      num_replicas: 3,
      max_bytes: 64 * 1024,
    });
  const consumer = (name: string) =>
    ask(provisioner, `CONSUMER.DURABLE.CREATE.A.${name}`, {
      stream_name: "A",
      config: { durable_name: name, ack_policy: "explicit" },
    });

  before(async () => {
    cluster = await startSupercluster({ regions: ["iad"], servers: 3, accounts: accounts() });
    provisioner = await connect("provisioner");
    for (const name of ["A", "B"]) await create(name);
    for (let index = 0; index < 6; index++) await consumer(`durable-${index}`);
    for (let index = 0; index < 6; index++) clients.push(await connect("api"));
    publisher = new Publisher(clients[0]!, provisioner);
    await publisher.start("A", "a", { pauseMs: 10 });
  });
  after(async () => {
    await publisher?.stop();
    await Promise.all([provisioner, ...clients].map((client) => client?.close()));
    await cluster?.stop();
  });

  it("of consumers and streams refuse more of them; no client and no publisher notices", async () => {
    await cluster.ensure(cluster.inputs({ accounts: accounts({ consumers: 2, streams: 1 }) }));
    await assert.rejects(consumer("more"), /10026/);
    // What is declared, the canary included, always has room.
    await create("C");
    await assert.rejects(create("D"), /10027/);
    const before = publisher.count("A");
    assert.ok(await pollUntil(() => publisher.count("A") > before, waitMs));
    assert.deepEqual(publisher.refused, []);
    assert.ok(clients.every((client) => !client.isClosed()));
  });

  it("of connections close clients until the servers count no more than that", async () => {
    const limit = 3;
    await cluster.ensure(cluster.inputs({ accounts: accounts({ connections: limit }) }));
    const open = () => [provisioner, ...clients].filter((client) => !client.isClosed());
    assert.ok(await pollUntil(() => open().length <= limit, waitMs), String(open().length));
  });
});
