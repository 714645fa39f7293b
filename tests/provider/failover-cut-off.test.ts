import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import pLimit from "p-limit";
import { runFailback } from "../../operations/failover/failback";
import { runFailover } from "../../operations/failover/failover";
import { FailoverSetting } from "../../operations/failover/setting";
import { FailoverPair } from "../../operations/failover/failover-pair";
import { assetsOf } from "../../config/assets/assets";
import { parkedSubject } from "../../config/assets/standard";
import { tenantSpec } from "../../config/schema/tenant";
import { consumerArgs, streamArgs } from "../../jetstream/asset-args";
import { consumerKind, streamKind } from "../../jetstream/kinds";
import { ensure } from "../../jetstream/ensure";
import { timeouts } from "../../jetstream/timeouts";
import { pollUntil } from "../../config/poll-until";
import { ask, localEnvironment } from "../support/accounts";
import { cutOff, type Moment } from "../support/cut-off";
import { serversMs, waitMs } from "../support/limits";
import { repeated, take, textsIn } from "../support/messages";
import { startSupercluster, type Supercluster } from "../support/nats";

const owner = "supercluster/cut-off";
const moments: Moment[] = ["before", "after"];
/** At least as many as either command makes of a stream with two durables. */
const mostChanges = 13;
const cases = moments.flatMap((moment) =>
  Array.from({ length: mostChanges }, (_, index) => ({
    moment,
    number: index + 1,
    name: `${moment.toUpperCase()}${index + 1}`,
  })),
);

const limits = { maxAge: "7d", maxBytes: "8MiB" };
const durable = {
  mode: "pull",
  streams: cases.map(({ name }) => name),
  ackPolicy: "explicit",
  ackWait: "60s",
  maxDeliver: 5,
  deliverPolicy: "all",
};
const tenant = tenantSpec.parse({
  name: "app",
  home: "iad",
  streams: Object.fromEntries(
    cases.map(({ name }) => [
      name,
      {
        subjects: [`${name}.>`],
        retention: "limits",
        storage: "file",
        replicas: 1,
        discard: "old",
        ...limits,
        mirrors: { ams: limits },
      },
    ]),
  ),
  consumers: { worker: durable, audit: durable },
  users: {},
});

/** Every stream's run is killed at another of its changes; all of them at once, because they are independent. */
describe("failover and failback, killed at every change", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let app: NatsConnection;
  let publisher: NatsConnection;
  let system: NatsConnection;
  const environment = localEnvironment({ servers: 1 });
  const assets = assetsOf(environment, { app: tenant });
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-failover-"));
  const lines: string[] = [];
  const logProgress = (line: string) => void lines.push(line);
  const usual = { ...timeouts };

  /** By stream: texts whose publisher got an acknowledgement, in order. */
  const acknowledged: Record<string, string[]> = Object.fromEntries(cases.map(({ name }) => [name, []]));
  /** By stream: texts that a worker has acknowledged. */
  const processed: Record<string, string[]> = Object.fromEntries(cases.map(({ name }) => [name, []]));
  /** By stream: how many were acknowledged when the home region came up, and when its stream knew of the failover. */
  const returned: Record<string, [number, number]> = {};
  let publishing: Promise<unknown> | undefined;
  let isPublishing = true;

  async function publish(name: string, text: string): Promise<void> {
    const answer = await publisher.request(`${name}.x`, text, { timeout: 500 }).catch(() => undefined);
    if (answer?.json<{ stream?: string }>().stream) acknowledged[name]!.push(text);
  }

  before(async () => {
    Object.assign(timeouts, { requestMs: 2_000 });
    cluster = await startSupercluster({ settings: { storage: { file: "2GiB", memory: "64MiB" } } });
    [app, publisher] = await Promise.all([
      cluster.connectForever("app", cluster.urls("ams")),
      cluster.connectForever("app", cluster.urls("syd")),
    ]);
    system = await cluster.connect("admin", { servers: cluster.urls("ams") });
    for (const { name } of cases) fs.writeFileSync(path.join(folder, `Pulumi.${name}.yaml`), "config: {}\n");
    const account = { connection: app, owner, logProgress };
    const atOnce = pLimit(8);
    const own = assets.streams.filter(({ name }) => name !== "CANARY");
    await Promise.all(
      own
        .filter(({ mirrorOf }) => !mirrorOf)
        .map((asset) => atOnce(() => ensure(streamKind, streamArgs(asset), account))),
    );
    const durables = assets.consumers.filter(({ stream }) => stream !== "CANARY");
    await Promise.all([
      ...own
        .filter(({ mirrorOf }) => mirrorOf)
        .map((asset) => atOnce(() => ensure(streamKind, streamArgs(asset), account))),
      ...durables.map((asset) => atOnce(() => ensure(consumerKind, consumerArgs(asset), account))),
    ]);
    await Promise.all(
      cases.map(async ({ name }) => {
        for (let index = 0; index < 10; index++) await publish(name, `${name} home ${index}`);
        processed[name]!.push(...(await take(app, name, "worker", 4)));
      }),
    );
    await Promise.all(
      cases.map(({ name }) => pollUntil(async () => (await messagesIn(`${name}-ams`)) === 10 || undefined, waitMs)),
    );
    await cluster.kill("iad-0", "SIGTERM");
    publishing = Promise.all(
      cases.map(async ({ name }) => {
        for (let index = 0; isPublishing; index++) {
          await publish(name, `${name} later ${index}`);
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
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const messagesIn = async (name: string) =>
    ((await ask(app, `STREAM.INFO.${name}`)).state as { messages: number }).messages;
  const configOf = async (name: string) => (await ask(app, `STREAM.INFO.${name}`)).config as Record<string, unknown>;
  const settingOf = (name: string) => new FailoverSetting(name, "supercluster", `app/${name}`, folder);

  type Run = (pair: FailoverPair) => Promise<unknown>;
  const failoverPairOf = (name: string, connection: NatsConnection) =>
    new FailoverPair(
      { account: { connection, owner, logProgress }, system, assets },
      name,
      environment,
      settingOf(name),
    );

  /** Runs it until it is cut off, again to its end, and once more; returns the cut and the other runs' changes. */
  async function runs(
    { name, number, moment }: (typeof cases)[number],
    run: Run,
  ): Promise<{ cut?: string; rest: string[]; more: string[] }> {
    const first = cutOff(app, number, moment);
    const cut = await Promise.race([run(failoverPairOf(name, first.connection)).then(() => undefined), first.reached]);
    const [second, third] = [cutOff(app, Infinity, moment), cutOff(app, Infinity, moment)];
    await run(failoverPairOf(name, second.connection)).catch((error: Error) => {
      // What the killed one had sent was carried out while this one looked.
      assert.match(error.message, /run the command again/i);
      return run(failoverPairOf(name, second.connection));
    });
    await run(failoverPairOf(name, third.connection));
    return { cut, rest: second.changes(), more: third.changes() };
  }

  it("makes the mirror a stream while the home region is down, and does nothing when it is repeated", async () => {
    const results = await Promise.all(
      cases.map((one) => runs(one, (pair) => runFailover(pair, { to: "ams", start: "all" }))),
    );
    assert.deepEqual(
      results.flatMap(({ more }) => more),
      [],
    );
    const cuts = new Set(results.flatMap(({ cut }) => cut?.replace(/(BEFORE|AFTER)\d+/g, "S") ?? []));
    assert.deepEqual(
      cuts,
      new Set([
        "STREAM.UPDATE.S",
        "STREAM.UPDATE.S-ams",
        "CONSUMER.CREATE.S-ams.worker",
        "CONSUMER.CREATE.S-ams.audit",
      ]),
    );
    for (const { name } of cases) {
      assert.deepEqual((await configOf(`${name}-ams`)).subjects, [`${name}.>`]);
      assert.deepEqual(settingOf(name).read(), { to: "ams", consumers: { worker: "all", audit: "all" } });
    }
  });

  it("lets workers go on there, from the start that was stated", async () => {
    await Promise.all(
      cases.map(async ({ name }) => {
        const taken = await take(app, `${name}-ams`, "worker", 8);
        assert.deepEqual(taken, acknowledged[name]!.slice(0, 8), "what was processed at home comes again");
        processed[name]!.push(...taken.slice(4));
      }),
    );
  });

  it("brings every stream home, and does nothing when it is asked for again", async () => {
    for (const { name } of cases) returned[name] = [acknowledged[name]!.length, 0];
    await cluster.ensure();
    await cluster.ready();
    await Promise.all(
      cases.map(async ({ name }) => {
        assert.ok(
          await pollUntil(
            async () =>
              String((await configOf(name).catch(() => ({ subjects: "" }))).subjects) === parkedSubject(name) ||
              undefined,
            waitMs,
          ),
          name,
        );
        // A message that was on its way then is acknowledged within this.
        await sleep(500);
        returned[name]![1] = acknowledged[name]!.length;
      }),
    );
    const results = await Promise.all(cases.map((one) => runs(one, (pair) => runFailback(pair, { maxLoss: 0 }))));
    assert.deepEqual(
      results.flatMap(({ more }) => more),
      [],
    );
    const cuts = new Set(results.flatMap(({ cut }) => cut?.replace(/(BEFORE|AFTER)\d+/g, "S") ?? []));
    const expected = [
      "CONSUMER.PAUSE.S.worker",
      "CONSUMER.PAUSE.S.audit",
      "STREAM.UPDATE.S",
      "STREAM.UPDATE.S-ams",
      "CONSUMER.RESET.S.worker",
      "STREAM.DELETE.S-ams",
      "STREAM.CREATE.S-ams",
    ];
    assert.deepEqual(
      expected.filter((change) => !cuts.has(change)),
      [],
    );
    isPublishing = false;
    await publishing;
  });

  it("has every acknowledged message, in order, and twice only what came in while the region returned", async () => {
    for (const { name } of cases) {
      const [texts, all] = [await textsIn(app, name), acknowledged[name]!];
      assert.deepEqual(
        all.filter((text) => !texts.includes(text)),
        [],
        `${name} lost some`,
      );
      const meanwhile = all.slice(...returned[name]!);
      assert.deepEqual(
        repeated(texts).filter((text) => all.includes(text) && !meanwhile.includes(text)),
        [],
        `${name} has some twice`,
      );
      assert.deepEqual(
        texts.filter((text) => all.includes(text) && !meanwhile.includes(text)),
        all.filter((text) => !meanwhile.includes(text)),
        `${name}'s order`,
      );
    }
  });

  it("gives workers all that is left to do, and nothing that is done", async () => {
    for (const { name } of cases) {
      const rest: string[] = [];
      for (let taken = await take(app, name, "worker", 100); taken.length; taken = await take(app, name, "worker", 100))
        rest.push(...taken);
      assert.deepEqual(
        acknowledged[name]!.filter((text) => !processed[name]!.includes(text) && !rest.includes(text)),
        [],
        `${name} skipped some`,
      );
      assert.deepEqual(
        rest.filter((text) => processed[name]!.includes(text)),
        [],
        `${name} gives some again`,
      );
    }
  });

  it("leaves streams, mirrors and settings as they are specified", async () => {
    for (const asset of assets.streams.filter(({ name }) => name !== "CANARY")) {
      const watched = cutOff(app, Infinity, "before");
      await ensure(streamKind, streamArgs(asset), { connection: watched.connection, owner, logProgress });
      assert.deepEqual(watched.changes(), []);
    }
    for (const asset of assets.consumers.filter(({ stream }) => stream !== "CANARY")) {
      const watched = cutOff(app, Infinity, "before");
      await ensure(consumerKind, consumerArgs(asset), { connection: watched.connection, owner, logProgress });
      assert.deepEqual(watched.changes(), []);
    }
    for (const { name } of cases)
      assert.equal(fs.readFileSync(settingOf(name).file, "utf8").replace("{}", "").trim(), "config:");
  });
});
