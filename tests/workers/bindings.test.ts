import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import {
  type ConsumerConfig,
  jetstream,
  type JsMsg,
  type JetStreamManager,
  jetstreamManager,
} from "@nats-io/jetstream";
import { connect, type NatsConnection, nanos } from "@nats-io/transport-node";
import { pollUntil } from "../../config/poll-until";
import { BaseNatsConsumer, createLogger, type ProcessResult } from "../../workers/messaging";
import type { ConsumerOptions } from "../../workers/messaging/consumer/options";
import { serversMs, waitMs } from "../support/limits";
import { patiently } from "../support/messages";
import { Supercluster } from "../support/nats";

interface Order {
  id: number;
}

/** Notes when each message came, and does with it what the test says. */
class Noting extends BaseNatsConsumer<Order> {
  readonly came: { id: number; delivery: number; at: number }[] = [];
  result: (delivery: number) => ProcessResult = () => ({ success: true });

  constructor(options: Pick<ConsumerOptions<Order>, "stream" | "durable">) {
    super({ ...options, log: createLogger({ name: "test", level: "silent" }) });
  }

  processMessage({ id }: Order, { info: { deliveryCount: delivery } }: JsMsg): Promise<ProcessResult> {
    this.came.push({ id, delivery, at: performance.now() });
    return Promise.resolve(this.result(delivery));
  }
}

describe("a consumer and its durable on a real server", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let connection: NatsConnection;
  let manager: JetStreamManager;
  const consumers: Noting[] = [];

  before(async () => {
    cluster = await Supercluster.prepare({ regions: ["iad"], servers: 3 });
    await cluster.ensure();
    await cluster.ready();
    const login = { user: "app", pass: "app", tls: { ca: cluster.identity.clientCa } };
    connection = await connect({ servers: cluster.urls(), ...login });
    manager = await jetstreamManager(connection);
  });
  afterEach(async () => {
    await Promise.all(consumers.splice(0).map((consumer) => consumer.stop()));
  });
  after(async () => {
    await connection?.close();
    await cluster?.stop();
  });

  const consumerOf = (options: Pick<ConsumerOptions<Order>, "stream" | "durable">): Noting => {
    const consumer = new Noting(options);
    consumers.push(consumer);
    return consumer;
  };

  /** A stream with a durable. */
  async function durable(stream: string, config: Partial<ConsumerConfig> & { durable_name: string }): Promise<void> {
    await manager.streams.add({ name: stream, subjects: [`${stream.toLowerCase()}.>`] });
    await manager.consumers.add(stream, { ack_policy: "explicit", ...config });
  }

  const publish = (stream: string, id: number) =>
    jetstream(connection).publish(`${stream.toLowerCase()}.new`, JSON.stringify({ id }), {
      msgID: randomUUID(),
      ...patiently,
    });

  const until = async (what: string, condition: () => boolean | Promise<boolean>) =>
    assert.ok(await pollUntil(condition, waitMs), `waited for: ${what}`);

  it("delivers again after what the result asks for, whatever the backoff of that delivery is", async () => {
    // The first is the ack wait of the first delivery: long enough that only the result has it delivered again.
    const [asked, first, hour] = [6_000, nanos(5_000), nanos(3_600_000)];
    await durable("RETRIES", { durable_name: "worker", backoff: [first, hour, hour], max_deliver: 10 });
    const consumer = consumerOf({ stream: "RETRIES", durable: "worker" });
    consumer.result = (delivery) =>
      delivery < 4 ? { success: false, retryable: true, retryAfter: asked } : { success: true };
    await consumer.start(jetstream(connection));
    await publish("RETRIES", 1);
    await until("four deliveries", () => consumer.came.length >= 4);
    const waits = consumer.came.slice(1).map(({ at }, index) => at - consumer.came[index]!.at);
    // Its timers are rounded to milliseconds.
    for (const wait of waits) assert.ok(wait >= asked - 5, `again after ${wait} ms`);
  });

  it("does not start where one of its durables pushes to another client, and takes nothing of the others", async () => {
    const push = { durable_name: "worker", deliver_subject: "deliver.taken" };
    await durable("TAKEN", push);
    await durable("FREE", { durable_name: "worker" });
    const other = consumerOf({ stream: "TAKEN", durable: "worker" });
    await other.start(jetstream(connection));
    await until("it is bound", async () => (await manager.consumers.info("TAKEN", "worker")).push_bound === true);
    const both = consumerOf({ stream: ["FREE", "TAKEN"], durable: "worker" });
    await assert.rejects(both.start(jetstream(connection)), /cannot bind to push durable worker of stream TAKEN/);
    assert.equal(both.status.running, false);
    await publish("FREE", 1);
    const next = consumerOf({ stream: "FREE", durable: "worker" });
    await next.start(jetstream(connection));
    await until("the message", () => next.came.length === 1);
    assert.deepEqual([next.came[0]!.delivery, both.came], [1, []]);
  });

  it("says why it gets no messages of a durable that was made again and is another's, until that leaves", async () => {
    await durable("AGAIN", { durable_name: "worker", deliver_subject: "deliver.first" });
    const consumer = consumerOf({ stream: "AGAIN", durable: "worker" });
    await consumer.start(jetstream(connection));
    await publish("AGAIN", 1);
    await until("the first message", () => consumer.came.length === 1);
    // Another client that is there first.
    const intruder = connection.subscribe("deliver.second");
    await manager.consumers.delete("AGAIN", "worker");
    const config = { durable_name: "worker", deliver_subject: "deliver.second", ack_policy: "explicit" } as const;
    await manager.consumers.add("AGAIN", { ...config, deliver_policy: "new" });
    await until("it says so", () => /cannot bind to push durable/.test(consumer.status.unavailable ?? ""));
    assert.equal(consumer.status.running, true);
    intruder.unsubscribe();
    await until("it is bound", () => consumer.status.unavailable === undefined);
    await publish("AGAIN", 2);
    await until("the next message", () => consumer.came.some(({ id }) => id === 2));
  });
});
