import assert from "node:assert/strict";
import { jetstream, type JsMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { assetsOf } from "../../../config/assets/assets";
import { pollUntil } from "../../../config/poll-until";
import type { TenantSpec } from "../../../config/schema/tenant";
import { BaseNatsConsumer, createLogger, createWorkerMetrics } from "../../../workers/messaging";
import { accountsText, ask, createConsumer, createStream, localEnvironment } from "../../support/accounts";
import { serversMs, waitMs } from "../../support/limits";
import { startSupercluster, type Supercluster } from "../../support/nats";

const streams = ["BOOKS", "MAPS", "TOYS"];

const stream = (name: string): TenantSpec["streams"][string] => ({
  subjects: [`${name.toLowerCase()}.new`],
  retention: "limits",
  storage: "file",
  replicas: 1,
  maxAge: "1d",
  maxBytes: "16MiB",
  discard: "old",
});

const read = { streams, ackPolicy: "explicit", ackWait: "30s", deliverPolicy: "all" } satisfies Partial<
  TenantSpec["consumers"][string]
>;

const tenant: TenantSpec = {
  name: "shop",
  home: "iad",
  streams: Object.fromEntries(streams.map((name) => [name, stream(name)])),
  consumers: {
    counter: { mode: "pull", ...read },
    // As CACHE_INVALIDATOR of covenant: three durables push to one subject.
    watcher: { mode: "push", ...read, deliverSubject: "deliver.watcher", flowControl: true, idleHeartbeat: "1s" },
  },
  users: {
    api: { publishes: streams.map((name) => `${name.toLowerCase()}.new`) },
    counter: { consumes: ["counter"] },
    watcher: { consumes: ["watcher"] },
  },
};

const log = createLogger({ name: "test", level: "silent" });

class Noting extends BaseNatsConsumer<number> {
  readonly seen: string[] = [];
  answer = { success: true } as { success: boolean; unavailable?: boolean };

  processMessage(number: number, { info }: JsMsg) {
    if (this.answer.success) this.seen.push(`${info.stream} ${number}`);
    return Promise.resolve(this.answer);
  }
}

describe("one consumer of durables in several streams", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let admin: NatsConnection;
  const connections: NatsConnection[] = [];

  const connectAs = async (user: string) => {
    const connection = await cluster.connect(`shop-${user}`, { inboxPrefix: `_INBOX_${user}` });
    connections.push(connection);
    return connection;
  };
  const until = async (what: string, condition: () => boolean | Promise<boolean>) =>
    assert.ok(await pollUntil(async () => (await condition()) || undefined, waitMs, 50), what);
  const publish = async (from: number, to: number) => {
    const js = jetstream(connections[0]!);
    for (let number = from; number <= to; number++)
      for (const name of streams) await js.publish(`${name.toLowerCase()}.new`, String(number));
  };
  const all = (from: number, to: number) =>
    streams.flatMap((name) => Array.from({ length: to - from + 1 }, (_, index) => `${name} ${from + index}`)).sort();
  const pending = async (name: string, durable: string) => {
    const info = await ask(admin, `CONSUMER.INFO.${name}.${durable}`);
    return Number(info.num_pending) + Number(info.num_ack_pending);
  };
  const consumerOf = async (durable: string, metrics = createWorkerMetrics()) => ({
    consumer: new Noting({ stream: streams, durable, log, metrics, breaker: { first: 100, most: 200 } }),
    js: jetstream(await connectAs(durable)),
    metrics,
  });

  before(async () => {
    const environment = localEnvironment({ regions: ["iad"], servers: 3 });
    const tenants = { shop: tenant };
    cluster = await startSupercluster({ regions: ["iad"], servers: 3, accounts: accountsText(environment, tenants) });
    await connectAs("api");
    admin = await connectAs("provisioner");
    const assets = assetsOf(environment, tenants);
    for (const asset of assets.streams) await createStream(admin, asset);
    for (const asset of assets.consumers) await createConsumer(admin, asset);
  });
  after(async () => {
    await Promise.all(connections.map((connection) => connection.close()));
    await cluster?.stop();
  });

  it("takes messages of all of them, and its lag is that of all together", async () => {
    await publish(1, 4);
    const { consumer, js, metrics } = await consumerOf("counter");
    consumer.answer = { success: false, unavailable: true };
    await consumer.start(js);
    try {
      await until("all are counted", async () =>
        /nats_consumer_lag\{consumer="counter"\} 12\n/.test(await metrics.registry.metrics()),
      );
      assert.match(await metrics.registry.metrics(), /nats_consumer_breaker_open\{consumer="counter"\} 1\n/);
      consumer.answer = { success: true };
      await until("all are processed", () => consumer.seen.length === 12);
      assert.deepEqual(consumer.seen.toSorted(), all(1, 4));
      for (const name of streams) await until(`${name} is done`, async () => (await pending(name, "counter")) === 0);
      assert.match(await metrics.registry.metrics(), /nats_consumer_in_flight\{consumer="counter"\} 0\n/);
    } finally {
      await consumer.stop();
    }
  });

  it("binds push durables with one subject by one subscription: each message once, and one worker", async () => {
    const { consumer, js } = await consumerOf("watcher");
    await consumer.start(js);
    const second = await consumerOf("watcher");
    await assert.rejects(second.consumer.start(second.js), /push durable watcher of stream BOOKS: consumer is already/);
    await publish(5, 8);
    await until("all are processed", () => consumer.seen.length >= 24);
    for (const name of streams) await until(`${name} is done`, async () => (await pending(name, "watcher")) === 0);
    assert.deepEqual(consumer.seen.toSorted(), [...all(1, 4), ...all(5, 8)].sort());
    await consumer.stop();
    const third = await consumerOf("watcher");
    await until("it is free", async () => (await ask(admin, "CONSUMER.INFO.MAPS.watcher")).push_bound !== true);
    await third.consumer.start(third.js);
    await publish(9, 9);
    await until("the next one takes over", () => third.consumer.seen.length === 3);

    // The heartbeats of the two others go on.
    const asset = assetsOf(localEnvironment({ regions: ["iad"], servers: 3 }), { shop: tenant }).consumers.find(
      ({ name, stream: of }) => name === "watcher" && of === "MAPS",
    )!;
    await ask(admin, "CONSUMER.DELETE.MAPS.watcher");
    await until(
      "it is missed",
      () => third.consumer.status.unavailable === "durable watcher of stream MAPS is missing",
    );
    await createConsumer(admin, asset);
    await until(
      "it is found again",
      () => third.consumer.seen.includes("MAPS 1") && !third.consumer.status.unavailable,
    );
    await third.consumer.stop();
  });
});
