import * as assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { jetstream, JetStreamApiError } from "@nats-io/jetstream";
import { type NatsConnection, PermissionViolationError } from "@nats-io/transport-node";
import { observe } from "../../../components/local/provider/observe";
import { pollUntil } from "../../../config/poll-until";
import type { TenantSpec } from "../../../config/schema/tenant";
import {
  createPublisher,
  createWorkerMetrics,
  type Publisher,
  type PublisherOptions,
  UnacknowledgedError,
} from "../../../workers/messaging";
import { accountsText, addStream, ask, localEnvironment } from "../../support/accounts";
import { serversMs, waitMs } from "../../support/limits";
import { startSupercluster, type Supercluster } from "../../support/nats";

const tenant: TenantSpec = {
  name: "shop",
  home: "iad",
  streams: {
    ORDERS: {
      subjects: ["orders.>"],
      retention: "limits",
      storage: "file",
      replicas: 3,
      maxAge: "1d",
      maxBytes: "16MiB",
      discard: "new",
    },
  },
  consumers: {},
  users: { api: { publishes: ["orders.>", "brief.>", "short.>"] } },
};

describe("publisher with real servers, as a user that may only publish", () => {
  let cluster: Supercluster;
  let admin: NatsConnection;
  const opened: NatsConnection[] = [];

  before(async function () {
    this.timeout(serversMs);
    const environment = localEnvironment({ regions: ["iad"], servers: 3 });
    cluster = await startSupercluster({
      regions: ["iad"],
      servers: 3,
      accounts: accountsText(environment, { shop: tenant }),
    });
    admin = await connectAs("provisioner");
    await addStream(admin, {
      name: "ORDERS",
      subjects: ["orders.>"],
      storage: "file",
      num_replicas: 3,
      max_bytes: 2 ** 24,
    });
  });
  afterEach(async () => {
    for (const connection of opened.splice(0)) await connection.close();
  });
  after(async function () {
    this.timeout(serversMs);
    await admin?.close();
    await cluster?.stop();
  });

  const connectAs = (user: string, servers = cluster.urls()) =>
    cluster.connect(`shop-${user}`, {
      inboxPrefix: `_INBOX_${user}`,
      servers,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
    });

  /** A publisher connected to one server, or to any. */
  async function publisherOf(options: PublisherOptions = {}, server?: string): Promise<[Publisher, NatsConnection]> {
    const nc = await connectAs("api", server ? [`tls://${cluster.inputs()[server]!.config.listen}`] : undefined);
    opened.push(nc);
    return [createPublisher(jetstream(nc), options), nc];
  }

  const leaderOf = async (stream: string): Promise<string> => {
    const leader = await pollUntil(async () => {
      const { cluster: group } = (await ask(admin, `STREAM.INFO.${stream}`)) as { cluster?: { leader?: string } };
      return group?.leader;
    }, waitMs);
    assert.ok(leader, `${stream} has no leader`);
    return leader;
  };

  /** How many messages each subject has. */
  async function stored(stream: string, subjects: string): Promise<Record<string, number>> {
    const { state } = await ask(admin, `STREAM.INFO.${stream}`, { subjects_filter: subjects });
    return (state as { subjects?: Record<string, number> }).subjects ?? {};
  }

  /**
   * Publishes as many messages at once as the publisher allows: 100, more while `meanwhile` runs, and 100 more. Each is
   * stored once.
   */
  async function publishAll(publisher: Publisher, subject: string, meanwhile: () => Promise<void>): Promise<void> {
    let isOver = false;
    let acknowledged = 0;
    const failures: unknown[] = [];
    const subjects: string[] = [];
    const publishNext = async () => {
      const next = `${subject}.${subjects.length}`;
      subjects.push(next);
      await publisher.ready();
      publisher.publish(next, "text", { id: next }).then(
        () => acknowledged++,
        (error: unknown) => failures.push(error),
      );
    };
    for (let n = 0; n < 100; n++) await publishNext();
    const running = meanwhile().finally(() => (isOver = true));
    while (!isOver) await publishNext();
    for (let n = 0; n < 100; n++) await publishNext();
    await publisher.flush();
    await running;
    assert.deepEqual([failures, acknowledged], [[], subjects.length]);
    await cluster.ensure();
    await cluster.ready();
    // A leader that was just elected answers before it has applied all that is stored.
    const found = await pollUntil(async () => {
      const counts = await stored("ORDERS", `${subject}.*`);
      return Object.keys(counts).length === subjects.length && counts;
    }, waitMs);
    assert.deepEqual(found, Object.fromEntries(subjects.map((each) => [each, 1])));
  }

  it("stores every message once while the stream's leader is killed", async function () {
    this.timeout(serversMs);
    const leader = await leaderOf("ORDERS");
    const other = Object.keys(cluster.inputs()).find((name) => name !== leader)!;
    const metrics = createWorkerMetrics();
    const [publisher] = await publisherOf({ maxInFlight: 32, timeout: 1_000, metrics }, other);
    await publishAll(publisher, "orders.leader", () => cluster.kill(leader));
    const retries = (await metrics.publishRetries.get()).values[0]?.value ?? 0;
    assert.ok(retries > 0, "the leader was killed without a consequence");
    assert.match(await metrics.registry.metrics(), /^nats_publisher_message_duration_seconds_count [1-9]\d*$/m);
  });

  it("stores every message once while its own server is killed and it connects to another one", async function () {
    this.timeout(serversMs);
    const [publisher, nc] = await publisherOf({ maxInFlight: 32, timeout: 1_000 });
    const own = Object.entries(cluster.inputs()).find(([, { config }]) => config.listen === nc.getServer())![0];
    await publishAll(publisher, "orders.own", () => cluster.kill(own));
    assert.notEqual(nc.getServer(), cluster.inputs()[own]!.config.listen);
  });

  it("gives up after the duplicate window; what had arrived at a frozen server is stored once", async function () {
    this.timeout(serversMs);
    const window = 6_000;
    await addStream(admin, {
      name: "BRIEF",
      subjects: ["brief.>"],
      storage: "memory",
      num_replicas: 1,
      duplicate_window: window * 1e6,
    });
    const leader = await leaderOf("BRIEF");
    const other = Object.keys(cluster.inputs()).find((name) => name !== leader)!;
    const [publisher] = await publisherOf({ duplicateWindow: window, timeout: 700 }, other);
    await publisher.publish("brief.before", "before", { id: "before" });

    const { pid } = (await observe(cluster.inputs()[leader]!))!.process;
    process.kill(pid, "SIGSTOP");
    try {
      const state = () => execFileSync("ps", ["-o", "state=", "-p", String(pid)], { encoding: "utf8" });
      assert.ok(await pollUntil(() => state().startsWith("T"), waitMs));
      await assert.rejects(publisher.publish("brief.frozen", "text", { id: "frozen" }), (error: Error) => {
        assert.ok(error instanceof UnacknowledgedError, String(error));
        assert.ok(error.attempts > 1, `${error.attempts} attempts`);
        return true;
      });
    } finally {
      process.kill(pid, "SIGCONT");
    }
    assert.ok(await pollUntil(async () => "brief.frozen" in (await stored("BRIEF", "brief.frozen")), waitMs));
    // All attempts reached the server before its answer to the question.
    assert.deepEqual(await stored("BRIEF", "brief.frozen"), { "brief.frozen": 1 });
  });

  it("knows a message by its id within the window; after it the caller's second one is stored too", async () => {
    await addStream(admin, {
      name: "SHORT",
      subjects: ["short.>"],
      storage: "memory",
      duplicate_window: 1_000_000_000,
    });
    const [publisher] = await publisherOf({ duplicateWindow: 1_000 });
    const publish = () => publisher.publish("short.text", "text", { id: "short" });
    const first = await publish();
    const second = await publish();
    assert.deepEqual([first.duplicate, second.duplicate, second.seq], [false, true, first.seq]);
    const third = await pollUntil(async () => {
      const answer = await publish();
      return answer.duplicate ? undefined : answer;
    }, waitMs);
    assert.ok(third && third.seq > first.seq);
  });

  it("passes expectations on: a message that was stored already is a duplicate, not a contradiction", async () => {
    const [publisher] = await publisherOf();
    const expect = { lastSubjectSequence: 0 };
    const first = await publisher.publish("orders.expect", "1", { id: "expect 1", expect });
    const again = await publisher.publish("orders.expect", "1", { id: "expect 1", expect });
    assert.deepEqual([again.duplicate, again.seq], [true, first.seq]);
    await assert.rejects(
      publisher.publish("orders.expect", "2", { id: "expect 2", expect }),
      (error: Error) => error instanceof JetStreamApiError && error.code === 10_071,
    );
    const wrongStream = publisher.publish("orders.expect", "3", { id: "3", expect: { streamName: "OTHER" } });
    await assert.rejects(wrongStream, (error: Error) => error instanceof JetStreamApiError && error.code === 10_060);
  });

  it("is refused at once where its user may not publish", async () => {
    const [publisher] = await publisherOf();
    await assert.rejects(publisher.publish("invoices.new", "x", { id: "x" }), (error: Error) => {
      assert.ok(error.cause instanceof PermissionViolationError, String(error));
      return true;
    });
  });
});
