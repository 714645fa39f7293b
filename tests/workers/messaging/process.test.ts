import * as assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as http from "node:http";
import * as path from "node:path";
import { json } from "node:stream/consumers";
import { jetstream } from "@nats-io/jetstream";
import { context, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import type { NatsConnection } from "@nats-io/transport-node";
import { Gauge } from "prom-client";
import * as z from "zod";
import type { ConsumerAsset } from "../../../config/assets/asset";
import { assetsOf } from "../../../config/assets/assets";
import { pollUntil } from "../../../config/poll-until";
import type { TenantSpec } from "../../../config/schema/tenant";
import {
  answers,
  BaseNatsConsumer,
  createLogger,
  createPublisher,
  createResponder,
  findServices,
  question,
  request,
  RequestFailedError,
  respond,
  startWorker,
  workerExitCode,
} from "../../../workers/messaging";
import { accountsText, ask, createConsumer, createStream, localEnvironment } from "../../support/accounts";
import { serversMs, waitMs } from "../../support/limits";
import { startSupercluster, type Supercluster } from "../../support/nats";
import { claimPorts } from "../../support/ports";

const pulled: TenantSpec["consumers"][string] = {
  mode: "pull",
  streams: ["ORDERS"],
  ackPolicy: "explicit",
  ackWait: "1m",
  maxDeliver: 5,
  deliverPolicy: "all",
};

const tenant: TenantSpec = {
  name: "shop",
  home: "iad",
  streams: {
    ORDERS: {
      subjects: ["orders.>"],
      retention: "workqueue",
      storage: "file",
      replicas: 1,
      maxAge: "1d",
      maxBytes: "16MiB",
      discard: "new",
    },
  },
  consumers: {
    packer: { ...pulled, filterSubjects: ["orders.*"] },
    // Created by a test.
    returner: { ...pulled, filterSubjects: ["orders.returned.*"] },
  },
  users: {
    api: { publishes: ["orders.>"], requests: ["prices.get", "$SRV.STATS.prices"] },
    packer: { consumes: ["packer", "returner"], responds: { service: "prices", endpoints: ["prices.get"] } },
    stranger: {},
  },
};

const price = question({
  name: "get",
  subject: "prices.get",
  request: z.object({ sku: z.string() }),
  response: z.object({ cents: z.int() }),
});

const log = createLogger({ name: "test", level: "silent" });

describe("worker with real servers, as the users of a tenant", () => {
  let cluster: Supercluster;
  let admin: NatsConnection;
  let api: NatsConnection;
  let returner: ConsumerAsset;

  before(async function () {
    this.timeout(serversMs);
    const environment = localEnvironment({ regions: ["iad"], servers: 3 });
    const tenants = { shop: tenant };
    cluster = await startSupercluster({ regions: ["iad"], servers: 3, accounts: accountsText(environment, tenants) });
    admin = await connectAs("provisioner");
    const { streams, consumers } = assetsOf(environment, tenants);
    for (const stream of streams) await createStream(admin, stream);
    returner = consumers.find(({ name }) => name === "returner")!;
    for (const consumer of consumers) if (consumer !== returner) await createConsumer(admin, consumer);
    api = await connectAs("api");
  });
  after(async function () {
    this.timeout(serversMs);
    for (const connection of [admin, api]) await connection?.close();
    await cluster?.stop();
  });

  const connectAs = (user: string) =>
    cluster.connect(`shop-${user}`, {
      inboxPrefix: `_INBOX_${user}`,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
    });

  const publishOrder = (order: string) => jetstream(api).publish(`orders.${order}`, JSON.stringify({ order }));

  const environmentOf = (user: string) => ({
    NATS_URL: cluster.urls().join(","),
    NATS_USER: `shop-${user}`,
    NATS_PASSWORD: `shop-${user}`,
    NATS_CA: cluster.identity.clientCa,
    NATS_INBOX_PREFIX: `_INBOX_${user}`,
    HEALTH_PORT: "0",
  });

  /** Starts the process of a worker, as user `packer`. */
  function start(program: readonly string[], more: Record<string, string>) {
    const child = spawn(process.execPath, ["-r", "./tools/runtime.cjs", ...program], {
      cwd: path.join(__dirname, "../../.."),
      env: { ...process.env, ...environmentOf("packer"), ...more },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    return {
      kill: (signal: NodeJS.Signals) => child.kill(signal),
      code: once(child, "close").then(([code]) => code as number | null),
      wrote: async (text: string) => assert.ok(await pollUntil(() => output.includes(text), waitMs), output),
    };
  }

  /** Asks, again while the servers are still to hear that the service listens. */
  const priceOf = (sku: string) =>
    pollUntil(
      () =>
        request(api, price, { sku }).catch((error: unknown) => {
          if (error instanceof RequestFailedError && error.reason === "no-responders") return undefined;
          throw error;
        }),
      waitMs,
    );

  const unfinished = async (): Promise<number> => {
    const info = await ask(admin, "CONSUMER.INFO.ORDERS.packer");
    return Number(info.num_pending) + Number(info.num_ack_pending);
  };

  class Packer extends BaseNatsConsumer<{ order: string }> {
    readonly packed: string[] = [];
    readonly begun: string[] = [];
    readonly traces = new Map<string, string | undefined>();
    release = () => {};
    private readonly released = new Promise<void>((resolve) => (this.release = resolve));

    async processMessage({ order }: { order: string }) {
      this.begun.push(order);
      this.traces.set(order, trace.getActiveSpan()?.spanContext().traceId);
      if (order === "slow") await this.released;
      this.packed.push(order);
      return { success: true };
    }
  }

  describe("service", () => {
    it("answers the users that may ask, shares requests, and is found with its numbers", async () => {
      const served: string[] = [];
      const options = (id: string) => ({
        name: "prices",
        version: "1.0.0",
        endpoints: [
          answers(price, async ({ sku }) => {
            served.push(id);
            if (sku === "none") throw new Error("no such");
            return { cents: sku.length };
          }),
        ],
        log,
      });
      const connections = await Promise.all([connectAs("packer"), connectAs("packer")]);
      const services = await Promise.all(connections.map((nc, index) => respond(nc, options(`${index}`))));
      try {
        for (let count = 1; count <= 20; count++) assert.deepEqual(await priceOf("x".repeat(count)), { cents: count });
        await assert.rejects(
          request(api, price, { sku: "none" }),
          (error: Error) => error instanceof RequestFailedError && error.code === 500,
        );
        assert.deepEqual([...new Set(served)].sort(), ["0", "1"], "requests were not shared");

        const found = await findServices(api, { name: "prices" });
        assert.deepEqual(found.map(({ id }) => id).sort(), services.map(({ id }) => id).sort());
        const endpoints = found.flatMap((service) => service.endpoints);
        const sum = (of: "requests" | "errors") => endpoints.reduce((total, endpoint) => total + endpoint[of], 0);
        assert.deepEqual([sum("requests"), sum("errors")], [21, 1]);
        assert.deepEqual([...new Set(endpoints.map(({ subject }) => subject))], ["prices.get"]);
      } finally {
        for (const service of services) await service.stop();
        for (const connection of connections) await connection.close();
      }
      // Until the requester's server hears of the end, it passes requests on to where nothing takes them.
      const isUnheard = () =>
        request(api, price, { sku: "x" }, { timeout: 1_000 }).then(
          () => assert.fail("answered after the stop"),
          (error: unknown) => {
            assert.ok(error instanceof RequestFailedError);
            assert.match(error.reason, /^(no-responders|timeout)$/);
            return error.reason === "no-responders";
          },
        );
      assert.ok(await pollUntil(isUnheard, waitMs));
      assert.deepEqual(await findServices(api, { name: "prices", wait: 200 }), []);
    });

    it("does not start as a user that may not respond", async () => {
      const stranger = await connectAs("stranger");
      try {
        const service = createResponder(stranger, {
          name: "prices",
          version: "1.0.0",
          endpoints: [answers(price, async () => ({ cents: 1 }))],
          log,
        });
        await assert.rejects(service.start(), /service prices cannot take requests/);
        assert.equal(service.status.running, false);
      } finally {
        await stranger.close();
      }
    });
  });

  describe("process", () => {
    it("becomes ready last, and ends in order: not ready, work done, dependencies, the health server", async () => {
      const events: string[] = [];
      let packer!: Packer;
      let nc!: NatsConnection;
      const worker = await startWorker({
        name: "packer",
        env: environmentOf("packer"),
        log,
        dependencies: () => ({
          database: {
            check: async () => events.push("database checked"),
            close: async () => events.push(`database closed after ${packer.packed.join()}`),
          },
        }),
        parts: (of) => {
          nc = of.nc;
          assert.deepEqual(events, ["database checked"]);
          packer = new Packer({ stream: "ORDERS", durable: "packer", ...of });
          const stock = createResponder(nc, {
            name: "prices",
            version: "1.0.0",
            endpoints: [answers(price, async () => ({ cents: 7 }))],
            log,
          });
          return [packer, stock];
        },
      });
      const get = (route: string) => fetch(`http://127.0.0.1:${worker.healthPort}${route}`);
      await worker.started;
      assert.deepEqual(await (await get("/ready")).json(), { ready: true });
      assert.deepEqual(await priceOf("x"), { cents: 7 });

      await publishOrder("slow");
      assert.ok(await pollUntil(() => packer.begun.length === 1, waitMs));
      worker.stop("test");
      assert.deepEqual([(await get("/ready")).status, (await get("/healthz")).status], [503, 200]);
      await publishOrder("late");
      packer.release();
      assert.equal(await worker.ended, workerExitCode.stopped);
      assert.equal(events.at(-1), "database closed after slow");
      assert.ok(nc.isClosed());
      await assert.rejects(get("/healthz"));

      // What was done is acknowledged; what came while it stopped waits for the next worker.
      assert.deepEqual(packer.begun, ["slow"]);
      assert.equal(await pollUntil(async () => (await unfinished()) === 1, waitMs), true);
    });

    it("starts without what it can do without, is not ready meanwhile, and recovers", async () => {
      let isAway = true;
      const cache = {
        awaited: false,
        check: () => (isAway ? Promise.reject(new Error("connection refused")) : Promise.resolve()),
      };
      const worker = await startWorker({
        ...{ name: "packer", env: environmentOf("packer"), log },
        dependencies: () => ({ cache }),
        parts: () => [],
      });
      const ready = async () => (await fetch(`http://127.0.0.1:${worker.healthPort}/ready`)).status;
      await worker.started;
      assert.equal(await ready(), 503);
      isAway = false;
      assert.ok(await pollUntil(async () => (await ready()) === 200, waitMs));
      worker.stop("test");
      assert.equal(await worker.ended, workerExitCode.stopped);
    });

    it("handles a message in the trace of its sender", async () => {
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      propagation.setGlobalPropagator(new W3CTraceContextPropagator());
      const span = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };
      const sent = createPublisher(jetstream(api));
      await context.with(trace.setSpanContext(context.active(), span), () =>
        sent.publish("orders.traced", { order: "traced" }, { id: "traced" }),
      );
      const nc = await connectAs("packer");
      const packer = new Packer({ stream: "ORDERS", durable: "packer", log });
      try {
        await packer.start(jetstream(nc));
        assert.ok(await pollUntil(() => packer.packed.includes("traced"), waitMs));
        assert.deepEqual(
          [...packer.traces],
          [
            ["late", undefined],
            ["traced", span.traceId],
          ],
        );
      } finally {
        await packer.stop();
        await nc.close();
        context.disable();
        propagation.disable();
      }
    });

    it("waits for a durable that is deployed later", async () => {
      const packers: Packer[] = [];
      const worker = await startWorker({
        name: "returner",
        env: environmentOf("packer"),
        log,
        parts: (of) => {
          const help = "metric of a part";
          new Gauge({ name: "returns", help, registers: [of.metrics.registry] }).set(packers.length);
          packers.push(new Packer({ stream: "ORDERS", durable: "returner", ...of }));
          return packers.slice(-1);
        },
      });
      const ready = async () => (await fetch(`http://127.0.0.1:${worker.healthPort}/ready`)).ok;
      assert.ok(await pollUntil(() => packers.length > 1, waitMs));
      assert.equal(await ready(), false);
      await createConsumer(admin, returner);
      await publishOrder("returned.chair");
      await worker.started;
      assert.equal(await ready(), true);
      const metrics = await (await fetch(`http://127.0.0.1:${worker.healthPort}/metrics`)).text();
      assert.match(metrics, new RegExp(`^returns ${packers.length - 1}$`, "m"));
      assert.ok(await pollUntil(() => packers.at(-1)?.packed.length === 1, waitMs));
      worker.stop("test");
      assert.equal(await worker.ended, workerExitCode.stopped);
    });

    it("is not ready while its server is away, stays alive, and is ready again", async function () {
      this.timeout(serversMs);
      let packer!: Packer;
      let nc!: NatsConnection;
      const worker = await startWorker({
        name: "packer",
        env: environmentOf("packer"),
        log,
        parts: (of) => {
          nc = of.nc;
          packer = new Packer({ stream: "ORDERS", durable: "packer", ...of });
          return [packer];
        },
      });
      await worker.started;
      assert.ok(await pollUntil(async () => (await unfinished()) === 0, waitMs));
      const get = async (route: string) => (await fetch(`http://127.0.0.1:${worker.healthPort}${route}`)).status;
      const all = Object.keys(cluster.inputs());
      for (const name of all) await cluster.kill(name);
      assert.ok(await pollUntil(async () => (await get("/ready")) === 503, waitMs));
      assert.equal(await get("/healthz"), 200);
      assert.equal(nc.isClosed(), false);
      await cluster.ensure();
      await cluster.ready();
      assert.ok(await pollUntil(async () => (await get("/ready")) === 200, waitMs));
      assert.ok(await pollUntil(() => publishOrder("after").catch(() => undefined), waitMs));
      assert.ok(await pollUntil(() => packer.packed.at(-1) === "after", waitMs), "it takes no messages any more");
      assert.ok(await pollUntil(async () => (await unfinished()) === 0, waitMs));
      worker.stop("test");
      assert.equal(await worker.ended, workerExitCode.stopped);
    });

    it("of the example waits for what it depends on, does its work, and ends with 0 after SIGTERM", async function () {
      this.timeout(serversMs);
      const port = await claimPorts();
      const worker = start(["docs/examples/workers/packer.ts"], { WAREHOUSE_URL: `http://127.0.0.1:${port}` });
      const envelope = { id: "order 1", timestamp: new Date().toISOString(), source: "test", tenantId: "t" };
      const order = { ...envelope, type: "order.placed", sku: "chair", count: 2 };
      await jetstream(api).publish("orders.new", JSON.stringify(order));
      await worker.wrote("no messages are taken until a probe is answered");
      const packed: unknown[] = [];
      const warehouse = http.createServer((asked, response) => {
        void json(asked).then((body) => {
          packed.push([asked.method, asked.url, body]);
          response.end();
        });
      });
      warehouse.listen(port, "127.0.0.1");
      try {
        await worker.wrote("messages are taken again");
        worker.kill("SIGTERM");
        assert.equal(await worker.code, workerExitCode.stopped);
      } finally {
        warehouse.close();
      }
      assert.deepEqual(packed, [["PUT", "/orders/order%201", { sku: "chair", count: 2 }]]);
      assert.equal(await pollUntil(async () => (await unfinished()) === 0, waitMs), true);
    });

    it("ends with 1 when its grace is over, and the message is delivered again", async function () {
      this.timeout(serversMs);
      const program = `
        const { runWorker, BaseNatsConsumer } = require("./workers/messaging");
        class Hanging extends BaseNatsConsumer {
          processMessage({ order }) { console.log("begun " + order); return new Promise(() => {}); }
        }
        void runWorker({
          name: "packer",
          parts: (of) => [new Hanging({ stream: "ORDERS", durable: "packer", ...of })],
        });`;
      const worker = start(["-e", program], { SHUTDOWN_GRACE: "500ms" });
      await pollUntil(() => publishOrder("hanging").catch(() => undefined), waitMs);
      await worker.wrote("begun hanging");
      worker.kill("SIGTERM");
      assert.equal(await worker.code, workerExitCode.failed);
      await worker.wrote("not everything was done within the grace");
      assert.ok(await pollUntil(async () => (await unfinished()) === 1, waitMs));
    });
  });
});
