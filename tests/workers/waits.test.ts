import assert from "node:assert/strict";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect, headers, type NatsConnection } from "@nats-io/transport-node";
import { pollUntil } from "../../config/poll-until";
import { heldDurables } from "../../jetstream/system-requests";
import {
  BaseNatsConsumer,
  createLogger,
  deliveryCheckHeader,
  type ProcessResult,
  type RunningWorker,
  startWorker,
  workerExitCode,
} from "../../workers/messaging";
import { requestMs, serversMs, waitMs } from "../support/limits";
import { Supercluster } from "../support/nats";

/** Regions, and the workers in them, are deployed before streams: a real server without any. */
describe("a worker whose durable does not exist yet", function () {
  this.timeout(serversMs);
  const log = createLogger({ name: "test", level: "silent" });
  const taken: unknown[] = [];
  let cluster: Supercluster;
  let connection: NatsConnection;
  let worker: RunningWorker;

  class Taker extends BaseNatsConsumer<unknown> {
    processMessage(payload: unknown): Promise<ProcessResult> {
      taken.push(payload);
      return Promise.resolve({ success: true });
    }
  }

  before(async () => {
    cluster = await Supercluster.prepare({ regions: ["iad"], servers: 3 });
    await cluster.ensure();
    await cluster.ready();
    const url = cluster.urls().join(",");
    const ca = cluster.identity.clientCa;
    connection = await connect({ servers: cluster.urls(), user: "app", pass: "app", tls: { ca } });
    worker = await startWorker({
      name: "taker",
      log,
      env: { NATS_URL: url, NATS_USER: "app", NATS_PASSWORD: "app", NATS_CA: ca, HEALTH_PORT: "0" },
      parts: ({ metrics }) => [new Taker({ stream: "ORDERS", durable: "taker", log, metrics })],
    });
  });

  after(async () => {
    worker.stop("the test ends");
    await worker.ended;
    await connection.close();
    await cluster.stop();
  });

  const get = (path: string) => fetch(`http://127.0.0.1:${worker.healthPort}${path}`);
  const reason = async () =>
    ((await (await get("/health")).json()) as { checks: { consumers: { consumers: Record<string, Reported> } } }).checks
      .consumers.consumers.taker?.unavailable;

  it("is alive and not ready, and says what it waits for", async () => {
    assert.equal(await pollUntil(reason, waitMs), "a stream or durable is missing");
    assert.deepEqual([(await get("/healthz")).status, (await get("/readyz")).status], [200, 503]);
  });

  it("is ready once that is made, and takes its messages", async () => {
    const manager = await jetstreamManager(connection);
    await manager.streams.add({ name: "ORDERS", subjects: ["orders.>"] });
    await manager.consumers.add("ORDERS", { durable_name: "taker", ack_policy: "explicit" });
    await worker.started;
    assert.equal((await get("/readyz")).status, 200);
    await manager.jetstream().publish("orders.new", JSON.stringify({ id: 1 }));
    assert.ok(await pollUntil(() => taken.length === 1 || undefined, waitMs));
    assert.deepEqual(taken, [{ id: 1 }]);
  });

  it("acknowledges what only checks delivery, whatever it is, and runs no handler", async () => {
    const manager = await jetstreamManager(connection);
    const marked = headers();
    marked.set(deliveryCheckHeader, "1");
    const { seq } = await manager.jetstream().publish("orders.new", "not JSON", { headers: marked });
    const floor = async () => (await manager.consumers.info("ORDERS", "taker")).ack_floor.stream_seq;
    assert.ok(await pollUntil(async () => (await floor()) === seq || undefined, waitMs));
    assert.equal(taken.length, 1);
  });

  it("exists for the system account then, which is asked before KEDA scales its worker", async () => {
    const system = await connect({
      servers: cluster.urls(),
      user: "admin",
      pass: "admin",
      tls: { ca: cluster.identity.clientCa },
    });
    const servers = Object.keys(cluster.inputs());
    try {
      assert.deepEqual([...(await heldDurables(system, servers, requestMs))], ["app/ORDERS/taker"]);
      await assert.rejects(heldDurables(system, [...servers, "ams-0"], 10_000), /^Error: ams-0 did not answer$/);
    } finally {
      await system.close();
    }
  });

  it("stops while it waits, as it was asked to", async () => {
    const waiting = await startWorker({
      name: "other",
      log,
      env: {
        ...{ NATS_URL: cluster.urls().join(","), NATS_USER: "app", NATS_PASSWORD: "app", HEALTH_PORT: "0" },
        NATS_CA: cluster.identity.clientCa,
      },
      parts: ({ metrics }) => [new Taker({ stream: "ORDERS", durable: "nobody", log, metrics })],
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    waiting.stop("test");
    assert.equal(await waiting.ended, workerExitCode.stopped);
    await assert.rejects(waiting.started, /stopped before it had started/);
  });
});

interface Reported {
  unavailable?: string;
}
