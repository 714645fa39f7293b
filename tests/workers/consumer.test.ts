import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstream, type JsMsg } from "@nats-io/jetstream";
import { pollUntil } from "../../config/poll-until";
import {
  BaseNatsConsumer,
  type ConsumerOptions,
  createDeadLetterWriter,
  createWorkerMetrics,
  deadLetterHeader,
  type ProcessResult,
  replaySubject,
} from "../../workers/messaging";
import { addStream, ask } from "../support/accounts";
import { serversMs, waitMs } from "../support/limits";
import { laneDurable, type Order, quiet, replaysOf, WorkerLab, workerOf } from "../support/worker-lab";

const ids = (count: number, prefix = "m"): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const orders = (count: number, more: Partial<Order> = {}): Order[] => ids(count).map((id) => ({ id, ...more }));

/** A worker of this process, whose handler is the test's. */
class Worker extends BaseNatsConsumer<Order> {
  readonly runs: string[] = [];
  readonly deliveries: number[] = [];

  constructor(
    options: ConsumerOptions<Order>,
    private readonly handle: (order: Order, message: JsMsg) => Promise<ProcessResult>,
  ) {
    super(options);
  }

  processMessage(order: Order, message: JsMsg): Promise<ProcessResult> {
    this.runs.push(order.id);
    this.deliveries.push(message.info.deliveryCount);
    return this.handle(order, message);
  }
}

const success = { success: true };
/** Of durables whose tests count runs: a slow machine would have messages delivered again within the lab's ack wait. */
const patient = { ackWait: "10s" } as const;
const wait = async (what: string, condition: () => boolean | Promise<boolean>) =>
  assert.ok(await pollUntil(condition, waitMs), `waited for: ${what}`);

describe("workers on a real server, with their own users and nothing else", function () {
  this.timeout(serversMs);
  let lab: WorkerLab;
  const started: Worker[] = [];

  before(async () => {
    lab = await WorkerLab.start(
      {
        POISON: { consumer: patient },
        QUEUE: { stream: { retention: "workqueue" } },
        KILLER: {},
        SLOW: {},
        OUTAGE: { consumer: { attempts: 2 } },
        STOPPED: { consumer: patient },
        RECREATED: {},
        UNSEEN: {},
        UPDATED: {},
        PAUSED: { consumer: patient },
        PUSHED: { push: { deliverSubject: "deliver.pushed", ...patient } },
        FULL: {},
        LARGE: {},
        AGAIN: {},
        REMADE: {},
        LANES: { consumer: patient, lanes: { high: 6, new: 3, low: 1 } },
      },
      { regions: ["iad", "ams"], servers: 1 },
    );
  });

  afterEach(async () => {
    await Promise.all(started.splice(0).map((worker) => worker.stop()));
  });

  after(() => lab?.stop());

  async function work(
    stream: string,
    handle: (order: Order, message: JsMsg) => Promise<ProcessResult>,
    options: Partial<ConsumerOptions<Order>> = {},
  ): Promise<Worker> {
    const client = jetstream(await lab.connectWorker(stream));
    const place = { stream, durable: workerOf(stream), log: quiet };
    const worker = new Worker({ ...place, deadLetters: createDeadLetterWriter(client), ...options }, handle);
    started.push(worker);
    await worker.start(client);
    return worker;
  }

  const reasonsOf = async (stream: string) =>
    (await lab.deadLetters(stream)).map(({ headers }) => headers.get(deadLetterHeader.reason)).sort();

  it("poison messages run as often as they may fail, then lie in the dead letters; the others pass them", async () => {
    const metrics = createWorkerMetrics();
    const failing = { success: false, retryable: true, retryAfter: 1_000, error: new Error("no route\nto host") };
    const worker = await work("POISON", async ({ act }) => (act ? failing : success), { metrics });
    await lab.publish("POISON", [...orders(20), { id: "poison", act: "fail" }]);
    await jetstream(lab.api).publish("poison.new", "{");
    await lab.untilAcknowledged("POISON");
    assert.deepEqual(await reasonsOf("POISON"), ["attempts", "invalid"]);
    const copy = (await lab.deadLetters("POISON")).find(
      ({ headers }) => headers.get(deadLetterHeader.id) === "poison",
    )!;
    assert.deepEqual(JSON.parse(copy.body), { id: "poison", act: "fail" });
    assert.equal(copy.subject, `dead.POISON.21.${workerOf("POISON")}`);
    assert.equal(copy.headers.get(deadLetterHeader.error), "Error: no route to host");
    assert.equal(copy.headers.get(deadLetterHeader.deliveries), "3");
    assert.equal(worker.runs.filter((id) => id === "poison").length, 3);
    assert.equal(new Set(worker.runs).size, 21);
    assert.equal(worker.runs.length, 23, "nothing else ran twice");
    const text = await metrics.registry.metrics();
    assert.match(text, /dead_letters_total\{[^}]*outcome="stored"[^}]*\} 2/);
    assert.match(text, /delivery_delay_seconds_count\{[^}]*\} 22/, "each message once, whatever its deliveries");
  });

  it("terminating removes the message from a work queue, when its copy is stored", async () => {
    await work("QUEUE", async () => ({ success: false, error: new Error("unknown recipient") }));
    await lab.publish("QUEUE", orders(3));
    const left = async () =>
      ((await ask(lab.provisioner, "STREAM.INFO.QUEUE")) as { state: { messages: number } }).state.messages;
    await wait("the queue is empty", async () => (await left()) === 0);
    assert.deepEqual(await reasonsOf("QUEUE"), ["terminal", "terminal", "terminal"]);
  });

  it("a message that ends the process takes no other with it, and becomes a dead letter itself", async () => {
    const many = orders(40);
    many.splice(15, 0, { id: "killer", act: "kill" });
    await lab.publish("KILLER", many);
    let crashes = 0;
    const options = { attempts: 2, spareDeliveries: 2, concurrency: 10 };
    for (;;) {
      const worker = await lab.worker("KILLER", options);
      await worker.go();
      let isOver = false;
      const ended = worker.ended().then(() => (isOver = true));
      await wait("it is killed, or all is done", async () => {
        const { num_pending, num_ack_pending } = await lab.info("KILLER");
        return isOver || num_pending + num_ack_pending === 0;
      });
      if (!isOver) {
        await worker.kill("SIGTERM");
        break;
      }
      await ended;
      crashes++;
    }
    const { run, done } = lab.notes("KILLER");
    assert.equal(done.size, 40, "all others are done");
    assert.equal(run.get("killer"), crashes);
    assert.ok(crashes <= 4, `${crashes} crashes: at most its attempts and the spare deliveries`);
    assert.deepEqual(await reasonsOf("KILLER"), ["deliveries"]);
  });

  it("a handler that takes several times the ack wait runs once, also where messages wait for it", async () => {
    const worker = await work(
      "SLOW",
      async () => {
        await sleep(3_500);
        return success;
      },
      { concurrency: 20, doubleAck: true },
    );
    // Five one after another would take long: the slow start is over with those that are quick.
    Object.assign(worker, { handle: async () => success });
    await lab.publish("SLOW", orders(5));
    await lab.untilAcknowledged("SLOW");
    Object.assign(worker, { handle: () => sleep(3_500, success) });
    await lab.publish(
      "SLOW",
      ids(20, "slow").map((id) => ({ id })),
    );
    await lab.untilAcknowledged("SLOW");
    assert.equal(worker.runs.length, 25);
    assert.deepEqual([...new Set(worker.deliveries)], [1]);
  });

  it("an hour's outage, a thousand times as fast: few calls, no dead letter, nothing is delivered twice", async () => {
    const outage = { success: false, unavailable: true, error: new Error("connection refused") };
    let isDown = false;
    let calls = 0;
    const metrics = createWorkerMetrics();
    const worker = await work("OUTAGE", async () => (isDown ? (calls++, outage) : success), {
      breaker: { first: 1, most: 60 },
      metrics,
    });
    await lab.publish("OUTAGE", orders(5));
    await lab.untilAcknowledged("OUTAGE");
    isDown = true;
    const began = Date.now();
    await lab.publish(
      "OUTAGE",
      ids(200, "during").map((id) => ({ id })),
    );
    await wait("it is reported", () => worker.status.unavailable === "connection refused");
    await sleep(3_600);
    const { num_ack_pending: held } = await lab.info("OUTAGE");
    assert.match(await metrics.registry.metrics(), /breaker_open\{[^}]*\} 1/);
    isDown = false;
    /** A minute is 60 ms. */
    const minutes = (Date.now() - began) / 60;
    await lab.untilAcknowledged("OUTAGE");
    assert.ok(held <= 10, `${held} messages in hand`);
    assert.ok(calls <= 25 + minutes, `${calls} calls: those in hand, and a probe a minute, in ${minutes} minutes`);
    assert.equal(worker.runs.length, 205 + calls);
    assert.deepEqual([...new Set(worker.deliveries)], [1]);
    assert.deepEqual(await lab.deadLetters("OUTAGE"), []);
    assert.equal(worker.status.unavailable, undefined);
  });

  it("SIGTERM under load: what was finished is not delivered again; the next one does the rest", async () => {
    await lab.publish("STOPPED", orders(1_500, { ms: 10 }));
    let stops = 0;
    let next = await lab.worker("STOPPED", { concurrency: 20 });
    for (; stops < 4; stops++) {
      const worker = next;
      await worker.go();
      [next] = await Promise.all([
        lab.worker("STOPPED", { concurrency: 20 }),
        lab.untilDone("STOPPED", 250 * (stops + 1)),
      ]);
      assert.equal(await worker.kill("SIGTERM"), 0);
    }
    await next.go();
    await lab.untilAcknowledged("STOPPED");
    const { done } = lab.notes("STOPPED");
    assert.equal(done.size, 1_500);
    assert.deepEqual(
      [...done].filter(([, count]) => count > 1),
      [],
    );
    await next.kill("SIGTERM");
  });

  it("finds its durable when that was deleted and made again", async () => {
    const worker = await work("RECREATED", async () => success);
    await lab.publish("RECREATED", orders(3));
    await lab.untilAcknowledged("RECREATED");
    const { config } = await lab.info("RECREATED");
    const durable = `RECREATED.${workerOf("RECREATED")}`;
    await ask(lab.provisioner, `CONSUMER.DELETE.${durable}`);
    await wait("it is missed", () => /is missing$/.test(worker.status.unavailable ?? ""));
    await ask(lab.provisioner, `CONSUMER.CREATE.${durable}`, { stream_name: "RECREATED", config, action: "create" });
    await lab.publish("RECREATED", [{ id: "after" }]);
    await wait("it goes on", () => worker.runs.includes("after"));
    await wait("it is found", () => worker.status.unavailable === undefined);
  });

  it("finds out that its durable was deleted while it asked for nothing", async () => {
    let finish: ((result: ProcessResult) => void) | undefined;
    const handle = () => new Promise<ProcessResult>((resolve) => (finish = resolve));
    const worker = await work("UNSEEN", handle, { concurrency: 1 });
    await lab.publish("UNSEEN", orders(1));
    await wait("its only slot is used", () => finish !== undefined);
    await ask(lab.provisioner, `CONSUMER.DELETE.UNSEEN.${workerOf("UNSEEN")}`);
    finish!(success);
    await wait("it is missed", () => /is missing$/.test(worker.status.unavailable ?? ""));
  });

  it("learns what is updated of its durable", async () => {
    const worker = await work("UPDATED", async () => ({ success: false, retryable: true }));
    const { config } = await lab.info("UPDATED");
    const changed = { ...config, max_batch: 2, metadata: { ...config.metadata, "supercluster.attempts": "1" } };
    const request = { stream_name: "UPDATED", config: changed, action: "update" };
    await ask(lab.provisioner, `CONSUMER.CREATE.UPDATED.${workerOf("UPDATED")}`, request);
    // The request that waits was made before the update.
    await sleep(500);
    await lab.publish("UPDATED", orders(12));
    await wait("all are given up", async () => (await lab.deadLetters("UPDATED")).length === 12);
    await lab.publish("UPDATED", [{ id: "last" }]);
    await wait("it is given up", async () => (await lab.deadLetters("UPDATED")).length === 13);
    assert.equal(worker.runs.filter((id) => id === "last").length, 1, "one attempt");
  });

  it("waits while its durable is paused, and goes on then", async () => {
    const worker = await work("PAUSED", async () => success);
    const until = new Date(Date.now() + 4_000).toISOString();
    await ask(lab.provisioner, `CONSUMER.PAUSE.PAUSED.${workerOf("PAUSED")}`, { pause_until: until });
    await lab.publish("PAUSED", orders(3));
    await wait("it goes on", () => worker.runs.length === 3);
    assert.ok(Date.now() >= Date.parse(until), "not before its end");
  });

  it("lanes share slots as their durables say, lend those that they do not use, and none starves", async () => {
    const send = (lane: string, count: number, as = lane) =>
      lab.publish(
        "LANES",
        ids(count, as).map((id) => ({ id })),
        lane,
      );
    await Promise.all([send("low", 100), send("new", 300), send("high", 300)]);
    const ended: string[] = [];
    const count = (name: string) => ended.filter((one) => one === name).length;
    let [alone, mostAlone] = [0, 0];
    const worker = await work(
      "LANES",
      async ({ id }) => {
        const name = id.replace(/\d+$/, "");
        if (name === "alone") mostAlone = Math.max(mostAlone, ++alone);
        await sleep(20);
        if (name === "alone") alone--;
        ended.push(name);
        return success;
      },
      { lanes: ["high", "low"].map((lane) => laneDurable("LANES", lane)) },
    );
    await wait("one lane is done", () => count("high") === 300 || count("new") === 300 || count("low") === 100);
    assert.equal(count("high"), 300, "high is the first");
    const [normal, low] = [count("new"), count("low")];
    assert.ok(low >= 25 && low < normal && normal < 300, `beside 300 of high, ${normal} of normal and ${low} of low`);
    await wait("all is done", () => ended.length === 700);
    assert.equal(worker.status.inFlight, 0);
    await send("low", 60, "alone");
    await wait("it is done", () => count("alone") === 60);
    assert.ok(mostAlone > 4 && mostAlone <= 10, `${mostAlone} at a time: the slots of the others were lent`);
  });

  it("a push durable has one worker; another one is refused until that has stopped", async () => {
    const first = await work("PUSHED", async () => success);
    await wait("it is bound", async () => (await lab.info("PUSHED")).push_bound === true);
    await assert.rejects(
      work("PUSHED", async () => success),
      /cannot bind to push durable pushed-worker of stream PUSHED: consumer is already bound.*pull durable/,
    );
    await lab.publish("PUSHED", orders(50));
    await lab.untilAcknowledged("PUSHED");
    assert.equal(first.runs.length, 50);
    await first.stop();
    await wait("it is free", async () => (await lab.info("PUSHED")).push_bound !== true);
    const second = await work("PUSHED", async () => success);
    await lab.publish("PUSHED", [{ id: "second" }]);
    await lab.untilAcknowledged("PUSHED");
    assert.deepEqual([first.runs.length, second.runs], [50, ["second"]]);
  });

  it("while the dead letters are full, messages are kept, and not run again", async () => {
    const { config } = (await ask(lab.provisioner, "STREAM.INFO.DEAD_LETTERS")) as { config: Record<string, unknown> };
    const update = (max_bytes: unknown) => ask(lab.provisioner, "STREAM.UPDATE.DEAD_LETTERS", { ...config, max_bytes });
    const { state } = (await ask(lab.provisioner, "STREAM.INFO.DEAD_LETTERS")) as { state: { bytes: number } };
    await update(state.bytes + 1);
    const metrics = createWorkerMetrics();
    const worker = await work("FULL", async () => ({ success: false, error: new Error("terminal") }), { metrics });
    await lab.publish("FULL", orders(1));
    const failed = async () =>
      /dead_letters_total\{[^}]*outcome="failed"[^}]*\} 1/.test(await metrics.registry.metrics());
    await wait("it is counted", failed);
    const { num_ack_pending: kept } = await lab.info("FULL");
    await update(config.max_bytes);
    assert.deepEqual([kept, worker.runs, await lab.deadLetters("FULL")], [1, ["m0"], []]);
  });

  it("a copy is stored once: of writers at the same time one stores it, the others find it", async () => {
    const client = jetstream(await lab.connectWorker("AGAIN"));
    const writer = createDeadLetterWriter(client);
    await lab.publish("AGAIN", orders(1));
    const consumer = await client.consumers.get("AGAIN", workerOf("AGAIN"));
    const message = (await consumer.next())!;
    const writing = Array.from({ length: 8 }, () => writer.write(message, { reason: "terminal" }));
    assert.deepEqual((await Promise.all(writing)).sort(), [...Array<string>(7).fill("exists"), "stored"]);
    assert.equal((await lab.deadLetters("AGAIN")).length, 1);
    message.term();
  });

  it("of a stream that was made again, messages with the sequences of earlier ones are copied, too", async () => {
    const client = jetstream(await lab.connectWorker("REMADE"));
    const writer = createDeadLetterWriter(client, { timeout: 2_000, wait: 50 });
    const next = async () => {
      await lab.publish("REMADE", orders(1));
      return (await (await client.consumers.get("REMADE", workerOf("REMADE"))).next())!;
    };
    const before = await next();
    assert.equal(await writer.write(before, { reason: "terminal" }), "stored");
    const { config } = (await ask(lab.provisioner, "STREAM.INFO.REMADE")) as { config: { name: string } };
    const { config: durable } = await lab.info("REMADE");
    await ask(lab.provisioner, "STREAM.DELETE.REMADE");
    await addStream(lab.provisioner, config);
    const creation = { stream_name: "REMADE", config: durable, action: "create" };
    await ask(lab.provisioner, `CONSUMER.CREATE.REMADE.${workerOf("REMADE")}`, creation);
    const after = await next();
    assert.equal(after.seq, before.seq);

    const { config: copies } = (await ask(lab.provisioner, "STREAM.INFO.DEAD_LETTERS")) as { config: object };
    await ask(lab.provisioner, "STREAM.UPDATE.DEAD_LETTERS", { ...copies, allow_direct: false });
    await assert.rejects(writer.write(after, { reason: "terminal" }), "what is there cannot be read");
    await ask(lab.provisioner, "STREAM.UPDATE.DEAD_LETTERS", copies);
    await wait("it can be read again", () =>
      writer.write(after, { reason: "terminal" }).then(
        (outcome) => outcome === "stored",
        () => false,
      ),
    );
    const later = createDeadLetterWriter(client);
    assert.equal(await later.write(after, { reason: "terminal" }), "exists");
    const times = (await lab.deadLetters("REMADE")).map(({ headers }) => headers.get(deadLetterHeader.time));
    assert.deepEqual(times, [before.timestamp, after.timestamp]);
  });

  it("what is sent again comes to the same worker, and to no other", async () => {
    const worker = await work("AGAIN", async () => success, { replays: replaysOf("AGAIN") });
    await jetstream(lab.api).publish(replaySubject("AGAIN", workerOf("AGAIN")), '{"id":"again"}');
    await wait("it runs", () => worker.runs.includes("again"));
    await wait("it is acknowledged", async () => {
      const { stream, durable } = replaysOf("AGAIN");
      return (await lab.info(stream, durable)).num_ack_pending === 0;
    });
  });

  it("of a message that is too large with the headers of its copy, the place and the reason are kept", async () => {
    await work("LARGE", async () => ({ success: false, error: new Error("terminal") }));
    const most = lab.api.info!.max_payload;
    const body = JSON.stringify({ id: "large", text: "x".repeat(most - 400) });
    await jetstream(lab.api).publish("large.new", body, { timeout: waitMs });
    await lab.untilAcknowledged("LARGE");
    const [copy] = await lab.deadLetters("LARGE");
    assert.equal(copy!.body, "");
    assert.deepEqual(
      [deadLetterHeader.body, deadLetterHeader.reason, deadLetterHeader.sequence].map((name) =>
        copy!.headers.get(name),
      ),
      ["too-large", "terminal", "1"],
    );
  });
});
