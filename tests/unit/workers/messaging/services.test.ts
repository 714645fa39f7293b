import * as assert from "node:assert/strict";
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import {
  type Msg,
  type MsgHdrs,
  type NatsConnection,
  NoRespondersError,
  RequestError,
  TimeoutError,
} from "@nats-io/transport-node";
import { Registry } from "prom-client";
import * as z from "zod";
import {
  answers,
  createLogger,
  createWorkerMetrics,
  MessageError,
  question,
  Refusal,
  request,
  RequestFailedError,
  respond,
} from "../../../../workers/messaging";
import type { ServiceOptions } from "../../../../workers/messaging/services";
import { pollUntil } from "../../../../config/poll-until";

const double = question({
  name: "double",
  subject: "numbers.double",
  request: z.object({ value: z.number() }),
  response: z.object({ result: z.number() }),
});

const log = createLogger({ name: "test", level: "silent" });
const bytes = (data: unknown) => new TextEncoder().encode(typeof data === "string" ? data : JSON.stringify(data));

interface Answer {
  text: string;
  headers?: MsgHdrs;
}

/** A connection whose requests go straight to its subscriptions: what a server does with one client. */
function loopback() {
  const subscriptions = new Map<string, (error: Error | null, message: Msg) => void>();
  const deliver = (subject: string, data: unknown, given?: MsgHdrs): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const callback = subscriptions.get(subject);
      if (!callback) return reject(new RequestError("", { cause: new NoRespondersError(subject) }));
      const respond = (text: string | Uint8Array = "", options: { headers?: MsgHdrs } = {}) => {
        resolve({ text: typeof text === "string" ? text : new TextDecoder().decode(text), headers: options.headers });
        return true;
      };
      callback(null, { subject, data: bytes(data), headers: given, respond } as unknown as Msg);
    });
  const connection = {
    closed: () => new Promise(() => {}),
    isClosed: () => false,
    flush: () => Promise.resolve(),
    subscribe: (subject: string, { callback }: { callback: (error: Error | null, message: Msg) => void }) => {
      subscriptions.set(subject, callback);
      return { closed: new Promise(() => {}), drain: async () => subscriptions.delete(subject) };
    },
    request: async (subject: string, data: string, options: { headers?: MsgHdrs }) => {
      const { text, headers: answered } = await deliver(subject, data, options.headers);
      return { data: bytes(text), headers: answered };
    },
  };
  return { nc: connection as unknown as NatsConnection, deliver, subscriptions };
}

async function serving(
  handle: (request: { value: number }, signal: AbortSignal) => Promise<{ result: number }>,
  options: Partial<ServiceOptions> = {},
) {
  const { nc, deliver, subscriptions } = loopback();
  const metrics = createWorkerMetrics(new Registry());
  const service = await respond(nc, {
    name: "numbers",
    version: "1.2.3",
    endpoints: [answers(double, handle)],
    log,
    metrics,
    ...options,
  });
  return { nc, deliver, subscriptions, service, metrics };
}

const failure =
  (reason: string, code?: number, message?: RegExp) =>
  (error: Error): boolean => {
    assert.ok(error instanceof RequestFailedError, String(error));
    assert.deepEqual([error.reason, error.code], [reason, code]);
    if (message) assert.match(error.message, message);
    return true;
  };

describe("request and reply", () => {
  it("are typed both ways", async () => {
    const { nc, service } = await serving(async ({ value }) => ({ result: 2 * value }));
    assert.deepEqual(await request(nc, double, { value: 21 }), { result: 42 });
    assert.deepEqual(service.status, { running: true, processed: 1, errored: 0 });
  });

  it("do not send what is not a request", async () => {
    const { nc, service } = await serving(async () => ({ result: 0 }));
    await assert.rejects(request(nc, double, { value: "1" } as never), MessageError);
    assert.equal(service.status.processed, 0);
  });

  it("refuse with 400 what another client sends", async () => {
    const { deliver, service } = await serving(async () => ({ result: 0 }));
    for (const data of [{ value: "1" }, "{", ""]) {
      const { text, headers: answered } = await deliver("numbers.double", data);
      assert.deepEqual([text, answered?.get("Nats-Service-Error-Code")], ["", "400"]);
      assert.match(answered?.get("Nats-Service-Error") ?? "", /wrong message/);
    }
    assert.equal(service.status.errored, 3);
  });

  it("pass on the code and message of a refusal", async () => {
    const { nc } = await serving(async () => {
      throw new Refusal(404, "no such\r\nNats-Injected: number");
    });
    await assert.rejects(request(nc, double, { value: 1 }), failure("refused", 404, /404 no such Nats-Injected/));
  });

  it("keep to themselves what a handler throws, and answer 500", async () => {
    const { nc, service } = await serving(async () => {
      throw new Error("password");
    });
    await assert.rejects(request(nc, double, { value: 1 }), (error: Error) => {
      assert.doesNotMatch(error.message, /password/);
      return failure("refused", 500)(error);
    });
    assert.match(service.stats()[0]?.lastError ?? "", /^500 /);
  });

  it("answer 500 where the handler's answer is not what was agreed on", async () => {
    const { nc } = await serving(async () => ({ result: "2" }) as never);
    await assert.rejects(request(nc, double, { value: 1 }), failure("refused", 500));
  });

  it("do not take an answer of another form", async () => {
    const { nc, subscriptions } = loopback();
    subscriptions.set("numbers.double", (_error, message) => void message.respond('{"result":"2"}'));
    await assert.rejects(request(nc, double, { value: 1 }), failure("invalid-response", undefined, /result: /));
  });

  it("answer 504 where the handler is late, and tell it", async () => {
    let aborted: unknown;
    const { nc } = await serving(
      (_request, signal) =>
        new Promise(() => {
          signal.addEventListener("abort", () => {
            aborted = signal.reason;
          });
        }),
      { timeout: 20 },
    );
    await assert.rejects(request(nc, double, { value: 1 }), failure("refused", 504, /not answered within 20 ms/));
    assert.ok(aborted instanceof Refusal);
  });

  it("answer 503 where too many are handled", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const handle = () => held.then(() => ({ result: 1 }));
    const { nc } = await serving(handle, { concurrency: 1 });
    const first = request(nc, double, { value: 1 });
    await assert.rejects(request(nc, double, { value: 1 }), failure("refused", 503));
    release();
    assert.deepEqual(await first, { result: 1 });
    assert.deepEqual(await request(nc, double, { value: 1 }), { result: 1 });
  });

  it("say why there is no answer", async () => {
    const { nc } = loopback();
    await assert.rejects(request(nc, double, { value: 1 }), failure("no-responders", undefined, /no service listens/));
    const failing = (error: Error) => ({ request: () => Promise.reject(error) }) as unknown as NatsConnection;
    const late = request(failing(new TimeoutError()), double, { value: 1 }, { timeout: 70 });
    await assert.rejects(late, failure("timeout", undefined, /within 70 ms/));
    await assert.rejects(request(failing(new TypeError("other")), double, { value: 1 }), TypeError);
  });

  it("count requests by status, on both sides", async () => {
    const { nc, metrics } = await serving(async ({ value }) => {
      if (value === 0) throw new Refusal(422, "zero");
      return { result: value };
    });
    for (const value of [1, 2, 0]) await request(nc, double, { value }, { metrics }).catch(() => undefined);
    const text = await metrics.registry.metrics();
    assert.match(text, /nats_request_duration_seconds_count\{status="success"\} 2/);
    assert.match(text, /nats_request_duration_seconds_count\{status="refused"\} 1/);
    const labels = 'service="numbers",endpoint="double",status';
    assert.ok(text.includes(`nats_service_request_duration_seconds_count{${labels}="success"} 2`), text);
    assert.ok(text.includes(`nats_service_request_duration_seconds_count{${labels}="refused"} 1`));
  });

  it("report to NATS tools what asynchronous handlers took, and their errors", async () => {
    const { nc, deliver, service } = await serving(async ({ value }) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (value === 0) throw new Refusal(422, "zero");
      return { result: value };
    });
    for (const value of [1, 0]) await request(nc, double, { value }).catch(() => undefined);
    interface Stats {
      name: string;
      id: string;
      version: string;
      endpoints: Record<string, unknown>[];
    }
    const stats = JSON.parse((await deliver("$SRV.STATS.numbers", "")).text) as Stats;
    assert.deepEqual([stats.name, stats.id, stats.version], ["numbers", service.id, "1.2.3"]);
    const [{ processing_time, average_processing_time, ...endpoint } = {}] = stats.endpoints;
    assert.deepEqual(endpoint, {
      name: "double",
      subject: "numbers.double",
      queue_group: "q",
      num_requests: 2,
      num_errors: 1,
      last_error: "422 zero",
    });
    assert.ok(Number(processing_time) > 30_000_000, String(processing_time));
    assert.equal(average_processing_time, Math.round(Number(processing_time) / 2));
  });

  it("answer what they have taken before they stop", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const { nc, service } = await serving(() => held.then(() => ({ result: 1 })));
    const asked = request(nc, double, { value: 1 });
    let stopped = false;
    const stop = service.stop().then(() => (stopped = true));
    assert.equal(await pollUntil(() => !service.status.running, 5_000), true);
    await assert.rejects(request(nc, double, { value: 2 }), failure("no-responders"));
    assert.equal(stopped, false);
    release();
    assert.deepEqual(await asked, { result: 1 });
    await stop;
  });

  it("fail to start under a name that is none", async () => {
    await assert.rejects(
      serving(async () => ({ result: 1 }), { name: "no.dots" }),
      /name/,
    );
  });

  it("are in one trace", async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    try {
      const span = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };
      let seen: unknown;
      const { nc } = await serving(async () => {
        seen = trace.getActiveSpan()?.spanContext().traceId;
        return { result: 1 };
      });
      const active = trace.setSpanContext(context.active(), span);
      await context.with(active, () => request(nc, double, { value: 1 }));
      assert.equal(seen, span.traceId);
    } finally {
      context.disable();
      propagation.disable();
    }
  });
});
