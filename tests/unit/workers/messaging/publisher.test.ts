import * as assert from "node:assert/strict";
import { mock } from "node:test";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { context, propagation, trace, TraceFlags } from "@opentelemetry/api";
import { jetstream, JetStreamApiError } from "@nats-io/jetstream";
import {
  headers,
  InvalidSubjectError,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  NoRespondersError,
  type Payload,
  PermissionViolationError,
  RequestError,
  TimeoutError,
} from "@nats-io/transport-node";
import { Registry } from "prom-client";
import {
  createPublisher,
  createWorkerMetrics,
  type PublisherOptions,
  UnacknowledgedError,
} from "../../../../workers/messaging";
import { pollUntil } from "../../../../config/poll-until";

interface Sent {
  subject: string;
  data: Payload | undefined;
  headers: MsgHdrs;
}

type Answer = object | Error | Promise<object>;

/** A publisher whose messages are answered from a list, the last answer again and again. */
function publishing(answers: Answer[], options: PublisherOptions = {}) {
  const sent: Sent[] = [];
  const state = { connected: true, closed: false };
  const connection = {
    options: {},
    get info() {
      return state.connected ? {} : undefined;
    },
    isClosed: () => state.closed,
    request: async (subject: string, data: Payload | undefined, { headers }: { headers: MsgHdrs }) => {
      const answer = answers[Math.min(sent.length, answers.length - 1)]!;
      sent.push({ subject, data, headers });
      if (answer instanceof Error) throw answer;
      const encoded = new TextEncoder().encode(JSON.stringify(await answer));
      return { data: encoded } as unknown as Msg;
    },
  };
  const metrics = createWorkerMetrics(new Registry());
  const js = jetstream(connection as unknown as NatsConnection);
  return { publisher: createPublisher(js, { metrics, ...options }), sent, state, metrics };
}

const stored = { stream: "S", seq: 1 };
const refused = (err_code: number) => ({ error: { code: 400, err_code, description: "refused" } });
const noResponders = () => new RequestError("", { cause: new NoRespondersError("a") });

describe("publisher", () => {
  afterEach(() => mock.restoreAll());

  const published = async (metrics: ReturnType<typeof createWorkerMetrics>): Promise<Record<string, number>> => {
    const { values } = await metrics.published.get();
    return Object.fromEntries(values.map(({ labels, value }) => [String(labels.status), value]));
  };

  it("sends id, expectations and headers, and leaves the caller's headers as they are", async () => {
    const { publisher, sent } = publishing([stored]);
    const own = headers();
    own.append("Kind", "a");
    own.append("Kind", "b");
    const expect = { streamName: "S", lastSequence: 4, lastSubjectSequence: 0, lastMsgID: "before" };
    const answer = await publisher.publish("a.b", { n: 1 }, { id: "one", headers: own, expect });
    assert.deepEqual([answer.seq, answer.duplicate], [1, false]);
    const [message] = sent;
    assert.deepEqual([message!.subject, message!.data], ["a.b", '{"n":1}']);
    const sentHeaders = message!.headers.keys().map((name) => [name, message!.headers.values(name)]);
    assert.deepEqual(Object.fromEntries(sentHeaders), {
      Kind: ["a", "b"],
      "Nats-Msg-Id": ["one"],
      "Nats-Expected-Stream": ["S"],
      "Nats-Expected-Last-Sequence": ["4"],
      "Nats-Expected-Last-Subject-Sequence": ["0"],
      "Nats-Expected-Last-Msg-Id": ["before"],
    });
    assert.deepEqual(own.keys(), ["Kind"]);
  });

  it("sends bytes and text as they are, and refuses a message without an id", async () => {
    const { publisher, sent } = publishing([stored]);
    const data = new Uint8Array([1]);
    await publisher.publish("a", data, { id: "1" });
    await publisher.publish("a", "text", { id: "2" });
    assert.deepEqual(
      sent.map((message) => message.data),
      [data, "text"],
    );
    await assert.rejects(publisher.publish("a", "", { id: "" }), RangeError);
    assert.equal(sent.length, 2);
  });

  const unanswered: Record<string, () => Answer> = {
    "an answer": () => new TimeoutError(),
    "a leader": noResponders,
    "its connection": () => new RequestError("disconnected"),
    "a decision of the server": () => refused(10_164),
  };
  for (const [what, answer] of Object.entries(unanswered))
    it(`sends a message again that was left without ${what}, with the same id`, async () => {
      const { publisher, sent, metrics } = publishing([answer(), answer(), { ...stored, duplicate: true }]);
      const { duplicate } = await publisher.publish("a", "x", { id: "one" });
      assert.equal(duplicate, true);
      assert.deepEqual(
        sent.map((message) => message.headers.values("Nats-Msg-Id")),
        [["one"], ["one"], ["one"]],
      );
      assert.deepEqual(await published(metrics), { duplicate: 1 });
      assert.equal((await metrics.publishRetries.get()).values[0]?.value, 2);
    });

  const decided: Record<string, () => Answer> = {
    "the stream refused": () => refused(10_071),
    "a full stream refused": () => refused(10_077),
    "the user may not publish": () =>
      new RequestError("", { cause: new PermissionViolationError("no", "publish", "a") }),
    "has no valid subject": () => new InvalidSubjectError("a b"),
  };
  for (const [what, answer] of Object.entries(decided))
    it(`sends once what ${what}`, async () => {
      const { publisher, sent, metrics } = publishing([answer()]);
      await assert.rejects(publisher.publish("a", "x", { id: "one" }), (error: Error) => {
        const { err_code } = (answer() as ReturnType<typeof refused>).error ?? {};
        return err_code === undefined || (error instanceof JetStreamApiError && error.code === err_code);
      });
      assert.equal(sent.length, 1);
      assert.deepEqual(await published(metrics), { refused: 1 });
    });

  it("leaves it to the caller after the duplicate window", async () => {
    const { publisher, sent, metrics } = publishing([noResponders()], { duplicateWindow: 900 });
    mock.method(Date, "now", () => 300 * sent.length);
    const started = Date.now();
    await assert.rejects(publisher.publish("a", "x", { id: "one" }), (error: Error) => {
      assert.ok(error instanceof UnacknowledgedError);
      assert.deepEqual([error.subject, error.id, error.attempts], ["a", "one", sent.length]);
      assert.ok(error.cause instanceof Error);
      assert.match(error.message, /a, id one: no acknowledgement of \d attempts within \d+ ms; it may be stored/);
      return true;
    });
    assert.ok(sent.length > 1);
    assert.ok(Date.now() - started >= 600);
    assert.deepEqual(await published(metrics), { unacknowledged: 1 });
  });

  it("sends nothing that would leave after the window: not while the connection is lost", async () => {
    const { publisher, sent, state } = publishing([stored], { duplicateWindow: 600 });
    state.connected = false;
    await assert.rejects(publisher.publish("a", "x", { id: "one" }), (error: Error) => {
      assert.ok(error instanceof UnacknowledgedError);
      assert.equal(error.attempts, 0);
      assert.match(error.message, /not connected for \d+ ms; it was not sent/);
      return true;
    });
    assert.deepEqual(sent, []);
  });

  it("waits for the next connection", async () => {
    const { publisher, sent, state } = publishing([stored]);
    state.connected = false;
    const waiting = publisher.publish("a", "x", { id: "one" });
    setTimeout(() => (state.connected = true), 50);
    assert.equal((await waiting).seq, 1);
    assert.equal(sent.length, 1);
  });

  it("fails at once where the connection is closed", async () => {
    const { publisher, state } = publishing([new TimeoutError()]);
    Object.assign(state, { connected: false, closed: true });
    await assert.rejects(publisher.publish("a", "x", { id: "one" }), /connection is closed/);
    state.connected = true;
    await assert.rejects(publisher.publish("a", "x", { id: "one" }), TimeoutError);
  });

  it("has no more in flight than it may, first come first served, and says when there is room", async () => {
    const acknowledge: ((answer: object) => void)[] = [];
    const answers = Array.from({ length: 4 }, () => new Promise<object>((resolve) => acknowledge.push(resolve)));
    const { publisher, sent, metrics } = publishing(answers, { maxInFlight: 2 });
    const publishAs = (id: string) => publisher.publish("a", id, { id });
    const all = ["1", "2", "3"].map(publishAs);
    let hasRoom = false;
    const room = publisher.ready().then(() => (hasRoom = true));
    const last = publishAs("4");
    let isFlushed = false;
    const flushed = publisher.flush().then(() => (isFlushed = true));
    const idsSent = () => sent.map(({ data }) => data).join("");
    const inFlight = async () => (await metrics.publishing.get()).values[0]?.value;

    await pollUntil(() => sent.length === 2, 5_000);
    assert.deepEqual([idsSent(), hasRoom, await inFlight()], ["12", false, 2]);
    acknowledge[1]!(stored);
    await pollUntil(() => sent.length === 3, 5_000);
    assert.deepEqual([idsSent(), hasRoom], ["123", false]);
    acknowledge[0]!(stored);
    await room;
    await pollUntil(() => sent.length === 4, 5_000);
    assert.deepEqual([idsSent(), isFlushed], ["1234", false]);
    for (const answer of acknowledge) answer(stored);
    await Promise.all([...all, last, flushed]);
    assert.equal(await inFlight(), 0);
  });

  it("is ready at once where there is room", async () => {
    const { publisher } = publishing([stored]);
    await publisher.ready();
    await publisher.flush();
  });

  describe("in a trace", () => {
    const span = {
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      traceFlags: TraceFlags.SAMPLED,
    };
    const active = () => trace.setSpanContext(context.active(), span);

    before(() => {
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    });
    after(() => {
      context.disable();
      propagation.disable();
    });

    it("passes it on", async () => {
      const { publisher, sent } = publishing([stored]);
      await context.with(active(), () => publisher.publish("a", "x", { id: "one" }));
      assert.equal(sent[0]?.headers.get("traceparent"), `00-${span.traceId}-${span.spanId}-01`);
    });

    it("keeps one that the caller gives", async () => {
      const { publisher, sent } = publishing([stored]);
      const own = headers();
      own.set("traceparent", "00-other");
      await context.with(active(), () => publisher.publish("a", "x", { id: "one", headers: own }));
      assert.deepEqual(sent[0]?.headers.values("traceparent"), ["00-other"]);
    });
  });
});
