import assert from "node:assert/strict";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { describeTool } from "../../tools/pins.mjs";
import { ensure } from "../../components/local/provider/ensure";
import { assetsOf } from "../../config/assets/assets";
import type { TenantSpec } from "../../config/schema/tenant";
import { pollUntil } from "../../config/poll-until";
import { post, warehouse } from "../../docs/examples/tenants/copies";
import type { Args } from "../../jetstream/wire";
import { connectionTo, Deployed } from "../support/deployed";
import { accountsText, addStream, ask, createAssets, localEnvironment } from "../support/accounts";
import { requestMs, serversMs, waitMs } from "../support/limits";
import { startSupercluster, Supercluster } from "../support/nats";
import { consumer, ProviderProcess, stream } from "../support/provider-process";

const environment = localEnvironment({ regions: ["iad"], servers: 3 });
/** All with as many replicas as a canary: this server counts streams with those of the one that is created. */
const onThree = ({ streams, ...tenant }: TenantSpec): TenantSpec => ({
  ...{ ...tenant, home: "iad" },
  streams: Object.fromEntries(Object.entries(streams).map(([name, spec]) => [name, { ...spec, replicas: 3 }])),
});
const copying = { post: onThree(post), warehouse: onThree(warehouse) };
const blockOf = (conf: string) => JSON.parse(conf.replace(/^[^]*?^accounts: /m, "")) as Record<string, object>;

describe("the oldest supported server", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let client: NatsConnection;
  before(async () => {
    const own = {
      sys: { users: [{ user: "admin", password: "admin" }] },
      app: { jetstream: "enabled", users: [{ user: "app", password: "app" }] },
    };
    const accounts = `accounts: ${JSON.stringify({ ...blockOf(accountsText(environment, copying)), ...own })}`;
    cluster = await startSupercluster({ regions: ["iad"], servers: 3, version: "oldest", accounts });
    client = await cluster.connect();
  });
  after(async () => {
    await client?.close();
    await cluster?.stop();
  });

  it("runs with the same configuration, and holds a replicated stream", async () => {
    assert.equal(client.info!.version, describeTool("nats-server-oldest").pin);
    const orders = await addStream(client, { name: "ORDERS", subjects: ["orders"], num_replicas: 3 });
    assert.equal((orders.cluster as { replicas: object[] }).replicas.length, 2);
  });

  it("moves subjects between streams in one run, and filters between durables of a work queue", async () => {
    const provider = await ProviderProcess.start(
      connectionTo(
        cluster,
        {},
        {
          streams: { US: ["parts.us.>"], EU: ["parts.eu.>"], JOBS: ["jobs.>"] },
          queues: { JOBS: { old: ["jobs.a"], new: ["jobs.b"] } },
          limited: {},
        },
      ),
    );
    const part = (name: string, subjects: string[], change: Args = {}): Args => ({
      account: "app",
      name,
      region: "iad",
      subjects,
      replicas: 3,
      ...change,
    });
    const worker = (name: string, filterSubject: string): Args => ({
      account: "app",
      stream: "JOBS",
      name,
      ackPolicy: "explicit",
      filterSubject,
    });
    try {
      const us = await Deployed.create(provider, stream, part("US", ["parts.>"]));
      await Deployed.create(provider, stream, part("JOBS", ["jobs.>"], { retention: "workqueue" }));
      const old = await Deployed.create(provider, consumer, worker("old", "jobs.*"));
      await Promise.all([
        Deployed.create(provider, stream, part("EU", ["parts.eu.>"])),
        us.up(part("US", ["parts.us.>"], { allowDataLoss: [{ change: "subjects", maxMessages: 0 }] })),
        Deployed.create(provider, consumer, worker("new", "jobs.b")),
        old.up(worker("old", "jobs.a")),
      ]);
      const manager = await jetstreamManager(client, { timeout: requestMs });
      for (const [name, subjects] of [
        ["US", ["parts.us.>"]],
        ["EU", ["parts.eu.>"]],
      ] as const)
        assert.deepEqual((await manager.streams.info(name)).config.subjects, subjects);
    } finally {
      await provider.stop();
    }
  });

  it("copies streams of another account", async () => {
    const provisioners = await Promise.all(
      Object.keys(copying).map((account) =>
        cluster.connect(`${account}-provisioner`, { inboxPrefix: "_INBOX_provisioner" }),
      ),
    );
    const clerk = await cluster.connect("post-clerk", { inboxPrefix: "_INBOX_clerk" });
    const [theirs, ours] = provisioners as [NatsConnection, NatsConnection];
    try {
      await createAssets(theirs, assetsOf(environment, copying), "post");
      await createAssets(ours, assetsOf(environment, copying), "warehouse");
      for (const subject of ["parcels.a", "letters.sent.a", "letters.delivered.a"])
        await jetstream(clerk, { timeout: requestMs }).publish(subject, "{}");
      const held = async (stream: string) => {
        const { state } = await ask(ours, `STREAM.INFO.${stream}`, { subjects_filter: ">" });
        return Object.keys((state as { subjects?: object }).subjects ?? {});
      };
      const arrived = await pollUntil(async () => {
        const found = [await held("PARCELS"), await held("EVENTS")];
        return found.every(({ length }) => length > 0) ? found : undefined;
      }, waitMs);
      assert.deepEqual(arrived, [["parcels.a"], ["letters.delivered.a"]]);
    } finally {
      await Promise.all([...provisioners, clerk].map((connection) => connection.close()));
    }
  });

  it("runs beside the project's own", async () => {
    const other = await Supercluster.prepare({ regions: ["iad"] }, cluster.identity);
    try {
      const [own] = Object.values(other.inputs());
      const [oldest] = Object.values(cluster.inputs());
      const pins = ["nats-server", "nats-server-oldest"].map((name) => describeTool(name).pin);
      assert.deepEqual(await Promise.all([own!, oldest!].map(ensure)), pins);
    } finally {
      await other.stop();
    }
  });
});
