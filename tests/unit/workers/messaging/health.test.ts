import * as assert from "node:assert/strict";
import { mock } from "node:test";
import {
  type ConsumerStatus,
  createLogger,
  createWorkerMetrics,
  type Dependency,
  type HealthSource,
  type HealthStatus,
  startHealthServer,
} from "../../../../workers/messaging";

const log = createLogger({ name: "test", level: "silent" });
const metrics = createWorkerMetrics();

describe("health server", () => {
  let server: Awaited<ReturnType<typeof startHealthServer>>;
  let accepting: boolean;
  let connected: boolean;
  let consumers: Record<string, ConsumerStatus>;
  let dependencies: Record<string, Dependency>;
  let maxMemory: number | undefined;

  beforeEach(async () => {
    [accepting, connected, maxMemory] = [true, true, undefined];
    consumers = {
      "sms-worker": { running: true, processed: 5, errored: 1 },
      "email-worker": { running: true, processed: 2, errored: 0 },
    };
    dependencies = { database: { check: async () => undefined } };
    const health: HealthSource = {
      accepting: () => accepting,
      connection: () => ({ connected, server: "127.0.0.1:4222" }),
      consumers: () => consumers,
      dependencies: () => dependencies,
      get maxMemory() {
        return maxMemory;
      },
    };
    server = await startHealthServer({ port: 0, health, metrics, log });
  });
  afterEach(() => {
    mock.restoreAll();
    return server.close();
  });

  const get = async (path: string, method = "GET") => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    return { code: response.status, type: response.headers.get("content-type"), text: await response.text() };
  };
  const ready = async () => {
    const { code, text } = await get("/readyz");
    return { code, ...(JSON.parse(text) as { ready: boolean }) };
  };
  const status = async () => JSON.parse((await get("/health")).text) as HealthStatus;

  it("answers /health and /healthz with checks and totals", async () => {
    for (const path of ["/health", "/healthz"]) {
      const { code, type, text } = await get(path);
      assert.deepEqual([code, type], [200, "application/json"]);
      const body = JSON.parse(text) as HealthStatus;
      assert.deepEqual(Object.keys(body), ["status", "timestamp", "mode", "checks", "stats"]);
      assert.deepEqual([body.status, body.mode], ["healthy", "nats"]);
      assert.ok(Math.abs(body.timestamp - Date.now()) < 60_000);
      assert.deepEqual(body.checks.nats, { ok: true, server: "127.0.0.1:4222" });
      assert.deepEqual(body.checks.consumers, { ok: true, consumers });
      assert.deepEqual(body.checks.redis, { ok: true, used: false });
      assert.deepEqual(body.checks.database, { ok: true });
      assert.equal(body.checks.memory.ok, true);
      assert.ok(body.stats.uptime > 0);
      assert.deepEqual([body.stats.totalMessagesProcessed, body.stats.totalMessagesErrored], [7, 1]);
    }
  });

  it("answers /ready and /readyz with nothing but whether it is ready", async () => {
    for (const path of ["/ready", "/readyz?from=kubelet"]) {
      const { code, text } = await get(path);
      assert.deepEqual([code, text], [200, '{"ready":true}']);
    }
  });

  const failures: Record<string, () => void> = {
    "it is not connected": () => (connected = false),
    "a consumer does not run": () => (consumers["sms-worker"]!.running = false),
    "a consumer waits for what it depends on": () => (consumers["sms-worker"]!.unavailable = "503"),
    "a dependency does not answer": () => (dependencies = { database: { check: () => new Promise(() => {}) } }),
    "a dependency is not reachable": () => (dependencies = { redis: { check: () => Promise.reject(new Error("no")) } }),
    "it has no memory left": () => (maxMemory = 1),
  };
  for (const [what, fail] of Object.entries(failures))
    it(`is alive and not ready where ${what}`, async () => {
      fail();
      assert.deepEqual(await ready(), { code: 503, ready: false });
      const { code, text } = await get("/healthz");
      assert.deepEqual([code, (JSON.parse(text) as HealthStatus).status], [200, "unhealthy"]);
    });

  it("is not ready before it has started and while it stops, and healthy all the same", async () => {
    accepting = false;
    assert.deepEqual(await ready(), { code: 503, ready: false });
    assert.equal((await status()).status, "healthy");
  });

  it("says why a dependency is not reachable, without secrets, and asks it once a second", async () => {
    mock.method(Date, "now", () => 1_000_000);
    let asked = 0;
    const check = () => Promise.reject(new Error(`postgres://app:hunter22@db refused ${++asked}`));
    dependencies = { redis: { check } };
    const [first, second] = [await status(), await status()];
    assert.deepEqual(first.checks.redis, { ok: false, error: "postgres://[redacted]@db refused 1" });
    assert.deepEqual([second.checks.redis, asked], [first.checks.redis, 1]);
  });

  it("says of a dependency that the process has only a stand-in for it", async () => {
    dependencies = { redis: { check: () => Promise.resolve(), used: false } };
    assert.deepEqual((await status()).checks.redis, { ok: true, used: false });
  });

  it("serves metrics for Prometheus", async () => {
    metrics.reconnects.inc();
    const { code, type, text } = await get("/metrics");
    assert.deepEqual([code, type], [200, metrics.registry.contentType]);
    assert.match(text, /^nats_connection_reconnects_total \d/m);
  });

  it("refuses other paths and methods", async () => {
    assert.equal((await get("/other")).code, 404);
    assert.equal((await get("/constructor")).code, 404);
    assert.equal((await get("/ready", "POST")).code, 405);
    assert.deepEqual(await get("/ready", "HEAD").then(({ code, text }) => [code, text]), [200, ""]);
  });

  it("answers 500 where it fails itself, and goes on", async () => {
    const broken = {
      accepting: () => true,
      connection: () => ({ connected }),
      consumers: () => {
        throw new Error("broken");
      },
    };
    const other = await startHealthServer({ port: 0, health: broken, metrics, log });
    try {
      for (const route of ["/ready", "/ready"])
        assert.equal((await fetch(`http://127.0.0.1:${other.port}${route}`)).status, 500);
    } finally {
      await other.close();
    }
  });

  it("fails where its port is taken", async () => {
    const health: HealthSource = { accepting: () => true, connection: () => ({ connected }), consumers: () => ({}) };
    await assert.rejects(startHealthServer({ port: server.port, health, metrics, log }), { code: "EADDRINUSE" });
  });
});
