import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import pLimit from "p-limit";
import { advanceFailback } from "../../operations/failover/failback";
import { advanceFailover } from "../../operations/failover/failover";
import { StackSetting } from "../../operations/settings/stack-setting";
import { FailoverPair } from "../../operations/failover/failover-pair";
import { Mappings } from "../../operations/failover/mappings";
import { type Reload, runTogether } from "../../operations/failover/together";
import { assetsOf } from "../../config/assets/assets";
import { failoverSubject } from "../../config/assets/failover-subjects";
import type { Failover, Failovers } from "../../config/schema/failover";
import { tenantSpec } from "../../config/schema/tenant";
import { consumerArgs, streamArgs } from "../../jetstream/asset-args";
import { consumerKind, streamKind } from "../../jetstream/kinds";
import { ensure } from "../../jetstream/ensure";
import { timeouts } from "../../jetstream/timeouts";
import { pollUntil } from "../../config/poll-until";
import { accountsText, ask, localEnvironment } from "../support/accounts";
import { cutOff, type Moment, unheard } from "../support/cut-off";
import { serversMs, waitMs } from "../support/limits";
import { repeated, requestUntilHeard, take, textsIn } from "../support/messages";
import { startSupercluster, type Supercluster } from "../support/nats";

const owner = "supercluster/cut-off";
/** At least as many as either command makes of a stream with two durables. */
const mostChanges = 13;
const limits = { maxAge: "7d", maxBytes: "8MiB" };

/** How the home region is lost, whether it comes back with the mappings, and where the commands are cut off. */
const accidents: { signal: "SIGTERM" | "SIGKILL"; returns: "with" | "without"; moment: Moment }[] = [
  { signal: "SIGTERM", returns: "without", moment: "before" },
  { signal: "SIGKILL", returns: "with", moment: "after" },
];

for (const { signal, returns, moment } of accidents) {
  const cases = Array.from({ length: mostChanges }, (_, index) => ({ number: index + 1, name: `S${index + 1}` }));
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
          subjects: [`${name}.*.>`],
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
    // What every publisher may do, and nothing else: what it is mapped to is derived.
    users: { api: { publishes: ["*.x.>"] }, worker: { consumes: ["worker", "audit"] } },
  });

  describe(`failover after ${signal}, home returning ${returns} mappings, killed ${moment} every change`, function () {
    this.timeout(serversMs);
    let cluster: Supercluster;
    let app: NatsConnection;
    let worker: NatsConnection;
    let publisher: NatsConnection;
    let system: NatsConnection;
    const environment = localEnvironment({ servers: 1 });
    const assets = assetsOf(environment, { app: tenant });
    const own = assets.streams.filter(({ name }) => name !== "CANARY");
    const durables = assets.consumers.filter(({ stream }) => stream !== "CANARY");
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-failover-"));
    const lines: string[] = [];
    const logProgress = (line: string) => void lines.push(line);
    const usual = { ...timeouts };

    /** By stream: texts whose publisher got an acknowledgement, in order. */
    const acknowledged: Record<string, string[]> = Object.fromEntries(cases.map(({ name }) => [name, []]));
    /** By stream: texts that a worker has acknowledged. */
    const processed: Record<string, string[]> = Object.fromEntries(cases.map(({ name }) => [name, []]));
    /** By stream: how many were acknowledged before it was brought home. */
    const earlierCount: Record<string, number> = {};
    let publishing: Promise<unknown> | undefined;
    let isPublishing = true;
    let tries = 0;

    /** No text is sent twice: one without an answer may have been stored all the same. */
    async function publish(name: string, what: string, by = publisher): Promise<string | undefined> {
      const text = `${++tries} ${what}`;
      const answer = await by.request(`${name}.x.y`, text, { timeout: 500 }).catch(() => undefined);
      const stream = answer?.json<{ stream?: string }>().stream;
      if (stream) acknowledged[name]!.push(text);
      return stream;
    }

    const settingOf = (name: string) =>
      new StackSetting<Failover>(name, "supercluster:failover", `app/${name}`, folder);
    const declared = (): Failovers =>
      Object.fromEntries(
        cases.flatMap(({ name }) => {
          const failover = settingOf(name).read();
          return failover ? [[`app/${name}`, failover]] : [];
        }),
      );
    const inputs = (failovers: Failovers) =>
      cluster.inputs({ accounts: accountsText(environment, { app: tenant }, failovers) });
    const oneByOne = pLimit(1);
    /** As `pulumi up` of region stacks does it: servers load what is declared. */
    const reload = (regions: string[]) =>
      oneByOne(async () => {
        const wanted = Object.entries(inputs(declared())).filter(([, { region }]) => regions.includes(region));
        await cluster.ensure(Object.fromEntries(wanted));
      });

    before(async () => {
      Object.assign(timeouts, { requestMs: 2_000 });
      const accounts = accountsText(environment, { app: tenant });
      cluster = await startSupercluster({ accounts, settings: { storage: { file: "2GiB", memory: "64MiB" } } });
      const connect = (user: string, region: string) =>
        cluster.connectForever(`app-${user}`, cluster.urls(region), { inboxPrefix: `_INBOX_${user}` });
      [app, worker, publisher] = await Promise.all([
        connect("provisioner", "ams"),
        connect("worker", "ams"),
        connect("api", "syd"),
      ]);
      system = await cluster.connect("sys-admin", { servers: cluster.urls("ams"), inboxPrefix: "_INBOX_admin" });
      for (const { name } of cases) fs.writeFileSync(path.join(folder, `Pulumi.${name}.yaml`), "config: {}\n");
      const account = { connection: app, owner, logProgress };
      const atOnce = pLimit(8);
      const isOrigin = ({ mirrorOf }: { mirrorOf?: string }) => mirrorOf === undefined;
      for (const some of [own.filter(isOrigin), own.filter((asset) => !isOrigin(asset))])
        await Promise.all(some.map((asset) => atOnce(() => ensure(streamKind, streamArgs(asset), account))));
      await Promise.all(durables.map((asset) => atOnce(() => ensure(consumerKind, consumerArgs(asset), account))));
      await Promise.all(
        cases.map(async ({ name }) => {
          for (let index = 0; index < 10; index++) {
            const text = `${name} home ${index}`;
            await requestUntilHeard(publisher, `${name}.x.y`, text);
            acknowledged[name]!.push(text);
          }
          processed[name]!.push(...(await take(worker, name, "worker", 4, "_INBOX_worker")));
        }),
      );
      await Promise.all(
        cases.map(async ({ name }) => {
          const hasAll = async () => (await messagesIn(`${name}-ams`)) === 10;
          assert.ok(await pollUntil(hasAll, waitMs), `${name}-ams has all`);
        }),
      );
      await cluster.kill("iad-0", signal);
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
      await Promise.all([app, worker, publisher, system].map((connection) => connection?.close()));
      await cluster?.stop();
      fs.rmSync(folder, { recursive: true, force: true });
    });

    const messagesIn = async (name: string) =>
      ((await ask(app, `STREAM.INFO.${name}`)).state as { messages: number }).messages;
    const configOf = async (name: string) => (await ask(app, `STREAM.INFO.${name}`)).config as Record<string, unknown>;

    type Run = (pair: FailoverPair) => Promise<Reload | undefined>;
    const run = (advance: Run, name: string, connection: NatsConnection) => {
      const mappings = new Mappings(system, environment, reload);
      const pair = new FailoverPair(
        { account: { connection, owner, logProgress }, assets },
        name,
        mappings,
        settingOf(name),
      );
      return runTogether([pair], advance, (servers) => mappings.bring(servers));
    };

    /**
     * Runs it until it is cut off, again to its end, although no answer to a change is heard, and once more; returns
     * the cut and the last run's changes.
     */
    async function runs(
      { name, number }: (typeof cases)[number],
      advance: Run,
    ): Promise<{ cut?: string; more: string[] }> {
      const first = cutOff(app, number, moment);
      const cut = await Promise.race([run(advance, name, first.connection).then(() => undefined), first.reached]);
      await run(advance, name, unheard(app)).catch((error: Error) => {
        // What the killed one had sent was carried out while this one looked.
        assert.match(error.message, /run the command again/i);
        return run(advance, name, unheard(app));
      });
      const last = cutOff(app, Infinity, moment);
      await run(advance, name, last.connection);
      return { cut, more: last.changes() };
    }

    /** Servers before 2.14 cannot move a durable. */
    const canMove = process.env.NATS_SERVER !== "oldest";

    const cutsOf = (results: { cut?: string }[]) =>
      new Set(results.flatMap(({ cut }) => cut?.replace(/S\d+/g, "S") ?? []));

    it("makes the mirror a stream while the home region is down, and does nothing when it is repeated", async () => {
      const began = performance.now();
      const results = await Promise.all(
        cases.map((one) => runs(one, (pair) => advanceFailover(pair, { to: "ams", start: "all" }))),
      );
      lines.push(`${Math.round(performance.now() - began)} ms`);
      assert.deepEqual(
        results.flatMap(({ more }) => more),
        [],
      );
      assert.deepEqual(
        cutsOf(results),
        new Set(["STREAM.UPDATE.S-ams", "CONSUMER.CREATE.S-ams.worker", "CONSUMER.CREATE.S-ams.audit"]),
      );
      for (const { name } of cases) {
        assert.deepEqual((await configOf(`${name}-ams`)).subjects, [failoverSubject(name, `${name}.*.>`)]);
        assert.deepEqual(settingOf(name).read(), { to: "ams", consumers: { worker: "all", audit: "all" } });
        assert.equal(await pollUntil(() => publish(name, `${name} mapped`), waitMs, 500), `${name}-ams`);
      }
    });

    it("lets workers go on there, from the start that was stated", async () => {
      await Promise.all(
        cases.map(async ({ name }) => {
          const taken = await take(worker, `${name}-ams`, "worker", 8, "_INBOX_worker");
          assert.deepEqual(taken.slice(0, 8), [...acknowledged[name]!.slice(0, 8)], "what was processed comes again");
          processed[name]!.push(...taken.slice(4));
        }),
      );
    });

    it(`takes back a home region that returns ${returns} the mappings`, async () => {
      await cluster.ensure({ "iad-0": inputs(returns === "with" ? declared() : {})["iad-0"]! });
      await cluster.ready();
      const home = await cluster.connectForever("app-api", cluster.urls("iad"), { inboxPrefix: "_INBOX_api" });
      for (const { name } of cases) {
        const stream = await pollUntil(() => publish(name, `${name} at home`, home), waitMs, 500);
        assert.equal(stream, returns === "with" ? `${name}-ams` : name);
        assert.equal(await pollUntil(() => publish(name, `${name} elsewhere`), waitMs, 500), `${name}-ams`);
      }
      await home.close();
    });

    (canMove ? () => undefined : it)("refuses to come home to such servers unless that is accepted", async () => {
      const { connection, changes } = cutOff(app, Infinity, moment);
      await assert.rejects(
        run((pair) => advanceFailback(pair, { maxLoss: 0 }), "S1", connection),
        /would come home to servers before 2.14 \(iad-0\).* --old-servers/,
      );
      assert.deepEqual(changes(), []);
    });

    it("brings every stream home, and does nothing when it is asked for again", async () => {
      for (const { name } of cases) earlierCount[name] = acknowledged[name]!.length;
      const options = { maxLoss: 0, acceptsOld: !canMove };
      const results = await Promise.all(cases.map((one) => runs(one, (pair) => advanceFailback(pair, options))));
      assert.deepEqual(
        results.flatMap(({ more }) => more),
        [],
      );
      const cuts = cutsOf(results);
      const expected = [
        "CONSUMER.PAUSE.S.worker",
        "CONSUMER.PAUSE.S.audit",
        "STREAM.UPDATE.S",
        "STREAM.UPDATE.S-ams",
        ...(canMove ? ["CONSUMER.RESET.S.worker"] : []),
        "STREAM.DELETE.S-ams",
        "STREAM.CREATE.S-ams",
      ];
      assert.deepEqual(
        expected.filter((change) => !cuts.has(change)),
        [],
      );
      for (const { name } of cases)
        assert.equal(await pollUntil(() => publish(name, `${name} after`), waitMs, 500), name);
      isPublishing = false;
      await publishing;
    });

    it("has every acknowledged message once; those from before the failback in order", async () => {
      for (const { name } of cases) {
        const [texts, all] = [await textsIn(app, name), acknowledged[name]!];
        assert.deepEqual(
          all.filter((text) => !texts.includes(text)),
          [],
          `${name} lost some`,
        );
        assert.deepEqual(
          repeated(texts).filter((text) => all.includes(text)),
          [],
          `${name} has some twice`,
        );
        const earlier = all.slice(0, earlierCount[name]).filter((text) => !text.endsWith(" at home"));
        assert.deepEqual(
          texts.filter((text) => earlier.includes(text)),
          earlier,
          `${name}'s order`,
        );
      }
    });

    it("gives workers all that is left to do, and nothing that is done", async () => {
      for (const { name } of cases) {
        const rest: string[] = [];
        const next = () => take(worker, name, "worker", 100, "_INBOX_worker");
        for (let taken = await next(); taken.length; taken = await next()) rest.push(...taken);
        assert.deepEqual(
          acknowledged[name]!.filter((text) => !processed[name]!.includes(text) && !rest.includes(text)),
          [],
          `${name} skipped some`,
        );
        if (canMove)
          assert.deepEqual(
            rest.filter((text) => processed[name]!.includes(text)),
            [],
            `${name} gives some again`,
          );
      }
    });

    it("leaves streams, mirrors, mappings and settings as they are specified", async () => {
      for (const asset of own) {
        const watched = cutOff(app, Infinity, "before");
        await ensure(streamKind, streamArgs(asset), { connection: watched.connection, owner, logProgress });
        assert.deepEqual(watched.changes(), []);
      }
      for (const asset of durables) {
        const watched = cutOff(app, Infinity, "before");
        await ensure(consumerKind, consumerArgs(asset), { connection: watched.connection, owner, logProgress });
        assert.deepEqual(watched.changes(), []);
      }
      const mappings = new Mappings(system, environment, reload);
      for (const asset of own.filter(({ mirrorOf }) => !mirrorOf)) {
        const { mapped, unmapped } = await mappings.of(asset, waitMs);
        assert.deepEqual([mapped, unmapped], [[], ["ams-0", "iad-0", "syd-0"]]);
      }
      for (const { name } of cases)
        assert.equal(fs.readFileSync(settingOf(name).file, "utf8").replace("{}", "").trim(), "config:");
    });
  });
}
