import assert from "node:assert/strict";
import type { NatsConnection } from "@nats-io/transport-node";
import { pino } from "pino";
import { pollUntil } from "../../../../../config/poll-until";
import { type MessageHandler, NatsService, stateOf } from "../../../../../workers/aigentflow";
import { FakeJetStream } from "../../../../support/fake-jetstream";
import { waitMs } from "../../../../support/limits";

const options = { name: "test", grace: 1_000, deadLetters: false, log: pino({ level: "silent" }) };

const serviceOf = (connection: unknown) => new NatsService({ connection: connection as NatsConnection, options });

describe("NatsService", () => {
  it("a handler's first call counts; neither call, or an error, is no acknowledgement", async () => {
    const server = new FakeJetStream();
    server.config = { ...server.config, filter_subject: "orders.>" };
    const nats = serviceOf(server.connection);
    const handlers: Record<string, MessageHandler<string>> = {
      acks: (_data, ack) => ack(),
      acksFirst: (_data, ack, nak) => {
        ack();
        nak();
      },
      naks: (_data, ack, nak) => {
        nak({ retryAfter: 7_000 });
        ack();
      },
      gives: (_data, _ack, nak) => nak({ retryable: false, error: new Error("useless") }),
      forgets: () => undefined,
      throws: (_data, ack) => {
        ack();
        throw new Error("after all");
      },
    };
    const names = Object.keys(handlers);
    const part = await nats.subscribe<string>("ORDERS", "orders.>", "worker", (name, ...rest) =>
      handlers[name]!(name, ...rest),
    );
    for (const name of names) server.add(JSON.stringify(name));
    assert.ok(await pollUntil(() => server.answers.length === names.length, waitMs, 1), server.answers.join("\n"));
    const results: Record<string, string> = {};
    for (const answer of server.answers) results[names[parseInt(answer) - 1]!] = answer.slice(2);
    const { forgets, throws, ...others } = results;
    assert.deepEqual(others, {
      acks: "+ACK",
      acksFirst: "+ACK",
      naks: '-NAK {"delay":7000000000}',
      gives: "+TERM terminal: useless",
    });
    for (const answer of [forgets, throws]) assert.match(String(answer), /^-NAK \{"delay":[5-6]\d{9}\}$/);
    assert.deepEqual(Object.keys(nats.status()), ["worker"]);
    assert.equal(nats.status().worker!.processed, names.length);
    await nats.onModuleDestroy();
    assert.equal(part.status.running, false);
  });

  it("reports a subscription until it is stopped, and takes no second one to the same durable", async () => {
    const server = new FakeJetStream();
    server.config = { ...server.config, filter_subject: "orders.>" };
    const nats = serviceOf(server.connection);
    const subscribe = (stream: string) => nats.subscribe(stream, "orders.>", "worker", (_data, ack) => ack());
    const first = await subscribe("ORDERS");
    await assert.rejects(subscribe("ORDERS"), /^Error: ORDERS\.worker is in use by this application: stop that first$/);
    assert.deepEqual(Object.keys(nats.status()), ["worker"]);
    const other = await subscribe("RETURNS");
    assert.deepEqual(Object.keys(nats.status()), ["ORDERS.worker", "RETURNS.worker"]);
    await first.stop();
    assert.equal(first.status.running, false);
    assert.deepEqual(
      Object.entries(nats.status()).map(([name, { running }]) => [name, running]),
      [["worker", true]],
    );
    await subscribe("ORDERS");
    await nats.onModuleDestroy();
    assert.equal(other.status.running, false);
  });

  it("a message's own id is its message id; what has none gets a new one", async () => {
    const sent: string[] = [];
    const connection = {
      ...new FakeJetStream().connection,
      info: {},
      request: (subject: string, _data: unknown, { headers }: { headers: Map<string, string> }) => {
        sent.push(`${subject} ${headers.get("Nats-Msg-Id")}`);
        return Promise.resolve({
          data: new TextEncoder().encode('{"stream":"S","seq":1}'),
          json: () => ({ seq: 1, stream: "S" }),
        });
      },
    };
    const nats = serviceOf(connection);
    await nats.publish("task.a.created", { id: "own" });
    await nats.publish("task.a.created", { id: "own" }, { id: "given" });
    await nats.publish("task.a.created", { id: 7 });
    assert.deepEqual(sent.slice(0, 2), ["task.a.created own", "task.a.created given"]);
    assert.match(sent[2]!, /^task\.a\.created [0-9a-f-]{36}$/);
  });

  it("asks with 5 s, or the time that is given, and knows the answer of a stream from a service's", async () => {
    const asked: unknown[] = [];
    let answer: unknown = { price: 7 };
    const request = (subject: string, data: string, { timeout }: { timeout: number }) => {
      asked.push([subject, data, timeout]);
      return Promise.resolve({ data: new TextEncoder().encode(JSON.stringify(answer)) });
    };
    const nats = serviceOf({ ...new FakeJetStream().connection, request });
    assert.deepEqual(await nats.request("prices.get", { sku: "chair" }), { price: 7 });
    await nats.request("prices.get", {}, 100);
    assert.deepEqual(asked, [
      ["prices.get", '{"sku":"chair"}', 5_000],
      ["prices.get", "{}", 100],
    ]);
    answer = { stream: "ORDERS", seq: 9, domain: "global" };
    await assert.rejects(nats.request("orders.get", {}), {
      reason: "invalid-response",
      message:
        "stream ORDERS has stored the request to orders.get and answered it: ask on a subject that no stream has",
    });
    await assert.rejects(nats.request(stateOf.task, { tenantId: "acme", id: "1" }), /wrong message: tenantId/);
    await assert.rejects(nats.request("audit.get", {}), /^RangeError: "audit.get" is a subject of a stream/);
    assert.equal(asked.length, 3);
  });

  it("is connected while there is a connection to a server, whose silence shows when it is asked", async () => {
    const connection = { info: {} as object | undefined, closed: false, rtt: () => Promise.resolve(3) };
    const nats = serviceOf({
      ...new FakeJetStream().connection,
      isClosed: () => connection.closed,
      rtt: () => connection.rtt(),
      get info() {
        return connection.info;
      },
    });
    assert.deepEqual([nats.isConnected(), await nats.ping()], [true, 3]);
    connection.rtt = () => new Promise(() => undefined);
    await assert.rejects(nats.ping(20), /the server has not answered for 20 ms/);
    connection.info = undefined;
    assert.equal(nats.isConnected(), false);
    await assert.rejects(nats.ping(), /not connected to any server/);
    Object.assign(connection, { info: {}, closed: true });
    assert.equal(nats.isConnected(), false);
  });
});
