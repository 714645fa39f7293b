import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstream, type JsMsg, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { assetsOf } from "../../config/assets/assets";
import { pollUntil } from "../../config/poll-until";
import type { TenantSpec } from "../../config/schema/tenant";
import { type AccountLetters, lettersOf } from "../../operations/dead-letters/account-letters";
import { type DeadLetterStore, deadLetterStore } from "../../operations/dead-letters/store";
import { Collector } from "../../workers/dead-letters/collector";
import { collectorMetrics } from "../../workers/dead-letters/metrics";
import { Sweep } from "../../workers/dead-letters/sweep";
import { SweptStreams } from "../../workers/dead-letters/swept";
import {
  BaseNatsConsumer,
  createDeadLetterWriter,
  createWorkerMetrics,
  type Logger,
  type ProcessResult,
  sweptLabel,
} from "../../workers/messaging";
import { accountsText, ask, createConsumer, createStream, localEnvironment } from "../support/accounts";
import { requestMs, serversMs, waitMs } from "../support/limits";
import { fetchMessages, patiently } from "../support/messages";
import { startSupercluster, type Supercluster } from "../support/nats";
import { claimPorts } from "../support/ports";
import { projectFolder } from "../support/project-copy";

const stream = { storage: "memory", replicas: 1, maxAge: "unlimited", maxBytes: "4MiB", discard: "new" } as const;
const durable = { mode: "pull", ackPolicy: "explicit", deliverPolicy: "all", ackWait: "2s", maxDeliver: 1 } as const;

const shop: TenantSpec = {
  name: "shop",
  home: "iad",
  streams: {
    JOBS: { ...stream, subjects: ["jobs.>"], retention: "workqueue" },
    NOTES: { ...stream, subjects: ["notes"], retention: "interest" },
    ORDERS: { ...stream, subjects: ["orders"], retention: "limits" },
  },
  consumers: {
    worker: { ...durable, streams: ["JOBS"], filterSubjects: ["jobs.now"] },
    later: { ...durable, streams: ["JOBS"], filterSubjects: ["jobs.later"] },
    reader: { ...durable, streams: ["NOTES"] },
    indexer: { ...durable, streams: ["NOTES"] },
    // One acknowledgement of it stands for all before it, so it gives nothing up.
    auditor: { ...durable, ackPolicy: "all", streams: ["NOTES"] },
    biller: { ...durable, streams: ["ORDERS"] },
    // What these give up is what their workers refuse, at a moment that the test chooses.
    slow: { ...durable, streams: ["JOBS"], filterSubjects: ["jobs.slow"], ackWait: "10m" },
    archiver: { ...durable, streams: ["ORDERS"], deliverPolicy: "new", ackWait: "10m" },
  },
  users: {
    api: { publishes: ["jobs.>", "notes", "orders"] },
    worker: { consumes: ["worker", "later", "reader", "indexer", "auditor", "biller", "slow", "archiver"] },
    operator: { allow: { publish: ["$JS.API.STREAM.LEADER.STEPDOWN.DEAD_LETTER_EVENTS"] } },
  },
  deadLetters: { maxBytes: "16MiB" },
};
const environment = localEnvironment({
  regions: ["iad"],
  servers: 3,
  jetstream: { jetstream: ["shop"] },
  jetstreamDomain: "global",
});
const { streams, consumers } = assetsOf(environment, { shop });
const events = "DEAD_LETTER_EVENTS";
/** An advisory that a killed collector had in hand comes again soon. */
const assets = {
  streams,
  consumers: consumers.map((asset) =>
    asset.stream === events ? { ...asset, spec: { ...asset.spec, backoff: ["500ms" as const] } } : asset,
  ),
};

describe("dead letters on real servers", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let api: NatsConnection;
  let worker: NatsConnection;
  let cli: NatsConnection;
  let store: DeadLetterStore;
  let letters: AccountLetters;
  const collectors = new Set<ChildProcess>();

  const connect = (user: string, servers = cluster.urls()) =>
    cluster.connect(`shop-${user}`, {
      ...{ servers, inboxPrefix: `_INBOX_${user}`, maxReconnectAttempts: -1, reconnectTimeWait: 100 },
    });

  before(async () => {
    cluster = await startSupercluster({
      regions: environment.regions,
      servers: environment.servers,
      accounts: accountsText(environment, { shop }),
      settings: environment,
    });
    [api, worker, cli] = await Promise.all([connect("api"), connect("worker"), connect("dead-letters-cli")]);
    const provisioner = await connect("provisioner");
    for (const asset of assets.streams) await createStream(provisioner, asset);
    for (const asset of assets.consumers)
      if (!["auditor", "archiver"].includes(asset.name)) await createConsumer(provisioner, asset);
    await provisioner.close();
    store = await deadLetterStore(cli);
    letters = lettersOf(store, shop);
  });
  afterEach(() => Promise.all([...collectors].map((one) => stop(one))));
  after(async () => {
    await Promise.all([api, worker, cli].map((connection) => connection?.close()));
    await cluster?.stop();
  });

  /** The collector as a process of its own, as it is deployed. */
  function collect({ sweep = "1h", args = [] as string[], health = 0, servers = cluster.urls() } = {}): ChildProcess {
    const user = "dead-letters";
    const started = spawn(process.execPath, ["-r", "./tools/runtime.cjs", "workers/dead-letters/main.ts", ...args], {
      cwd: projectFolder,
      stdio: ["ignore", "ignore", "inherit"],
      env: {
        PATH: process.env.PATH,
        NATS_URL: servers.join(","),
        NATS_USER: `shop-${user}`,
        NATS_PASSWORD: `shop-${user}`,
        NATS_INBOX_PREFIX: `_INBOX_${user}`,
        NATS_CA: cluster.identity.clientCa,
        HEALTH_PORT: String(health),
        SWEEP_INTERVAL: sweep,
        CONCURRENCY: "2",
      },
    });
    collectors.add(started);
    return started;
  }

  async function stop(one: ChildProcess, signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<number | null> {
    collectors.delete(one);
    if (one.exitCode === null && one.signalCode === null) {
      one.kill(signal);
      await once(one, "exit");
    }
    return one.exitCode;
  }

  const publish = async (subject: string, count: number): Promise<void> => {
    for (let index = 0; index < count; index++)
      await jetstream(api).publish(subject, JSON.stringify({ index }), {
        msgID: `${subject}-${Math.random()}`,
        ...patiently,
      });
  };

  /** Messages whose worker dies with them: delivered, never acknowledged, until the server gives them up. */
  async function abandon(of: string, name: string, count: number): Promise<number[]> {
    const taken = await fetchMessages(worker, of, name, count);
    const consumer = await jetstream(worker).consumers.get(of, name);
    const next = JSON.stringify({ batch: 1, no_wait: true });
    const given = await pollUntil(async () => {
      const answer = await worker.request(`$JS.API.CONSUMER.MSG.NEXT.${of}.${name}`, next, { timeout: requestMs });
      assert.equal(answer.headers?.code, 404, "not delivered again");
      return (await consumer.info()).num_ack_pending === 0;
    }, waitMs);
    assert.ok(given, `${of}/${name} has given up`);
    return taken.map(({ seq }) => seq);
  }

  const all = async (selection = {}) => (await letters.list(selection, 10_000)).letters;

  async function untilLetters(count: number, selection = {}) {
    const found = await pollUntil(async () => {
      const listed = await all(selection);
      return listed.length >= count ? listed : undefined;
    }, waitMs);
    assert.ok(found, `${count} dead letters`);
    return found;
  }

  /** What JetStream holds, by its administrator. */
  async function messagesIn(name: string): Promise<number> {
    const provisioner = await connect("provisioner");
    try {
      return (await (await jetstreamManager(provisioner, { checkAPI: false })).streams.info(name)).state.messages;
    } finally {
      await provisioner.close();
    }
  }

  /** The collector in this process, as its user. */
  async function inThisProcess() {
    const errors: string[] = [];
    const quiet = () => undefined;
    const log = { debug: quiet, info: quiet, warn: quiet, error: (_: object, line: string) => errors.push(line) };
    const metrics = createWorkerMetrics();
    const swept = new SweptStreams();
    const parts = { log: log as unknown as Logger, metrics: collectorMetrics(metrics.registry) };
    const collector = new Collector({ log: parts.log, metrics, collected: parts.metrics.collected, swept });
    const connection = await connect("dead-letters");
    const js = jetstream(connection);
    await collector.start(js);
    const stopAll = async () => {
      await collector.stop();
      await connection.close();
    };
    return { collector, errors, swept, js, parts, stopAll };
  }

  const gaveUp = (of: string, sequence: number) => ({
    type: "io.nats.jetstream.advisory.v1.max_deliver" as const,
    ...{ stream: of, consumer: "worker", stream_seq: sequence, deliveries: 1 },
  });

  const clear = async (): Promise<void> => {
    // A replica that is behind lists too few, too.
    const isClear = async () => {
      await letters.drop({}, async () => undefined);
      return (await all()).length === 0;
    };
    assert.ok(await pollUntil(isClear, waitMs), "no dead letters");
  };

  /** A replica that is behind still lists what was deleted a moment ago. */
  async function untilNoLetters(): Promise<void> {
    const areGone = await pollUntil(async () => (await all()).length === 0, waitMs);
    assert.ok(areGone, "no dead letters");
  }

  it("copies what a worker that died left, with its body and headers, and empties the work queue", async () => {
    await publish("jobs.now", 5);
    await publish("orders", 3);
    const [jobs, orders] = await Promise.all([abandon("JOBS", "worker", 5), abandon("ORDERS", "biller", 3)]);
    const running = collect({ args: ["collector"] });
    const found = await untilLetters(8);
    assert.deepEqual(
      found.map(({ id }) => id).sort(),
      [...jobs.map((seq) => `JOBS.${seq}.worker`), ...orders.map((seq) => `ORDERS.${seq}.biller`)].sort(),
    );
    // Two are copied at a time, so the first one need not be the first copy.
    const first = found.find(({ id }) => id === `JOBS.${jobs[0]}.worker`);
    assert.deepEqual(
      [first!.subject, first!.reason, first!.deliveries, first!.replays, first!.missing],
      ["jobs.now", "deliveries", 1, 0, undefined],
    );
    assert.deepEqual(JSON.parse(Buffer.from(first!.data).toString()), { index: 0 });
    assert.match(first!.messageId!, /^jobs\.now-/);
    assert.ok(await pollUntil(async () => (await messagesIn("JOBS")) === 0, waitMs), "the work queue is empty");
    assert.equal(await messagesIn("ORDERS"), 3, "a limits stream keeps what it has");
    assert.ok(await pollUntil(async () => (await store.backlog()) === 0, waitMs));
    assert.equal(await stop(running), 0, "ends as asked");
    await clear();
  });

  it("removes a message of an interest stream when its other durables have it, not before", async () => {
    await publish("notes", 2);
    await abandon("NOTES", "reader", 2);
    const { stopAll } = await inThisProcess();
    const found = await untilLetters(2);
    assert.deepEqual([...new Set(found.map(({ durable: by }) => by))], ["reader"]);
    assert.ok(await pollUntil(async () => (await store.backlog()) === 0, waitMs));
    assert.equal(await messagesIn("NOTES"), 2);
    for (const message of await fetchMessages(worker, "NOTES", "indexer", 2)) await message.ackAck();
    assert.ok(await pollUntil(async () => (await messagesIn("NOTES")) === 0, waitMs));
    await stopAll();
    await clear();
  });

  it("copies each once although it is killed again and again", async () => {
    const count = 120;
    await publish("jobs.now", count);
    const taken = await abandon("JOBS", "worker", count);
    for (let kills = 0; ;) {
      const running = collect();
      const before = (await all()).length;
      await untilLetters(Math.min(count, before + 1));
      if (kills++ < 3) await stop(running, "SIGKILL");
      else break;
    }
    await untilLetters(count);
    assert.ok(await pollUntil(async () => (await store.backlog()) === 0, waitMs));
    const found = await all();
    assert.deepEqual(
      found.map(({ streamSequence }) => streamSequence).sort((a, b) => a - b),
      taken,
      "all, each once",
    );
    assert.equal(await messagesIn("JOBS"), 0);
    await clear();
  });

  it("finds in a sweep what no advisory tells of, and leaves alone what waits", async () => {
    // As after the loss of the leader of the stream of advisories: none was stored.
    const provisioner = await connect("provisioner");
    const manager = await jetstreamManager(provisioner, { checkAPI: false });
    await manager.streams.delete(events);
    for (const asset of assets.consumers) if (asset.name === "auditor") await createConsumer(provisioner, asset);
    await publish("jobs.later", 1);
    await publish("notes", 1);
    const later = await abandon("JOBS", "later", 1);
    const waiting = 10_050;
    for (let index = 0; index < waiting; index++) api.publish("jobs.later", "{}");
    assert.ok(await pollUntil(async () => (await messagesIn("JOBS")) === waiting + 1, waitMs), "all wait");
    await publish("jobs.now", 1);
    const behind = await abandon("JOBS", "worker", 1);
    await publish("jobs.now", 3);
    const acknowledge = async (of: string, name: string, count = 1): Promise<void> => {
      for (const message of await fetchMessages(worker, of, name, count)) await message.ackAck();
    };
    for (const name of ["reader", "auditor"]) await acknowledge("NOTES", name);
    const [note] = await abandon("NOTES", "indexer", 1);
    // The auditor still has this one to come to.
    await publish("notes", 1);
    for (const name of ["reader", "indexer"]) await acknowledge("NOTES", name);
    for (const asset of assets.streams.filter(({ name }) => name === events)) await createStream(provisioner, asset);
    for (const asset of assets.consumers.filter(({ stream: of }) => of === events))
      await createConsumer(provisioner, asset);

    collect({ sweep: "200ms" });
    const expected = [
      `JOBS.${later[0]}.later`,
      `JOBS.${behind[0]}.worker`,
      // Of an interest stream it cannot be seen which of its durables gave it up.
      `NOTES.${note}.indexer`,
      `NOTES.${note}.reader`,
    ].sort();
    const found = await untilLetters(expected.length);
    assert.deepEqual(found.map(({ id }) => id).sort(), expected);
    assert.match(found.find(({ stream: of }) => of === "NOTES")!.error!, /one of (reader, indexer|indexer, reader)/);
    assert.ok(await pollUntil(async () => (await messagesIn("NOTES")) === 1, waitMs));
    assert.equal(await messagesIn("JOBS"), waiting + 3, "what waits for its durable is kept");
    await acknowledge("JOBS", "worker", 3);
    await acknowledge("JOBS", "later");
    await acknowledge("NOTES", "auditor");
    assert.ok(await pollUntil(async () => (await messagesIn("NOTES")) === 0, waitMs));
    assert.deepEqual((await all()).map(({ id }) => id).sort(), expected, "no more were copied meanwhile");
    await manager.consumers.delete("NOTES", "auditor");
    await manager.streams.delete("JOBS");
    for (const asset of assets.streams.filter(({ name }) => name === "JOBS")) await createStream(provisioner, asset);
    for (const asset of assets.consumers.filter(({ stream: of }) => of === "JOBS"))
      await createConsumer(provisioner, asset);
    await provisioner.close();
    await clear();
  });

  it("copies the rest when a stream is deleted, and what the same sequences are when it was made again", async () => {
    await publish("orders", 1);
    await publish("jobs.now", 1);
    const [gone] = await abandon("ORDERS", "biller", 1);
    await abandon("JOBS", "worker", 1);
    const provisioner = await connect("provisioner");
    await (await jetstreamManager(provisioner, { checkAPI: false })).streams.delete("ORDERS");
    const { stopAll } = await inThisProcess();
    const found = await untilLetters(2);
    const lost = found.find(({ id }) => id === `ORDERS.${gone}.biller`);
    assert.equal(lost!.missing, "expired");
    assert.ok(await pollUntil(async () => (await store.backlog()) === 0, waitMs), "no advisory is left");

    for (const asset of assets.streams.filter(({ name }) => name === "ORDERS")) await createStream(provisioner, asset);
    for (const asset of assets.consumers.filter(({ name }) => name === "biller"))
      await createConsumer(provisioner, asset);
    await provisioner.close();
    await publish("orders", gone!);
    await abandon("ORDERS", "biller", gone!);
    const both = await untilLetters(2 + gone!);
    assert.equal(both.filter(({ id }) => id === `ORDERS.${gone}.biller`).length, 2);
    await stopAll();
    await clear();
  });

  it("does not wait for a permission that it lacks, and logs it once", async () => {
    const { collector, errors, stopAll } = await inThisProcess();
    for (const sequence of [1, 2]) {
      const { success, retryable, unavailable } = await collector.processMessage(gaveUp("ELSEWHERE", sequence));
      assert.deepEqual([success, retryable, unavailable], [false, true, undefined]);
    }
    assert.deepEqual(errors, ["permission missing; advisories that need it are tried again"]);
    await stopAll();
  });

  it("learns at each sweep which streams hold a message until it is acknowledged", async () => {
    const provisioner = await connect("provisioner");
    const { config } = (await ask(provisioner, `STREAM.INFO.${events}`)) as { config: { metadata: object } };
    const sweeping = (names: string) =>
      ask(provisioner, `STREAM.UPDATE.${events}`, { ...config, metadata: { ...config.metadata, [sweptLabel]: names } });
    await sweeping("REPLAYS");
    const { collector, swept, js, stopAll, parts } = await inThisProcess();
    assert.deepEqual(swept.names, ["REPLAYS"]);
    const sweep = new Sweep({ every: 100, swept, ...parts });
    await sweep.start(js);
    await publish("jobs.now", 1);
    await sweeping("JOBS NOTES REPLAYS");
    assert.ok(await pollUntil(() => swept.names.includes("JOBS"), waitMs));
    await sweep.stop();
    const [sequence] = await abandon("JOBS", "worker", 1);
    assert.deepEqual(await collector.processMessage(gaveUp("JOBS", sequence!)), { success: true });
    assert.ok(await pollUntil(async () => (await messagesIn("JOBS")) === 0, waitMs), "it is removed");
    // Its advisory, which would be delivered again to the collector of a later test.
    assert.ok(await pollUntil(() => collector.status.processed > 0, waitMs), "it is collected");
    await stopAll();
    await provisioner.close();
    await clear();
  });

  it("makes nothing of what a worker terminated and had copied itself", async () => {
    const { stopAll } = await inThisProcess();
    await publish("orders", 1);
    const message = (await fetchMessages(worker, "ORDERS", "biller", 1))[0]!;
    const writer = createDeadLetterWriter(jetstream(worker));
    assert.equal(await writer.write(message, { reason: "terminal", error: new Error("no such customer") }), "stored");
    message.term("no such customer");
    await worker.flush();
    assert.ok(await pollUntil(async () => (await store.backlog()) === 0, waitMs));
    const found = await untilLetters(1);
    assert.deepEqual(
      found.map(({ id, reason, error }) => [id, reason, error]),
      [[`ORDERS.${message.seq}.biller`, "terminal", "Error: no such customer"]],
    );
    await stopAll();
    await clear();
  });

  describe("replayed", () => {
    class Biller extends BaseNatsConsumer<unknown> {
      readonly seen: { subject: string; headers: Record<string, string[]> }[] = [];
      fails = true;
      async processMessage(_payload: unknown, { subject, headers = undefined }: JsMsg): Promise<ProcessResult> {
        this.seen.push({ subject, headers: Object.fromEntries(headers ?? []) });
        return this.fails ? { success: false, error: new Error("card refused") } : { success: true };
      }
    }
    let biller: Biller;

    before(async () => {
      const provisioner = await connect("provisioner");
      // Nothing is abandoned here, and each delivery is the only one: a slow moment would make a letter of it.
      for (const [of, name] of [
        ["ORDERS", "biller"],
        ["REPLAYS", "ORDERS-biller"],
      ] as const) {
        const { config } = await ask(provisioner, `CONSUMER.INFO.${of}.${name}`);
        const patient = { ...(config as object), ack_wait: 600e9 };
        const change = { stream_name: of, config: patient, action: "update" };
        await ask(provisioner, `CONSUMER.CREATE.${of}.${name}`, change);
      }
      await provisioner.close();
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      biller = new Biller({
        stream: "ORDERS",
        durable: "biller",
        replays: { stream: "REPLAYS", durable: "ORDERS-biller" },
        deadLetters: createDeadLetterWriter(jetstream(worker)),
        log,
      });
      await biller.start(jetstream(worker));
    });
    after(() => biller?.stop());

    it("goes to the durable that failed alone, three times at most", async () => {
      await jetstream(api).publish("orders", "{}", { msgID: "order-1" });
      const [original] = await untilLetters(1);
      assert.deepEqual([original!.reason, original!.error], ["terminal", "Error: card refused"]);
      for (let times = 1; times <= 3; times++) {
        const asked: number[] = [];
        const done = await letters.replay({ durable: times === 1 ? "biller" : "ORDERS-biller" }, async (selected) => {
          asked.push(selected.length);
        });
        assert.deepEqual([asked, done.done.length, done.refused], [[1], 1, []]);
        // A replica that is behind still lists the one that was replayed.
        const isAgain = async () =>
          (await untilLetters(1, { durable: "ORDERS-biller" })).every(
            ({ replays, stream }) => replays === times && stream === "REPLAYS",
          );
        assert.ok(await pollUntil(isAgain, waitMs), `a letter of replay ${times}`);
        const { subject, headers } = biller.seen.at(-1)!;
        assert.equal(subject, "replay.ORDERS.biller");
        assert.deepEqual(
          ["Replay-Of", "Replay-Count", "Replay-Subject"].map((name) => headers[name]),
          [["order-1"], [String(times)], ["orders"]],
        );
      }
      const fourth = await letters.replay({}, async () => undefined);
      assert.deepEqual(fourth.done, []);
      assert.match(fourth.refused[0]!.reason, /has been replayed 3 times, and 3 are allowed/);
      assert.equal(biller.seen.length, 4);
      await clear();
    });

    it("is processed once although the command was killed before it had deleted the copy", async () => {
      await jetstream(api).publish("orders", "{}", { msgID: "order-2" });
      const [letter] = await untilLetters(1);
      biller.fails = false;
      const before = biller.seen.length;
      const target = { subject: "replay.ORDERS.biller", durable: "ORDERS-biller" };
      await store.replay(letter!, target, letter!.data);
      const { done } = await letters.replay({ ids: [letter!.id] }, async () => undefined);
      assert.deepEqual(done, [letter!.id]);
      assert.ok(await pollUntil(async () => (await messagesIn("REPLAYS")) === 0, waitMs));
      assert.equal(biller.seen.length, before + 1);
      await untilNoLetters();
    });

    it("becomes no second letter where the collector sees only later what its worker had done", async () => {
      const provisioner = await connect("provisioner");
      const { config } = (await ask(provisioner, "STREAM.INFO.DEAD_LETTERS")) as {
        config: { duplicate_window: number };
      };
      const remember = (nanoseconds: number) =>
        ask(provisioner, "STREAM.UPDATE.DEAD_LETTERS", { ...config, duplicate_window: nanoseconds });
      // As if the collector had not run for longer than ids are remembered.
      await remember(100_000_000);
      biller.fails = true;
      for (const id of ["order-3", "order-4"]) await jetstream(api).publish("orders", "{}", { msgID: id });
      const [dropped, replayed] = await untilLetters(2);
      await letters.drop({ ids: [dropped!.id] }, async () => undefined);
      biller.fails = false;
      await letters.replay({ ids: [replayed!.id] }, async () => undefined);
      assert.ok(await pollUntil(async () => (await messagesIn("REPLAYS")) === 0, waitMs));
      await untilNoLetters();
      assert.ok((await store.backlog()) >= 2, "their advisories wait");
      await sleep(200);
      const { stopAll } = await inThisProcess();
      assert.ok(await pollUntil(async () => (await store.backlog()) === 0, waitMs));
      assert.deepEqual(await all(), []);
      await stopAll();
      await remember(config.duplicate_window);
      await provisioner.close();
    });

    it("is refused where nothing would get it, and where it is not there", async () => {
      await assert.rejects(letters.show("ORDERS.999.biller"), /shop has no 1 dead letter ORDERS.999.biller/);
      const writer = createDeadLetterWriter(jetstream(worker));
      const gone = { stream: "ORDERS", sequence: 999, durable: "biller", deliveries: 2, subject: "", time: "" };
      assert.equal(await writer.copy(gone, { reason: "deliveries" }), "stored");
      const { refused } = await letters.replay({}, async () => undefined);
      assert.match(refused[0]!.reason, /its body had expired/);
      await clear();
    });
  });

  // The last: a server is down afterwards.
  describe("whose advisories are lost", () => {
    it("are found in a work queue by a sweep, and counted where nothing shows them", async () => {
      const provisioner = await connect("provisioner");
      const leaderOf = async (name: string) =>
        ((await ask(provisioner, `STREAM.INFO.${name}`)).cluster as { leader?: string }).leader;
      // The advisories' leader is a server that has neither of the streams.
      const hosts = await Promise.all([leaderOf("JOBS"), leaderOf("ORDERS")]);
      const leader = Object.keys(cluster.inputs()).find((server) => !hosts.includes(server))!;
      const operator = await connect("operator");
      const leads = await pollUntil(async () => {
        if ((await leaderOf(events)) === leader) return true;
        await ask(operator, `STREAM.LEADER.STEPDOWN.${events}`, { placement: { preferred: leader } }).catch(
          () => undefined,
        );
        return undefined;
      }, waitMs);
      assert.ok(leads, `${leader} leads ${events}`);
      await operator.close();

      // A request on a connection to the server that is killed would have no answer.
      const alive = [`tls://${cluster.inputs()[hosts[0]!]!.config.listen}`];
      await cli.close();
      cli = await connect("dead-letters-cli", alive);
      store = await deadLetterStore(cli);
      letters = lettersOf(store, shop);

      const health = await claimPorts();
      collect({ sweep: "200ms", health, servers: alive });
      const metric = async (name: string): Promise<number> => {
        const text = await fetch(`http://127.0.0.1:${health}/metrics`).then(
          (answer) => answer.text(),
          () => "",
        );
        return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? 0);
      };
      assert.ok(
        await pollUntil(async () => (await metric("dead_letters_last_sweep_timestamp_seconds")) > 0, waitMs),
        "it sweeps",
      );
      assert.equal(await metric("dead_letter_events_leader_changes_total"), 0);

      const taker = await connect("worker", alive);
      for (const asset of assets.consumers) if (asset.name === "archiver") await createConsumer(provisioner, asset);
      await publish("jobs.slow", 5);
      await publish("orders", 5);
      const kept = await messagesIn("ORDERS");
      const [jobs, orders] = await Promise.all([
        fetchMessages(taker, "JOBS", "slow", 5),
        fetchMessages(taker, "ORDERS", "archiver", 5),
      ]);
      // It was their only delivery, so what is refused is given up: while the advisories have no leader.
      await cluster.kill(leader);
      for (const message of [...jobs, ...orders]) message.nak();
      const next = JSON.stringify({ batch: 1, expires: 1_000_000_000 });
      const asked = ["JOBS.slow", "ORDERS.archiver"].map((place) =>
        taker.request(`$JS.API.CONSUMER.MSG.NEXT.${place}`, next, { timeout: requestMs }),
      );
      for (const answer of await Promise.all(asked)) assert.equal(answer.headers?.code, 408, "not delivered again");
      await taker.close();

      const isCounted = async () => (await metric("dead_letter_events_leader_changes_total")) > 0;
      assert.ok(await pollUntil(isCounted, waitMs), "the loss is counted");
      // Its durable has a leader of its own.
      const isAnswered = () =>
        store.backlog().then(
          () => true,
          () => false,
        );
      assert.ok(await pollUntil(isAnswered, waitMs));
      const found = await untilLetters(5);
      assert.ok(await pollUntil(async () => (await messagesIn("JOBS")) === 0, waitMs), "the work queue is empty");
      assert.ok(await pollUntil(async () => (await store.backlog()) === 0, waitMs));
      assert.deepEqual((await all()).map(({ id }) => id).sort(), jobs.map(({ seq }) => `JOBS.${seq}.slow`).sort());
      assert.deepEqual(
        [...new Set(found.map(({ error }) => error))],
        ["Error: found by a sweep: no durable has it pending"],
        "no advisory was stored",
      );
      assert.equal(await messagesIn("ORDERS"), kept, "of a limits stream nothing shows them");
      await provisioner.close();
    });
  });
});
