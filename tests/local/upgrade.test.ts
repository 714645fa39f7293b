import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { jetstream, jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { pollUntil } from "../../config/poll-until";
import { byVersion, testedServers } from "../../config/versions";
import { ensure } from "../../components/local/provider/ensure";
import { readServerFacts } from "../../jetstream/facts";
import { restoreSnapshot, takeSnapshot } from "../../jetstream/snapshot";
import { addStream, ask } from "../support/accounts";
import { requestMs, serversMs, waitMs } from "../support/limits";
import { requestUntilHeard } from "../support/messages";
import { metaState, startSupercluster, type Supercluster } from "../support/nats";
import { Publisher } from "../support/publisher";

const { previous } = testedServers;

describe(`servers of ${previous}, to ${testedServers.newest} and back one by one under publishers`, function () {
  this.timeout(serversMs);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "upgrade-"));
  let cluster: Supercluster;
  let app: NatsConnection;
  let system: NatsConnection;
  let manager: JetStreamManager;
  let publisher: Publisher;
  let snapshot: string;
  /** Streams that are published to meanwhile: replicated on files, one copy on a file. */
  const streams = [
    { name: "ORDERS", num_replicas: 3 },
    { name: "LOGS", num_replicas: 1 },
  ];

  before(async () => {
    cluster = await startSupercluster({ regions: ["iad"], servers: 3, version: "previous" });
    [app, system] = await Promise.all([cluster.connectForever("app"), cluster.connectForever("admin")]);
    manager = await jetstreamManager(app, { timeout: requestMs });
    for (const { name, num_replicas } of streams)
      await addStream(app, { name, subjects: [`${name}.>`], num_replicas, metadata: { of: "the line before" } });
    await manager.consumers.add("ORDERS", { durable_name: "worker", ack_policy: "explicit", num_replicas: 3 });
    for (let index = 0; index < 20; index++) await requestUntilHeard(app, "ORDERS.first", String(index));
    const worker = await jetstream(app, { timeout: requestMs }).consumers.get("ORDERS", "worker");
    for (let index = 0; index < 5; index++) await (await worker.next())!.ackAck();
    snapshot = await takeSnapshot(app, "app", "ORDERS", folder);
    publisher = new Publisher(app);
    for (const { name } of streams) await publisher.start(name, `${name}.more`);
  });
  after(async () => {
    await publisher?.stop();
    await app?.close();
    await system?.close();
    await cluster?.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it("plan by the lower version until the last one is replaced, and are all current again", async () => {
    const wanted = Object.values(cluster.inputs({ version: "pinned" }));
    for (const [index, server] of wanted.entries()) {
      assert.equal(await ensure(server), testedServers.newest);
      // Gaps, which the mirror's leader replicates to followers of the other version.
      for (let count = 0; count < 10; count++) {
        const { seq } = (await requestUntilHeard(app, "ORDERS.gap", "")).json<{ seq: number }>();
        await ask(app, "STREAM.MSG.DELETE.ORDERS", { seq });
      }
      await addStream(app, { name: `COPY-${index}`, mirror: { name: "ORDERS" }, num_replicas: 3 });
      const facts = await pollUntil(async () => {
        const found = await readServerFacts(system, wanted.length);
        return found?.servers.length === wanted.length ? found : undefined;
      }, waitMs);
      const lowest = [previous, testedServers.newest].toSorted(byVersion)[0];
      assert.equal(facts?.version, index < wanted.length - 1 ? lowest : testedServers.newest);
    }
    await cluster.ready(Object.fromEntries(wanted.map((server) => [server.name, server])));
    const areHealthy = async () => (await Promise.all(wanted.map(metaState))).every(({ healthy }) => healthy);
    assert.ok(await pollUntil(areHealthy, waitMs));
  });

  it("lose no acknowledged message, and every publisher goes on", async () => {
    const counts = streams.map(({ name }) => publisher.count(name));
    assert.ok(
      await pollUntil(
        () => Promise.resolve(streams.every(({ name }, index) => publisher.count(name) > counts[index]!) || undefined),
        waitMs,
      ),
      "messages are taken",
    );
    await publisher.stop();
    for (const { name } of streams) assert.deepEqual(await publisher.lost(name), [], name);
  });

  it("keep configurations, positions of durables, and copies with their gaps", async () => {
    for (const { name, num_replicas } of streams) {
      const { config } = await manager.streams.info(name);
      assert.deepEqual([config.num_replicas, config.metadata!.of], [num_replicas, "the line before"]);
    }
    const { ack_floor } = await manager.consumers.info("ORDERS", "worker");
    assert.equal(ack_floor.stream_seq, 5);
    const message = await (await jetstream(app, { timeout: requestMs }).consumers.get("ORDERS", "worker")).next();
    assert.equal(message!.string(), "5", "it continues where it was");
    const { state: origin } = await manager.streams.info("ORDERS");
    assert.equal(origin.num_deleted, 30);
    for (const [index, gaps] of [10, 20, 30].entries()) {
      const isCopied = async () => {
        const { state } = await manager.streams.info(`COPY-${index}`);
        return state.last_seq === origin.last_seq ? state : undefined;
      };
      const copied = await pollUntil(isCopied, waitMs);
      // What was deleted after it was copied stays in a mirror.
      assert.ok((copied?.num_deleted ?? 0) >= gaps, `COPY-${index} has ${copied?.num_deleted} gaps`);
    }
  });

  it("go a line back, and lose no acknowledged message", async () => {
    for (const { name } of streams) await publisher.start(name, `${name}.more`);
    const wanted = cluster.inputs();
    for (const server of Object.values(wanted)) assert.equal(await ensure(server), previous);
    await cluster.ready(wanted);
    const counts = streams.map(({ name }) => publisher.count(name));
    const goesOn = () => streams.every(({ name }, index) => publisher.count(name) > counts[index]!);
    assert.ok(await pollUntil(() => Promise.resolve(goesOn() || undefined), waitMs), "messages are taken");
    await publisher.stop();
    for (const { name } of streams) assert.deepEqual(await publisher.lost(name), [], name);
    // The gaps that 2.15 replicated as one entry.
    const { state } = await manager.streams.info("COPY-2");
    assert.ok((state.num_deleted ?? 0) >= 30, `${state.num_deleted} gaps`);
  });

  it("go forward again, and restore a snapshot that the line before took", async () => {
    const wanted = cluster.inputs({ version: "pinned" });
    for (const server of Object.values(wanted)) assert.equal(await ensure(server), testedServers.newest);
    await cluster.ready(wanted);
    await ask(app, "STREAM.DELETE.ORDERS");
    assert.equal((await restoreSnapshot(app, snapshot)).messages, 20);
  });
});
