import assert from "node:assert/strict";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { pollUntil } from "../../config/poll-until";
import { requestMs, serversMs, waitMs } from "../support/limits";
import { startSupercluster, type Supercluster } from "../support/nats";
import { lostAnswers, type ToxicProxy, Toxiproxy } from "../support/toxiproxy";

describe("a TLS connection through a proxy", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let toxiproxy: Toxiproxy;
  let proxy: ToxicProxy;
  let direct: NatsConnection;
  let client: NatsConnection;
  let manager: JetStreamManager;
  before(async () => {
    cluster = await startSupercluster({ regions: ["iad"], servers: 3 });
    toxiproxy = await Toxiproxy.start();
    proxy = await toxiproxy.proxy(new URL(cluster.urls()[0]!).host);
    direct = await cluster.connect();
    client = await cluster.connect("app", {
      servers: [`tls://${proxy.listen}`],
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
    });
    manager = await jetstreamManager(client, { timeout: 1_000, checkAPI: false });
  });
  after(async () => {
    await client?.close();
    await direct?.close();
    await toxiproxy?.stop();
    await cluster?.stop();
  });

  /** Names of the first streams that there are. */
  const streams = (by = manager) =>
    pollUntil(
      () =>
        by.streams
          .names()
          .next()
          .then(
            (names) => names.length > 0 && names,
            () => undefined,
          ),
      waitMs,
      100,
    );

  it("loses an answer, though the server did what was asked, and is there again", async () => {
    const toxic = await proxy.addToxic(lostAnswers);
    await assert.rejects(manager.streams.add({ name: "ORDERS", subjects: ["orders"] }), /timeout/);
    const other = await jetstreamManager(direct, { timeout: requestMs, checkAPI: false });
    assert.deepEqual(await streams(other), ["ORDERS"]);
    await proxy.removeToxic(toxic);
    assert.deepEqual(await streams(), ["ORDERS"]);
  });

  it("is cut, and is there again", async () => {
    await proxy.down();
    await assert.rejects(
      cluster.connect("app", { servers: [`tls://${proxy.listen}`] }),
      /ECONNREFUSED|connection refused/i,
    );
    await proxy.restore();
    assert.deepEqual(await streams(), ["ORDERS"]);
  });
});
