import assert from "node:assert/strict";
import type { NatsConnection } from "@nats-io/transport-node";
import { destroy } from "../../components/local/provider/stop";
import { NotReady, waitUntilReady } from "../../jetstream/gate";
import type { ConnectionSettings } from "../../components/jetstream/provider/settings";
import { pollUntil } from "../../config/poll-until";
import { ConfigurationWrites } from "../support/configuration-writes";
import { serversMs, waitMs } from "../support/limits";
import { requestUntilHeard } from "../support/messages";
import { consumer, ProviderProcess, stream } from "../support/provider-process";
import { startSupercluster, type Supercluster } from "../support/nats";
import { addStream, ask } from "../support/accounts";

const regions = ["iad", "ams", "syd"];
const orders = {
  account: "app",
  name: "ORDERS",
  region: "iad",
  subjects: ["orders.>"],
  retention: "limits",
  storage: "file",
  maxAge: "7d",
  maxBytes: "16MiB",
  discard: "old",
  replicas: 1,
};
const billing = {
  account: "app",
  stream: "ORDERS",
  name: "billing",
  ackPolicy: "explicit",
  deliverPolicy: "all",
  filterSubject: "orders.paid",
};

describe("the JetStream provider's process, against a real supercluster of three regions", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let provider: ProviderProcess;
  let app: NatsConnection;
  let system: NatsConnection;
  let writes: ConfigurationWrites;

  const settings = (change: Partial<ConnectionSettings> = {}): Record<string, string> => ({
    "supercluster:connection": JSON.stringify({
      owner: "supercluster/test-jetstream",
      regions: regions.map((name) => ({
        name,
        servers: [`${name}-0`],
        clientUrls: cluster.urls(name),
        degraded: false,
      })),
      ca: cluster.identity.clientCa,
      provisioners: { app: { login: "app", password: "app", inboxPrefix: "_INBOX_app" } },
      system: { login: "admin", password: "admin", inboxPrefix: "_INBOX_admin" },
      ...change,
    }),
  });
  const config = async (name = "ORDERS") => (await ask(app, `STREAM.INFO.${name}`)).config as Record<string, unknown>;
  const written = () => [...new Set(writes.of().map(({ asset }) => asset))];

  before(async () => {
    cluster = await startSupercluster();
    app = await cluster.connect("app");
    system = await cluster.connect("admin");
    // Until the region has taken one, a stream may be refused (10005), which would be one more request.
    await addStream(app, { name: "FIRST", num_replicas: 1, placement: { cluster: "iad" } });
    writes = await ConfigurationWrites.watch(cluster);
    provider = await ProviderProcess.start(settings());
  });

  after(async () => {
    await provider?.stop();
    await writes?.stop();
    await app?.close();
    await system?.close();
    await cluster?.stop();
  });

  it("creates a stream with what was asked, its owner's mark on it", async () => {
    const made = await provider.create(stream, orders);
    assert.equal(made.id, "app/ORDERS");
    const { nonce, ...args } = made.props;
    assert.deepEqual(args, orders, "the state holds the arguments as they were written");
    const found = await config();
    assert.equal(
      nonce,
      (found.metadata as Record<string, string>)["supercluster.nonce"],
      "and what its mark is known by",
    );
    assert.equal(found.max_age, 7 * 24 * 3600 * 1e9);
    assert.deepEqual(found.placement, { cluster: "iad" });
    assert.equal((found.metadata as Record<string, string>)["supercluster.owner"], "supercluster/test-jetstream");
    await writes.assertOf("ORDERS", ["STREAM.CREATE"]);
  });

  it("writes nothing when a second process creates or updates what is there already", async () => {
    const second = await ProviderProcess.start(settings());
    try {
      assert.equal((await second.create(stream, orders)).id, "app/ORDERS");
      await second.update(stream, "app/ORDERS", orders, orders);
    } finally {
      await second.stop();
    }
    await writes.assertOf("ORDERS", ["STREAM.CREATE"]);
    assert.deepEqual(written(), ["ORDERS"]);
  });

  it("changes in place what may be, and really unsets a field that was taken out", async () => {
    await provider.update(stream, "app/ORDERS", orders, {
      ...orders,
      maxMsgs: 10,
      subjects: ["orders.>", "returns.>"],
    });
    assert.equal((await config()).max_msgs, 10);
    const dropping = { ...orders, allowDataLoss: [{ change: "subjects", maxMessages: 0 }] };
    await assert.rejects(
      provider.update(stream, "app/ORDERS", orders, orders),
      /subjects would no longer capture a subject of 0 of 0 messages/,
    );
    await provider.update(stream, "app/ORDERS", orders, dropping);
    const found = await config();
    assert.equal(found.max_msgs, -1);
    assert.deepEqual(found.subjects, ["orders.>"]);
    await writes.assertOf("ORDERS", ["STREAM.CREATE", "STREAM.UPDATE", "STREAM.UPDATE"]);
    assert.deepEqual(written(), ["ORDERS"]);
  });

  it("shows drift property by property, without what the server filled in", async () => {
    const clean = await provider.read(stream, "app/ORDERS", orders);
    assert.deepEqual(clean.inputs, orders);
    await ask(app, "STREAM.UPDATE.ORDERS", { ...(await config()), max_age: 3600e9, max_msgs: 5 });
    const drifted = await provider.read(stream, "app/ORDERS", orders);
    assert.deepEqual(drifted.inputs, { ...orders, maxAge: "1h", maxMsgs: 5 });
    await provider.update(stream, "app/ORDERS", drifted.props, orders);
    assert.deepEqual((await provider.read(stream, "app/ORDERS", orders)).inputs, orders);
  });

  it("makes, changes and reads a pull and a push consumer", async () => {
    await provider.create(consumer, billing);
    const retried = { ...billing, backoff: ["1s", "5s"], maxDeliver: 4 };
    await provider.update(consumer, "app/ORDERS/billing", billing, retried);
    assert.deepEqual((await provider.read(consumer, "app/ORDERS/billing", retried)).inputs, retried);
    const push = {
      ...billing,
      name: "cache",
      deliverSubject: "deliver.cache",
      flowControl: true,
      idleHeartbeat: "5s",
      rateLimitBps: 8_000_000,
    };
    await provider.create(consumer, push);
    assert.deepEqual((await provider.read(consumer, "app/ORDERS/cache", push)).inputs, push);
    await provider.create(consumer, push);
    await writes.assertOf("ORDERS.billing", ["CONSUMER.CREATE", "CONSUMER.CREATE"]);
    await writes.assertOf("ORDERS.cache", ["CONSUMER.CREATE"]);
    // The last two: what drifted, and what put it right.
    await writes.assertOf("ORDERS", ["STREAM.CREATE", ...Array<string>(4).fill("STREAM.UPDATE")]);
    assert.deepEqual(written().sort(), ["ORDERS", "ORDERS.billing", "ORDERS.cache"]);
  });

  it("copies a stream to another region", async () => {
    const mirror = { ...orders, name: "ORDERS-ams", region: "ams", mirror: "ORDERS", subjects: undefined };
    await provider.create(stream, JSON.parse(JSON.stringify(mirror)) as Record<string, unknown>);
    await requestUntilHeard(app, "orders.paid", "one");
    for (let tries = 0; ; tries++) {
      const { state } = (await ask(app, "STREAM.INFO.ORDERS-ams")) as { state: { messages: number } };
      if (state.messages === 1) break;
      assert.ok(tries < 1_000, "the message is in the mirror");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });

  it("leaves another owner's stream alone, whatever is asked", async () => {
    await ask(app, "STREAM.CREATE.FOREIGN", {
      name: "FOREIGN",
      subjects: ["foreign"],
      num_replicas: 1,
      metadata: { "supercluster.owner": "another/stack" },
    });
    const foreign = { ...orders, name: "FOREIGN", subjects: ["foreign"] };
    await assert.rejects(
      provider.create(stream, foreign),
      /belongs to another\/stack; this stack is supercluster\/test-jetstream/,
    );
    await provider.delete(stream, "app/FOREIGN", foreign);
    // What had been written before would be reported before this.
    await ask(app, "STREAM.UPDATE.FOREIGN", await config("FOREIGN"));
    await writes.assertOf("FOREIGN", ["STREAM.CREATE", "STREAM.UPDATE"]);
  });

  it("refuses at check what the server could not change, with the reason", async () => {
    const olds = { ...orders };
    const { failures } = await provider.check(stream, { ...orders, storage: "memory", retention: "workqueue" }, olds);
    assert.deepEqual(failures.map(({ property }) => property).sort(), ["retention", "storage"]);
    const another = await provider.check(stream, { ...orders, name: "OTHER" }, olds);
    assert.deepEqual(
      another.failures.map(({ property }) => property),
      ["name"],
    );
    const consumerFailures = await provider.check(
      consumer,
      { ...billing, ackPolicy: "none", deliverSubject: "x" },
      billing,
    );
    assert.deepEqual(consumerFailures.failures.map(({ property }) => property).sort(), [
      "ackPolicy",
      "deliverSubject",
      "maxWaiting",
    ]);
  });

  it("names every bad argument at once", async () => {
    const { failures } = await provider.check(stream, { ...orders, maxAge: "7 days", maxBytes: "10 GB" });
    assert.deepEqual(failures, [
      { property: "maxAge", reason: '"7 days" is not a duration; write "7d"' },
      { property: "maxBytes", reason: '"10 GB" is not a size; write "10GiB"' },
    ]);
    assert.match(
      (await provider.check(stream, { ...orders, maxage: "7d" })).failures[0]!.reason,
      /is not a known key; did you mean "maxAge"/,
    );
  });

  it("says that what is missing is missing, and deletes twice without complaint", async () => {
    for (const name of ["billing", "cache"])
      await provider.delete(consumer, `app/ORDERS/${name}`, { ...billing, name });
    await provider.delete(stream, "app/ORDERS-ams", { ...orders, name: "ORDERS-ams" });
    await provider.delete(stream, "app/ORDERS", orders);
    await provider.delete(stream, "app/ORDERS", orders);
    assert.equal((await provider.read(stream, "app/ORDERS", orders)).id, "");
    assert.equal((await provider.read(consumer, "app/ORDERS/billing", billing)).id, "");
  });

  it("waits for every region at the gate, reports what lacks, and does without a region named degraded", async () => {
    await provider.create(stream, { ...orders, name: "SYD", region: "syd", subjects: ["syd"] });
    await destroy(cluster.inputs()["syd-0"]!);
    const access = (JSON.parse(settings()["supercluster:connection"]!) as ConnectionSettings).regions;
    const wait = (degraded: string[], deadlineMs = 3_000) =>
      waitUntilReady(
        access.map((region) => ({ ...region, degraded: degraded.includes(region.name) })),
        () => Promise.resolve(system),
        { unreachableMs: 1_000, deadlineMs },
        () => undefined,
      );
    // The others take some time to notice.
    const refused = () =>
      wait([]).then(
        () => undefined,
        (error: Error) => error,
      );
    const error = await pollUntil(refused, waitMs);
    assert.ok(error instanceof NotReady && error.lacks.some((lack) => lack.includes("syd-0")), String(error));
    await wait(["syd"], waitMs);
  });

  it("keeps what was known of a stream whose region does not answer: unknown is not missing", async () => {
    const lost = { ...orders, name: "SYD", region: "syd", subjects: ["syd"] };
    const read = await provider.read(stream, "app/SYD", lost);
    assert.equal(read.id, "app/SYD");
    assert.deepEqual(read.props, lost);
    await assert.rejects(provider.delete(stream, "app/SYD", lost), "nothing is deleted on a guess");
  });
});
