import assert from "node:assert/strict";
import { mock } from "node:test";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import type { JsMsg } from "@nats-io/jetstream";
import type { Durable } from "../../../../../workers/messaging/consumer/durable";
import { PullSource } from "../../../../../workers/messaging/consumer/pull";
import { FakeJetStream } from "../../../../support/fake-jetstream";
import { waitMs } from "../../../../support/limits";

const durable = { stream: "ORDERS", name: "worker" } as Durable;

/** A source for a number of slots, whose messages are finished when the test says so. */
function sourceOf(slots: number, server: FakeJetStream, servedUnheard = 0) {
  const inHand: JsMsg[] = [];
  const doubts: string[] = [];
  const events = {
    message: (message: JsMsg) => inHand.push(message),
    doubt: (why: string) => doubts.push(why),
    room: () => slots - inHand.length,
  };
  const source = new PullSource(server.connection, "$JS.API", () => durable, events, servedUnheard);
  return { source, inHand, doubts };
}

describe("pull requests", () => {
  afterEach(() => mock.restoreAll());

  it("ask for the free slots, then for those that become free", async () => {
    const server = new FakeJetStream();
    const { source, inHand } = sourceOf(10, server);
    source.refill();
    await nextTurn();
    assert.deepEqual(
      server.requests.map(({ batch }) => batch),
      [10],
    );
    for (let message = 0; message < 4; message++) server.add("{}");
    inHand.splice(0, 3);
    source.refill();
    source.refill();
    await nextTurn();
    assert.deepEqual(
      server.requests.map(({ batch }) => batch),
      [10, 3],
      "one request for what became free together",
    );
    await source.stop();
  });

  it("ask at once for as many as are worth a request, while others that came with them are looked at", async () => {
    const server = new FakeJetStream();
    const { source, inHand } = sourceOf(100, server);
    source.refill();
    await nextTurn();
    for (let message = 0; message < 100; message++) server.add("{}");
    const finish = (count: number) => {
      inHand.splice(0, count);
      source.refill();
      return server.requests.map(({ batch }) => batch);
    };
    assert.deepEqual(finish(19), []);
    assert.deepEqual(finish(1), [20]);
    assert.deepEqual(finish(19), [20]);
    assert.deepEqual(finish(1), [20, 20]);
    for (let message = 0; message < 40; message++) server.add("{}");
    await source.stop();
  });

  it("have a message's place, time and deliveries", async () => {
    const server = new FakeJetStream();
    const { source, inHand } = sourceOf(1, server);
    source.refill();
    await nextTurn();
    server.add("{}");
    const [message] = inHand;
    assert.deepEqual(
      [message!.info.stream, message!.info.consumer, message!.info.deliveryCount, message!.seq, message!.info.pending],
      ["ORDERS", "worker", 1, 1, 7],
    );
    assert.equal(message!.timestampNanos, 1_700_000_000_000_000_001n);
    assert.equal(message!.timestamp, "2023-11-14T22:13:20.000Z");
    await source.stop();
  });

  it("are listened for as long as the server may serve them after the stop", async () => {
    let now = 0;
    mock.method(Date, "now", () => now);
    const server = new FakeJetStream();
    const served = 60_000;
    const { source, inHand } = sourceOf(2, server, served);
    source.refill();
    await nextTurn();
    const stopped = source.stop();
    now = served - 1;
    // It looks at the time again and again.
    await sleep(50);
    assert.equal(server.subscriptions, 1, "until then it may still be served");
    server.add("{}");
    assert.equal(inHand.length, 1, "what comes meanwhile is received");
    now = served + 200;
    await stopped;
    assert.equal(server.subscriptions, 0);
    assert.equal(server.requests.length, 1, "and no more is asked for");
  });

  it("are not waited for when all that was asked for has come", async () => {
    const server = new FakeJetStream();
    const { source } = sourceOf(1, server, 3_600_000);
    source.refill();
    await nextTurn();
    server.add("{}");
    await source.stop();
    assert.equal(server.subscriptions, 0);
  });

  it("never bring more than there are slots, and end only when all are used, in whatever order they end", async () => {
    let now = 0;
    mock.method(Date, "now", () => now);
    const steps = fc.array(fc.constantFrom("deliver", "finish", "expire", "heartbeat"), {
      maxLength: 80,
      size: "max",
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 20 }), steps, async (slots, all) => {
        const server = new FakeJetStream();
        const { source, inHand } = sourceOf(slots, server);
        source.refill();
        await nextTurn();
        for (const step of all) {
          if (step === "finish") {
            inHand.shift();
            source.refill();
          } else if (step === "deliver") {
            if (server.open > 0) server.add("{}");
          } else server[step]();
          await nextTurn();
          assert.ok(inHand.length + server.open <= slots, `${step}: ${inHand.length} and ${server.open} of ${slots}`);
          assert.ok(server.open > 0 || inHand.length === slots, `${step}: nothing is asked for`);
        }
        const stopped = source.stop();
        while (server.open > 0) server.expire();
        now += 1_000;
        await stopped;
      }),
      {
        numRuns: 100,
        examples: [
          // A slot becomes free while most of them are asked for, and no message ends after that.
          [5, ["deliver", "finish", "deliver", "deliver", "deliver", "deliver"]],
          // A request ends whose messages were counted for one that was forgotten since.
          [
            5,
            ["deliver", "finish", "deliver", "finish", "deliver", "deliver", "finish", "finish", "deliver", "expire"],
          ],
        ],
      },
    );
  });

  it("are not taken for lost while messages come, though the server then reports nothing else", async () => {
    let now = 0;
    mock.method(Date, "now", () => now);
    const server = new FakeJetStream();
    const slots = 100;
    const { source, inHand, doubts } = sourceOf(slots, server);
    source.refill();
    // Longer than a request may be silent, and fewer messages than another request would be made for.
    for (let message = 0; message < 20; message++) {
      now += 200;
      server.add("{}");
      assert.ok(inHand.length + server.open <= slots, `${inHand.length} and ${server.open} of ${slots}`);
    }
    // It looks for silent requests once a second.
    await sleep(1_500);
    assert.deepEqual([doubts, server.requests.length], [[], 1]);
    mock.restoreAll();
    await source.stop();
  }).timeout(waitMs);

  it("are over when the server must have ended them, though messages of another are counted for them", async () => {
    let now = 0;
    mock.method(Date, "now", () => now);
    const server = new FakeJetStream();
    const { source, inHand, doubts } = sourceOf(10, server);
    source.refill();
    await nextTurn();
    for (let message = 0; message < 5; message++) server.add("{}");
    inHand.length = 0;
    now = 4_000;
    source.refill();
    await nextTurn();
    // The first request is lost; what the second brings is counted for the first, the oldest.
    server.requests.shift();
    now = 7_000;
    server.heartbeat();
    for (let message = 0; message < 3; message++) server.add("{}");
    now = 7_600;
    const batches = () => server.requests.map(({ batch }) => batch);
    while (batches().length < 2) await sleep(20);
    assert.deepEqual([batches(), doubts], [[5, 2], []], "its slots are asked for again");
    server.requests.length = 0;
    source.renew();
    await source.stop();
  }).timeout(waitMs);

  it("are forgotten, and the durable looked up, when the server reports that it was deleted", async () => {
    const server = new FakeJetStream();
    const { source, doubts } = sourceOf(3, server);
    source.refill();
    await nextTurn();
    const { reply } = server.requests.pop()!;
    server.report(reply, 409, "Consumer Deleted");
    assert.deepEqual(doubts, ["409 consumer deleted"]);
    source.renew();
    await nextTurn();
    assert.equal(server.open, 0, "not at once");
    await source.stop();
  });

  it("that reach no durable several times in a row are doubted, and so is one larger than is allowed", async () => {
    const server = new FakeJetStream();
    const { source, doubts } = sourceOf(3, server);
    source.refill();
    await nextTurn();
    const { reply } = server.requests.pop()!;
    const report = (code: number, description: string) => server.report(reply, code, description);
    for (let times = 0; times < 3; times++) report(503, "No Responders");
    report(408, "Request Timeout");
    for (let times = 0; times < 3; times++) report(503, "No Responders");
    assert.deepEqual(doubts, [], "a leader that moves");
    report(503, "No Responders");
    assert.equal(doubts.length, 1);
    report(409, "Exceeded MaxWaiting");
    assert.equal(doubts.length, 1);
    report(409, "Exceeded MaxRequestBatch of 2");
    assert.equal(doubts.length, 2);
    await source.stop();
  });
});
