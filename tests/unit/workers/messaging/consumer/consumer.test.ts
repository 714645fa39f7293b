import assert from "node:assert/strict";
import type { JsMsg } from "@nats-io/jetstream";
import { Registry } from "prom-client";
import * as z from "zod";
import { pollUntil } from "../../../../../config/poll-until";
import { BaseNatsConsumer } from "../../../../../workers/messaging/consumer/consumer";
import type { ConsumerOptions } from "../../../../../workers/messaging/consumer/options";
import type { GivenUp } from "../../../../../workers/messaging/dead-letters/headers";
import { createWorkerMetrics } from "../../../../../workers/messaging/metrics";
import type { ProcessResult } from "../../../../../workers/messaging/result";
import { FakeJetStream } from "../../../../support/fake-jetstream";
import { waitMs } from "../../../../support/limits";

/** A handler that the test ends, message by message. */
class Held extends BaseNatsConsumer<{ id: number }> {
  readonly runs: number[] = [];
  private readonly open = new Map<number, (result: ProcessResult | Error) => void>();

  processMessage({ id }: { id: number }): Promise<ProcessResult> {
    this.runs.push(id);
    return new Promise((resolve, reject) =>
      this.open.set(id, (result) => (result instanceof Error ? reject(result) : resolve(result))),
    );
  }

  get running(): number[] {
    return [...this.open.keys()];
  }

  end(id: number, result: ProcessResult | Error): void {
    this.open.get(id)!(result);
    this.open.delete(id);
  }
}

const success = { success: true };
const failure = { success: false, retryable: true, error: new Error("no route") };
const outage = { success: false, unavailable: true, error: new Error("connection refused") };
const quiet = { debug() {}, info() {}, warn() {}, error() {} };

const until = async (what: string, condition: () => boolean) =>
  assert.ok(await pollUntil(condition, waitMs, 1), `waited for: ${what}`);

describe("consumer", () => {
  let server: FakeJetStream;
  let consumer: Held;

  async function start(options: Partial<ConsumerOptions<{ id: number }>> = {}): Promise<void> {
    const place = { stream: "ORDERS", durable: "worker", servedUnheard: 0 };
    consumer = new Held({ ...place, concurrency: 4, log: quiet, ...options });
    await consumer.start(server.client);
  }

  /** Five messages end, one at a time: from then on there are as many as there are slots. */
  async function warmUp(): Promise<void> {
    for (let id = 1; id <= 5; id++) {
      server.add(JSON.stringify({ id }));
      await until(`${id} runs`, () => consumer.running.includes(id));
      consumer.end(id, success);
    }
    await until("all slots are asked for", () => server.open === 4);
    server.answers.length = 0;
    consumer.runs.length = 0;
  }

  const add = (...ids: number[]) => ids.forEach((id) => server.add(JSON.stringify({ id })));
  const running = (...ids: number[]) =>
    until(`${ids.join()} run`, () => JSON.stringify(consumer.running) === JSON.stringify(ids));
  const answered = (...answers: string[]) =>
    until(`answers ${answers.join("; ")}`, () => answers.every((answer) => server.answers.includes(answer)));

  beforeEach(() => {
    server = new FakeJetStream();
  });

  afterEach(async () => {
    for (const id of consumer.running) consumer.end(id, success);
    await consumer.stop();
  });

  it("reports from its start that no dependency stops it, so that the series is there", async () => {
    const metrics = createWorkerMetrics(new Registry());
    await start({ metrics });
    const { values } = await metrics.breakerOpen.get();
    assert.deepEqual(
      values.map(({ labels, value }) => [labels, value]),
      [[{ consumer: "worker" }, 0]],
    );
  });

  it("takes one message at a time until five have ended, then as many as it has slots", async () => {
    await start();
    add(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
    for (const id of [1, 2, 3, 4]) {
      await running(id);
      assert.equal(server.open, 0, "the next one is asked for when this one has ended");
      consumer.end(id, id % 2 ? success : failure);
    }
    await running(5);
    consumer.end(5, success);
    await running(6, 7, 8, 9);
    assert.equal(consumer.status.inFlight, 4);
  });

  it("acknowledges success, and lets a failure come back after the durable's backoff", async () => {
    server.config.ack_wait = 1_000_000_000;
    server.config.backoff = [1_000_000_000, 30_000_000_000];
    await start();
    await warmUp();
    add(6, 7, 8);
    await running(6, 7, 8);
    consumer.end(6, success);
    consumer.end(7, failure);
    consumer.end(8, new Error("thrown"));
    await answered("6 +ACK", '7 -NAK {"delay":1000000000}', '8 -NAK {"delay":1000000000}');
    server.add('{"id":9}', 3);
    await running(9);
    consumer.end(9, failure);
    // The server waits for the difference of the two by itself.
    await answered('9 -NAK {"delay":1000000000}');
    assert.deepEqual([consumer.status.processed, consumer.status.errored], [9, 3]);
  });

  it("gives up what is terminal, cannot be parsed, or has failed often enough; the copy comes first", async () => {
    const copies: [number, GivenUp["reason"], string | undefined][] = [];
    const deadLetters = {
      write: async ({ info }: JsMsg, { reason, error }: GivenUp) => {
        assert.deepEqual(
          server.answers.filter((answer) => answer.startsWith(`${info.streamSequence} `)),
          [],
        );
        copies.push([info.streamSequence, reason, error?.message]);
        return "stored" as const;
      },
    };
    await start({ deadLetters, attempts: 3, schema: z.object({ id: z.number() }) });
    await warmUp();
    add(6);
    server.add('{"id":7}', 3);
    server.add("{");
    server.add('{"id":"x"}');
    await until("four answers", () => {
      for (const id of consumer.running)
        consumer.end(id, id === 6 ? { success: false, error: failure.error } : failure);
      return server.answers.length === 4;
    });
    // By this beginning the collector knows that there is nothing left to copy.
    await answered("6 +TERM dead letter stored: terminal: no route", "7 +TERM dead letter stored: attempts: no route");
    assert.deepEqual(copies.map(([sequence, reason]) => [sequence, reason]).sort(), [
      [6, "terminal"],
      [7, "attempts"],
      [8, "invalid"],
      [9, "invalid"],
    ]);
  });

  it("keeps a message whose copy cannot be stored, and does not run its handler again", async () => {
    let isFull = true;
    const deadLetters = {
      write: async () => {
        if (isFull) throw new Error("maximum bytes exceeded");
        return "stored" as const;
      },
    };
    await start({ deadLetters, attempts: 1 });
    await warmUp();
    add(6);
    await running(6);
    consumer.end(6, failure);
    await answered('6 -NAK {"delay":60000000000}');
    isFull = false;
    // It is delivered again, under the number that the test's server gives next.
    Object.assign(server, { sequence: 5 });
    server.add('{"id":6}', 2);
    await answered("6 +TERM dead letter stored: attempts: no route");
    assert.deepEqual(consumer.runs, [6]);
  });

  it("gives up what was delivered too often without an end, and does not run it", async () => {
    const reasons: string[] = [];
    const deadLetters = {
      write: async (_message: JsMsg, { reason }: GivenUp) => {
        reasons.push(reason);
        return "exists" as const;
      },
    };
    await start({ deadLetters, attempts: 3, spareDeliveries: 2 });
    await warmUp();
    server.add('{"id":6}', 6);
    await until("it is given up", () => reasons.length === 1);
    assert.deepEqual([reasons, consumer.runs], [["deliveries"], []]);
  });

  it("runs alone what was delivered more often than it may fail", async () => {
    await start({ attempts: 3, spareDeliveries: 2 });
    await warmUp();
    add(6, 7);
    await running(6, 7);
    server.add('{"id":8}', 5);
    add(9);
    await until("it is received", () => consumer.status.inFlight === 4);
    consumer.end(6, success);
    consumer.end(7, success);
    await running(8);
    consumer.end(8, success);
    await running(9);
  });

  it("sends such a message away where it has neighbours in hand, as it may have had before", async () => {
    await start({ attempts: 3, spareDeliveries: 2 });
    await warmUp();
    server.add('{"id":6}', 4);
    server.add('{"id":7}', 4);
    await running(6);
    await until("it comes back later", () => server.answers.some((answer) => answer.startsWith("7 -NAK {")));
  });

  it("while what it needs does not answer, one message probes, the others are kept, and none is taken", async () => {
    await start({ breaker: { first: 5, most: 20 } });
    await warmUp();
    add(6, 7, 8);
    await running(6, 7, 8);
    consumer.end(6, outage);
    await until("it is reported", () => consumer.status.unavailable === "connection refused");
    consumer.end(7, outage);
    await until("a probe", () => consumer.running.length === 2);
    consumer.end(8, success);
    await answered("8 +ACK");
    add(9, 10, 11, 12);
    for (let probe = 0; probe < 6; probe++) {
      await until("a probe", () => consumer.running.length === 1);
      consumer.end(consumer.running[0]!, outage);
    }
    assert.deepEqual(server.answers, ["8 +ACK"], "nothing was sent back");
    assert.ok(consumer.status.inFlight <= 4, "no more than there are slots");
    await until("a probe", () => consumer.running.length === 1);
    consumer.end(consumer.running[0]!, success);
    await until("all are processed", () => {
      for (const id of consumer.running) consumer.end(id, success);
      return server.answers.filter((answer) => answer.endsWith("+ACK")).length === 7;
    });
    assert.equal(consumer.status.unavailable, undefined);
  });

  it("what ends without calling what it needs leaves the breaker open, and another message probes", async () => {
    await start({ breaker: { first: 5, most: 20 } });
    await warmUp();
    add(6);
    await running(6);
    consumer.end(6, outage);
    for (const id of [7, 8, 9]) {
      await until("a probe", () => consumer.running.length === 1);
      consumer.end(id - 1, { ...success, dependencyCalled: false });
      await answered(`${id - 1} +ACK`);
      assert.equal(consumer.status.unavailable, "connection refused");
      add(id);
    }
    await running(9);
    assert.equal(consumer.status.inFlight, 1, "one at a time");
    consumer.end(9, success);
    await until("it takes messages again", () => consumer.status.unavailable === undefined);
  });

  it("asks what it needs itself while no message is in hand to probe, and takes messages again", async () => {
    let isAway = true;
    let probes = 0;
    const probe = () => {
      probes++;
      return isAway ? Promise.reject(new Error("connection refused")) : Promise.resolve();
    };
    await start({ breaker: { first: 5, most: 20 }, probe });
    await warmUp();
    add(6);
    await running(6);
    consumer.end(6, outage);
    await until("message 6 probes", () => consumer.running.length === 1);
    assert.equal(probes, 0, "a message in hand is the probe");
    consumer.end(6, { ...success, dependencyCalled: false });
    await until("it is asked again and again", () => probes > 2);
    assert.equal(consumer.status.unavailable, "connection refused");
    isAway = false;
    await until("it takes messages again", () => consumer.status.unavailable === undefined);
    const asked = probes;
    add(7, 8);
    await running(7, 8);
    assert.equal(probes, asked);
  });

  it("a message that comes while it asks what it needs waits for the answer", async () => {
    let answer!: () => void;
    const probe = () => new Promise<void>((resolve) => (answer = resolve));
    await start({ breaker: { first: 5, most: 20 }, probe });
    await warmUp();
    add(6);
    await running(6);
    consumer.end(6, outage);
    await until("message 6 probes", () => consumer.running.length === 1);
    consumer.end(6, { ...success, dependencyCalled: false });
    await until("it asks", () => answer !== undefined);
    add(7);
    await until("message 7 is in hand", () => consumer.status.inFlight === 1);
    assert.deepEqual(consumer.running, []);
    answer();
    await running(7);
  });

  it("keeps every message in hand, also one that waits", async () => {
    server.config.ack_wait = 60_000_000;
    await start({ breaker: { first: 60_000, most: 60_000 } });
    await warmUp();
    add(6, 7);
    await running(6, 7);
    consumer.end(6, outage);
    server.working.clear();
    await until("both are kept", () => server.working.has(6) && server.working.has(7));
  });

  it("when it stops, what waits is handed over at once, what runs is finished", async () => {
    await start({ breaker: { first: 60_000, most: 60_000 } });
    await warmUp();
    add(6, 7);
    await running(6, 7);
    consumer.end(6, outage);
    await until("it waits", () => consumer.status.unavailable !== undefined);
    let isStopped = false;
    const stopped = consumer.stop().then(() => (isStopped = true));
    await answered("6 -NAK");
    await until("requests are over", () => {
      server.expire();
      return server.open === 0;
    });
    assert.equal(isStopped, false);
    consumer.end(7, success);
    await stopped;
    assert.deepEqual(server.answers, ["6 -NAK", "7 +ACK"]);
    assert.equal(consumer.status.running, false);
  });

  it("what arrives while it stops is processed", async () => {
    await start();
    await warmUp();
    const stopped = consumer.stop();
    add(6);
    await running(6);
    consumer.end(6, success);
    await stopped;
    assert.deepEqual(server.answers, ["6 +ACK"]);
  });

  it("after the grace it hands over what still runs, and what that returns later changes nothing", async () => {
    await start({ grace: 1 });
    await warmUp();
    add(6);
    await running(6);
    await consumer.stop();
    assert.deepEqual(server.answers, ["6 -NAK"]);
    consumer.end(6, success);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(server.answers, ["6 -NAK"]);
  });

  it("a handler that takes longer than its limit has failed", async () => {
    await start({ timeout: 1 });
    add(1);
    await until("it has failed", () => server.answers.some((answer) => /^1 -NAK \{"delay":[56]\d{9}\}$/.test(answer)));
  });

  it("what was processed before is acknowledged without running the handler", async () => {
    const known = new Set<string>(["ORDERS:2:worker"]);
    const idempotency = { has: async (key: string) => known.has(key), add: async (key: string) => void known.add(key) };
    await start({ idempotency });
    add(1, 2, 3);
    await running(1);
    consumer.end(1, success);
    await running(3);
    consumer.end(3, failure);
    await answered("1 +ACK", "2 +ACK");
    await until("three answers", () => server.answers.length === 3);
    assert.deepEqual([...known].sort(), ["ORDERS:1:worker", "ORDERS:2:worker"]);
    assert.deepEqual(consumer.runs, [1, 3]);
  });

  it("without dead letters, its reason does not say that there is one", async () => {
    await start();
    add(1);
    await running(1);
    consumer.end(1, { success: false, error: failure.error });
    await answered("1 +TERM terminal: no route");
  });

  it("secrets in errors reach neither dead letters, nor servers, nor what is shown of its state", async () => {
    const errors: string[] = [];
    const deadLetters = {
      write: async (_message: JsMsg, { error }: GivenUp) => {
        errors.push(`${error!.message}\n${error!.stack}`);
        return "stored" as const;
      },
    };
    await start({ deadLetters, decode: () => assert.fail("postgres://app:secret-1@db/app is down"), attempts: 1 });
    add(1);
    await until("it is invalid", () => errors.length === 1);
    await consumer.stop();

    server = new FakeJetStream();
    await start({ deadLetters, attempts: 1 });
    add(1, 2);
    await running(1);
    consumer.end(1, { success: false, error: new Error("answered: Authorization: Bearer secret-1") });
    await running(2);
    consumer.end(2, { ...outage, error: new Error("https://app:secret-1@example.com does not answer") });
    await until("it reports the outage", () => consumer.status.unavailable !== undefined);
    assert.equal(consumer.status.unavailable, "https://[redacted]@example.com does not answer");
    await answered("1 +TERM dead letter stored: terminal: answered: Authorization: Bearer [redacted]");
    assert.match(errors.join(), /postgres:[/][/]\[redacted\]@db.*Bearer \[redacted\]/s);
    assert.doesNotMatch(errors.join(), /secret-1/);
  });

  it("that is stopped while it starts asks for no message, and leaves nothing that runs", async () => {
    const timers = new Set<unknown>();
    const { setInterval: set, clearInterval: clear } = globalThis;
    globalThis.setInterval = ((...args: Parameters<typeof set>) => {
      const timer = set(...args);
      timers.add(timer);
      return timer;
    }) as typeof set;
    globalThis.clearInterval = (timer) => {
      timers.delete(timer);
      clear(timer);
    };
    try {
      const starting = start();
      const stopping = consumer.stop();
      await assert.rejects(starting, /stopped before it had started/);
      await stopping;
      assert.deepEqual([timers.size, server.requests.length], [0, 0]);
    } finally {
      Object.assign(globalThis, { setInterval: set, clearInterval: clear });
    }
  });

  describe("whose durable no longer suits it", () => {
    const set = globalThis.setTimeout;

    /** Waits of 3 s, as between two attempts to bind, are over at once. */
    beforeEach(() => {
      const hastened = (work: () => void, ms?: number) => set(work, ms === 3_000 ? 1 : ms);
      globalThis.setTimeout = Object.assign(hastened, set) as typeof set;
    });
    afterEach(() => {
      globalThis.setTimeout = set;
    });

    const changed = (config: typeof server.config) => {
      server.config = { ...server.config, ...config };
      server.report(server.requests.splice(0)[0]!.reply, 409, "Consumer Deleted");
    };

    it("reports it as long as that is so, takes none of its messages, and goes on when it suits again", async () => {
      server.config.filter_subject = "orders.new";
      await start({ subject: "orders.new" });
      await warmUp();
      changed({ filter_subject: "orders.old" });
      await until("it is reported", () => /filters "orders.old"/.test(consumer.status.unavailable ?? ""));
      const before = server.lookups;
      await until("it was looked up again, twice", () => server.lookups >= before + 2);
      assert.match(consumer.status.unavailable ?? "", /filters "orders.old", and the worker expects "orders.new"/);
      assert.equal(server.subscriptions, 0, "messages of another subject would still arrive");
      server.config.filter_subject = "orders.new";
      await until("it suits", () => consumer.status.unavailable === undefined && server.subscriptions === 1);
      add(6);
      await running(6);
    });
  });

  it("starts once", async () => {
    await start();
    await assert.rejects(consumer.start(server.client), /a consumer starts once/);
  });
});
