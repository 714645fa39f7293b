import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { pino } from "pino";
import { withStandardParts } from "../../../../../config/assets/standard-parts";
import { tenants } from "../../../../../tenants";
import { type ApiPorts, createApi } from "../../../../../workers/irisx/api/server";
import { priorities, subjectOf } from "../../../../../workers/irisx/messages";
import { DatabaseUnavailable } from "../../../../../workers/database/database";
import type { Delivery } from "../../../../../workers/irisx/deliveries/delivery";

const log = pino({ level: "silent" });
const uuid = /^[0-9a-f-]{36}$/;

/** The API over ports that record what they get. */
function api(change: Partial<ApiPorts> = {}) {
  const published: unknown[] = [];
  const queued: unknown[] = [];
  const server = createApi({
    publish: (channel, message) => Promise.resolve(published.push([channel, message])).then(() => undefined),
    store: {
      queued: (key) => Promise.resolve(queued.push(key)).then(() => undefined),
      find: () => Promise.resolve(undefined),
    },
    log,
    ...change,
  });
  return { server, published, queued };
}

const sms = { tenantId: "acme", to: "+12025550123", body: "Hello" };
const email = { tenantId: "acme", to: "user@example.com", subject: "Hi", body: "Hello" };
const webhook = { tenantId: "acme", url: "https://example.com/hook", event: "invoice.paid", data: { total: 12 } };

describe("HTTP API of irisx", () => {
  for (const [url, channel, body, content] of [
    ["/sms", "sms", sms, { to: sms.to, body: sms.body }],
    ["/email", "email", email, { to: ["user@example.com"], subject: "Hi", body: "Hello" }],
    ["/webhooks", "webhook", webhook, { url: webhook.url, event: webhook.event, data: webhook.data }],
  ] as const)
    it(`POST ${url} publishes and answers that it is queued`, async () => {
      const { server, published, queued } = api();
      const answer = await server.inject({ method: "POST", url, payload: body });
      const { status, id } = answer.json<{ status: string; id: string }>();
      assert.deepEqual([answer.statusCode, status, answer.headers.location], [202, "queued", `${url}/${id}`]);
      assert.match(id, uuid);
      assert.deepEqual(published, [[channel, { id, tenantId: "acme", content }]]);
      assert.deepEqual(queued, [{ channel, id, tenantId: "acme" }]);
    });

  it("publishes an SMS in the lane that is asked for; other channels have none", async () => {
    const { server, published } = api();
    const post = (url: string, payload: object) => server.inject({ method: "POST", url, payload });
    const { id } = (await post("/sms", { ...sms, priority: "high" })).json<{ id: string }>();
    const content = { to: sms.to, body: sms.body };
    assert.deepEqual(published, [["sms", { id, tenantId: "acme", content, priority: "high" }]]);
    assert.deepEqual(
      [subjectOf("sms", "high"), subjectOf("sms"), subjectOf("email")],
      ["sms.send.high", "sms.send", "email.send"],
    );
    for (const [url, payload, message] of [
      ["/sms", { ...sms, priority: "urgent" }, "expected one of high, normal, low"],
      ["/email", { ...email, priority: "high" }, "only SMS have priorities"],
    ] as const) {
      const answer = await post(url, payload);
      assert.equal(answer.statusCode, 400);
      assert.deepEqual(answer.json<{ problems: object[] }>().problems, [{ path: "priority", message }]);
    }
  });

  it("has the lanes that the tenant declares, with their subjects and durables", () => {
    const { consumers, users } = withStandardParts(tenants.irisx!);
    for (const lane of priorities.sms) {
      const durable = lane === "normal" ? "sms-worker" : `sms-worker-${lane}`;
      assert.ok(consumers[durable]!.filterSubjects!.includes(subjectOf("sms", lane)));
      assert.ok(users["sms-worker"]!.consumes!.includes(durable));
      assert.ok(users.api!.publishes!.includes(subjectOf("sms", lane)));
    }
  });

  it("takes an id of the client, so that a request can be repeated", async () => {
    const { server, published } = api();
    const id = randomUUID();
    for (let count = 0; count < 2; count++) {
      const answer = await server.inject({ method: "POST", url: "/sms", payload: { ...sms, id } });
      assert.deepEqual(answer.json(), { status: "queued", id });
    }
    assert.equal(published.length, 2);
  });

  for (const [url, body, paths] of [
    ["/sms", { tenantId: "", to: "0123", body: "", from: "x" }, ["", "body", "tenantId", "to"]],
    ["/sms", { ...sms, body: "x".repeat(1_601), id: "1" }, ["body", "id"]],
    ["/email", { to: [], subject: "two\nlines", body: 1 }, ["body", "subject", "tenantId", "to"]],
    ["/webhooks", { ...webhook, url: "ftp://example.com", event: "a b", data: [] }, ["data", "event", "url"]],
  ] as const)
    it(`POST ${url} reports every mistake at once: ${paths.join(", ")}`, async () => {
      const { server, published } = api();
      const answer = await server.inject({ method: "POST", url, payload: body });
      const { error, problems } = answer.json<{ error: string; problems: { path: string; message: string }[] }>();
      assert.deepEqual([answer.statusCode, error], [400, "invalid request"]);
      assert.deepEqual([...new Set(problems.map(({ path }) => path))].sort(), paths);
      assert.equal(published.length, 0);
    });

  it("refuses what is not JSON, and paths that there are not", async () => {
    const { server } = api();
    const headers = { "content-type": "application/json" };
    assert.equal((await server.inject({ method: "POST", url: "/sms", headers, payload: "{" })).statusCode, 400);
    assert.equal((await server.inject({ method: "POST", url: "/fax", payload: {} })).statusCode, 404);
    assert.equal((await server.inject({ method: "GET", url: "/sms/1" })).statusCode, 400);
  });

  it("answers 503 with the id where it is not certain that the message is stored", async () => {
    const { server, queued } = api({ publish: () => Promise.reject(new Error("no answer")) });
    const answer = await server.inject({ method: "POST", url: "/sms", payload: sms });
    const { error, id } = answer.json<{ error: string; id: string }>();
    assert.deepEqual([answer.statusCode, answer.headers["retry-after"]], [503, "5"]);
    assert.match(error, /repeat the request with this id/);
    assert.match(id, uuid);
    assert.equal(queued.length, 0);
  });

  it("queues although the state cannot be stored", async () => {
    const find = () => Promise.reject(new DatabaseUnavailable("down"));
    const { server } = api({ store: { queued: () => Promise.reject(new Error("down")), find } });
    assert.equal((await server.inject({ method: "POST", url: "/sms", payload: sms })).statusCode, 202);
    const answer = await server.inject({ method: "GET", url: `/sms/${randomUUID()}` });
    assert.deepEqual([answer.statusCode, answer.json()], [503, { error: "the database does not answer" }]);
  });

  it("answers 500 without details where something is wrong in itself", async () => {
    const find = () => Promise.reject(new Error("secret detail"));
    const { server } = api({ store: { queued: () => Promise.resolve(), find } });
    const answer = await server.inject({ method: "GET", url: `/sms/${randomUUID()}` });
    assert.deepEqual([answer.statusCode, answer.json()], [500, { error: "internal error; see the log" }]);
  });

  it("GET shows the state, or that there is none", async () => {
    const at = new Date(0);
    const delivery: Delivery = {
      channel: "sms",
      id: randomUUID(),
      tenantId: "acme",
      status: "sent",
      attempts: 1,
      provider: "twilio",
      createdAt: at,
      updatedAt: at,
    };
    const { server } = api({
      store: {
        queued: () => Promise.resolve(),
        find: ({ id }) => Promise.resolve(id === delivery.id ? delivery : undefined),
      },
    });
    const { channel: _channel, ...shown } = delivery;
    const answer = await server.inject({ method: "GET", url: `/sms/${delivery.id}` });
    assert.deepEqual(answer.json(), { ...shown, createdAt: at.toISOString(), updatedAt: at.toISOString() });
    const missing = await server.inject({ method: "GET", url: `/sms/${randomUUID()}` });
    assert.equal(missing.statusCode, 404);
  });

  it("asks for its token where it has one", async () => {
    const token = "t".repeat(32);
    const { server, published } = api({ token });
    const ask = (authorization?: string) =>
      server.inject({ method: "POST", url: "/sms", payload: sms, headers: authorization ? { authorization } : {} });
    for (const wrong of [undefined, token, "Bearer ", `Bearer ${token}x`, `Basic ${token}`])
      assert.equal((await ask(wrong)).statusCode, 401, wrong);
    assert.equal(published.length, 0);
    assert.equal((await ask(`Bearer ${token}`)).statusCode, 202);
  });
});
