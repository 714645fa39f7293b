import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import { runMigration } from "../../operations/migrate/migration";
import { observeMigration } from "../../operations/migrate/observe";
import { Queue } from "../../operations/migrate/queue";
import { countsOf } from "../../cli/render/migration";
import { assetsOf } from "../../config/assets/assets";
import { tenantSpec } from "../../config/schema/tenant";
import { consumerArgs, streamArgs } from "../../jetstream/asset-args";
import { consumerKind, streamKind } from "../../jetstream/kinds";
import { ensure } from "../../jetstream/ensure";
import { timeouts } from "../../jetstream/timeouts";
import { pollUntil } from "../../config/poll-until";
import { ask, localEnvironment } from "../support/accounts";
import { cutOff, type Moment } from "../support/cut-off";
import { serversMs, waitMs } from "../support/limits";
import { repeated, requestUntilHeard, take, textsIn } from "../support/messages";
import { startSupercluster, type Supercluster } from "../support/nats";

const owner = "supercluster/migrate";
const moments: Moment[] = ["before", "after"];
/** One more than a migration of a stream with two durables makes. */
const mostChanges = 15;
const cases = moments.flatMap((moment) =>
  Array.from({ length: mostChanges }, (_, index) => ({
    moment,
    number: index + 1,
    name: `${moment.toUpperCase()}${index + 1}`,
  })),
);
const refused = ["COPIED", "FOREIGN", "DRIFTED", "SOURCING"];

const queue = (name: string) => ({
  subjects: [`${name}.>`],
  retention: "limits",
  storage: "file",
  replicas: 1,
  discard: "old",
  maxAge: "7d",
  maxBytes: "8MiB",
  maxMsgs: 100_000,
});
const durable = (kind: string) => ({
  mode: "pull",
  streams: cases.map(({ name }) => name),
  filterSubjects: cases.map(({ name }) => `${name}.${kind}`),
  ackPolicy: "explicit",
  ackWait: "60s",
  maxDeliver: 5,
  deliverPolicy: "all",
});
const tenant = tenantSpec.parse({
  name: "app",
  home: "iad",
  streams: Object.fromEntries([...cases.map(({ name }) => name), ...refused].map((name) => [name, queue(name)])),
  consumers: { worker: durable("a"), audit: durable("b") },
  users: {},
});

/** Every stream's run is killed at another of its changes; all of them at once, because they are independent. */
describe("a work queue becomes a stream with limits by a shadow", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let app: NatsConnection;
  let publisher: NatsConnection;
  let system: NatsConnection;
  const environment = localEnvironment({ servers: 1 });
  const assets = assetsOf(environment, { app: tenant });
  const lines: string[] = [];
  const logProgress = (line: string) => void lines.push(line);
  const usual = { ...timeouts };

  /** By stream: texts whose publisher got an acknowledgement, in order. */
  const acknowledged: Record<string, string[]> = Object.fromEntries(cases.map(({ name }) => [name, []]));
  /** By stream: texts that were done before. */
  const processed: Record<string, string[]> = {};
  let publishing: Promise<unknown> | undefined;
  let isPublishing = true;

  async function publish(name: string, kind: "a" | "b", text: string): Promise<void> {
    const answer = await publisher.request(`${name}.${kind}`, text, { timeout: 1_000 }).catch(() => undefined);
    if (answer?.json<{ stream?: string }>().stream) acknowledged[name]!.push(text);
  }

  const asQueue = (name: string) => ({
    ...streamArgs(assets.streams.find((stream) => stream.name === name)!),
    retention: "workqueue",
  });
  const queueOf = (name: string, connection: NatsConnection) =>
    new Queue({ account: { connection, owner, logProgress }, system, assets }, name, 3);
  const configOf = async (name: string) => (await ask(app, `STREAM.INFO.${name}`)).config as Record<string, unknown>;

  before(async () => {
    Object.assign(timeouts, { requestMs: 2_000 });
    cluster = await startSupercluster({ settings: { storage: { file: "2GiB", memory: "64MiB" } } });
    [app, publisher, system] = await Promise.all([
      cluster.connect("app"),
      cluster.connect("app", { servers: cluster.urls("syd") }),
      cluster.connect("admin"),
    ]);
    const account = { connection: app, owner, logProgress };
    await Promise.all(
      cases.map(async ({ name }) => {
        await ensure(streamKind, asQueue(name), account);
        for (const asset of assets.consumers.filter(({ stream }) => stream === name))
          await ensure(consumerKind, consumerArgs(asset), account);
        for (let index = 0; index < 20; index++) {
          const text = `${name} before ${index}`;
          await requestUntilHeard(publisher, `${name}.${index % 3 ? "a" : "b"}`, text);
          acknowledged[name]!.push(text);
        }
        processed[name] = await take(app, name, "worker", 4);
        // Delivered, and not acknowledged.
        app.publish(`$JS.API.CONSUMER.MSG.NEXT.${name}.worker`, JSON.stringify({ batch: 2, no_wait: true }), {
          reply: `ignored.${name}`,
        });
      }),
    );
    publishing = Promise.all(
      cases.map(async ({ name }) => {
        for (let index = 0; isPublishing; index++) {
          await publish(name, index % 3 ? "a" : "b", `${name} meanwhile ${index}`);
          await sleep(100);
        }
      }),
    );
  });

  after(async () => {
    isPublishing = false;
    await publishing;
    Object.assign(timeouts, usual);
    await Promise.all([app, publisher, system].map((connection) => connection?.close()));
    await cluster?.stop();
  });

  it("while messages come in, killed at any change and run again, and does nothing when it is repeated", async () => {
    const cuts = new Set<string>();
    await Promise.all(
      cases.map(async ({ name, number, moment }) => {
        const first = cutOff(app, number, moment);
        const cut = await Promise.race([
          runMigration(queueOf(name, first.connection)).then(() => undefined),
          first.reached,
        ]);
        if (cut) cuts.add(cut.replace(name, "S").replace(`${name}--shadow`, "S--shadow"));
        await runMigration(queueOf(name, app)).catch((error: Error) => {
          // What the killed one had sent was carried out while this one looked, or a busy server was late. What tells
          // to look at logs first is not expected.
          assert.match(error.message, /([:;] run|Run) the command again/);
          return runMigration(queueOf(name, app));
        });
        const third = cutOff(app, Infinity, moment);
        assert.equal(await runMigration(queueOf(name, third.connection)), false);
        assert.deepEqual(third.changes(), []);
      }),
    );
    const expected = [
      "STREAM.UPDATE.S",
      "CONSUMER.DELETE.S.worker",
      "STREAM.CREATE.S--shadow",
      "STREAM.UPDATE.S--shadow",
      "STREAM.DELETE.S",
      "STREAM.CREATE.S",
      "CONSUMER.CREATE.S.audit",
      "STREAM.DELETE.S--shadow",
    ];
    assert.deepEqual(
      expected.filter((change) => !cuts.has(change)),
      [],
    );
    isPublishing = false;
    await publishing;
  });

  it("has every message that was left in it, and every one that came in, exactly once and in order", async () => {
    await Promise.all(
      cases.map(async ({ name }) => {
        const texts = await textsIn(app, name);
        const expected = acknowledged[name]!.filter((text) => !processed[name]!.includes(text));
        assert.deepEqual(repeated(texts), [], name);
        assert.deepEqual(
          texts.filter((text) => expected.includes(text)),
          expected,
          name,
        );
        assert.deepEqual(
          texts.filter((text) => processed[name]!.includes(text)),
          [],
          name,
        );
      }),
    );
  });

  it("is as specified, and nothing else is left behind", async () => {
    for (const { name } of cases) {
      const watched = cutOff(app, Infinity, "before");
      const account = { connection: watched.connection, owner, logProgress };
      await ensure(streamKind, streamArgs(assets.streams.find((stream) => stream.name === name)!), account);
      for (const asset of assets.consumers.filter(({ stream }) => stream === name))
        await ensure(consumerKind, consumerArgs(asset), account);
      assert.deepEqual(watched.changes(), [], name);
      assert.deepEqual(
        Object.keys((await configOf(name)).metadata as object).filter((label) => label.includes("migration")),
        [],
      );
    }
    const { streams } = (await ask(app, "STREAM.NAMES")) as { streams: string[] };
    assert.deepEqual(
      streams.filter((name) => name.includes("--")),
      [],
    );
  });

  it("gives workers what was left to do, with what was delivered and not acknowledged", async () => {
    const { name } = cases[0]!;
    const expected = (await textsIn(app, name)).length;
    const takeAll = async (durable: string): Promise<string[]> => {
      const all: string[] = [];
      const next = () => take(app, name, durable, 100);
      for (let taken = await next(); taken.length; taken = await next()) all.push(...taken);
      return all;
    };
    const [worker, audit] = [await takeAll("worker"), await takeAll("audit")];
    assert.equal(worker.length + audit.length, expected);
    assert.ok(worker.includes(`${name} before 7`), "delivered before, and not acknowledged");
  });

  it("shows what streams and durables hold", async () => {
    const { name } = cases[0]!;
    const counts = countsOf(await observeMigration(queueOf(name, app)));
    assert.match(counts, new RegExp(`${name} +limits +\\d+`));
    assert.match(counts, /worker +\d+ +\d+ +\d+/);
  });

  describe("and refuses", () => {
    const reasons: Record<string, { prepare: () => Promise<unknown>; says: RegExp }> = {
      COPIED: {
        prepare: async () => {
          await ask(app, "STREAM.CREATE.COPY", { name: "COPY", sources: [{ name: "COPIED" }] });
          assert.ok(
            await pollUntil(
              async () => ((await ask(app, "CONSUMER.LIST.COPIED")).total as number) > 0 || undefined,
              waitMs,
            ),
          );
        },
        says: /it is copied by COPY/,
      },
      FOREIGN: {
        prepare: () =>
          ask(app, "CONSUMER.CREATE.FOREIGN.other", {
            stream_name: "FOREIGN",
            config: { durable_name: "other", ack_policy: "explicit" },
          }),
        says: /its durables other are not specified/,
      },
      DRIFTED: {
        prepare: async () => ask(app, "STREAM.UPDATE.DRIFTED", { ...(await configOf("DRIFTED")), max_msgs: 5 }),
        says: /maxMsgs differs from what is specified/,
      },
      SOURCING: {
        prepare: async () =>
          ask(app, "STREAM.UPDATE.SOURCING", {
            ...(await configOf("SOURCING")),
            sources: [{ name: "DRIFTED", filter_subject: "DRIFTED.none" }],
          }),
        says: /it has sources: what its sources hold would be collected again/,
      },
    };

    before(() =>
      Promise.all(refused.map((name) => ensure(streamKind, asQueue(name), { connection: app, owner, logProgress }))),
    );

    for (const [name, { prepare, says }] of Object.entries(reasons)) {
      it(`${name.toLowerCase()}, with the reason, and changes nothing`, async () => {
        await prepare();
        const before = await configOf(name);
        const watched = cutOff(app, Infinity, "before");
        await assert.rejects(runMigration(queueOf(name, watched.connection)), says);
        assert.deepEqual(watched.changes(), []);
        assert.deepEqual(await configOf(name), before);
      });
    }
  });
});
