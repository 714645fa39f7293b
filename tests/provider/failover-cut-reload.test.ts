import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import { assetsOf } from "../../config/assets/assets";
import { pollUntil } from "../../config/poll-until";
import type { Failover, Failovers } from "../../config/schema/failover";
import { tenantSpec } from "../../config/schema/tenant";
import { observe } from "../../components/local/provider/observe";
import { askAll } from "../../jetstream/system-requests";
import { consumerArgs, streamArgs } from "../../jetstream/asset-args";
import { ensure } from "../../jetstream/ensure";
import { consumerKind, streamKind } from "../../jetstream/kinds";
import { advanceFailback } from "../../operations/failover/failback";
import { advanceFailover } from "../../operations/failover/failover";
import { FailoverPair } from "../../operations/failover/failover-pair";
import { type Accountz, Mappings } from "../../operations/failover/mappings";
import { type Reload, runTogether } from "../../operations/failover/together";
import { StackSetting } from "../../operations/settings/stack-setting";
import { failedOver, mappingProblems } from "../../operations/supercluster/failed-over";
import { snapshotUntil, takeSnapshot } from "../../operations/supercluster/snapshot";
import { accountsText, localEnvironment } from "../support/accounts";
import type { CutReload } from "../support/cut-reload";
import { cutOff } from "../support/cut-off";
import { serversMs, waitMs } from "../support/limits";
import { repeated, take, textsIn } from "../support/messages";
import { startSupercluster, type Supercluster } from "../support/nats";

const owner = "supercluster/cut-reload";
const servers = ["iad-0", "iad-1", "iad-2", "ams-0", "ams-1", "ams-2"];

interface Cut {
  what: string;
  /** Servers that have loaded the change by then. */
  done: string[];
  /** The next one, whose files are written; `told`: to read them. */
  at?: { server: string; told: boolean };
}

const cuts: Cut[] = [
  { what: "when one region has it and the other one does not", done: ["iad-0", "iad-1", "iad-2"] },
  {
    what: "before a server of a region is told, when another one has it",
    done: ["ams-0"],
    at: { server: "ams-1", told: false },
  },
  {
    what: "right after a server of a region is told, before that is recorded",
    done: ["iad-0", "iad-1", "iad-2", "ams-0"],
    at: { server: "ams-1", told: true },
  },
];

/** Both regions are up, the worst case: publishers of servers that differ are answered by different streams. */
describe("failover and failback, killed while servers are being reloaded", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let app: NatsConnection;
  let system: NatsConnection;
  let worker: NatsConnection;
  const publishers: Record<string, NatsConnection> = {};
  const limits = { maxAge: "7d", maxBytes: "8MiB" };
  const tenant = tenantSpec.parse({
    name: "app",
    home: "iad",
    streams: {
      S: {
        ...{ subjects: ["s.>"], retention: "limits", storage: "file", replicas: 3, discard: "old" },
        ...{ ...limits, mirrors: { ams: limits } },
      },
    },
    consumers: { worker: { mode: "pull", streams: ["S"], ackPolicy: "explicit", deliverPolicy: "all" } },
    users: { api: { publishes: ["s.>"] }, worker: { consumes: ["worker"] } },
  });
  const tenants = { app: tenant };
  const environment = localEnvironment({ regions: ["iad", "ams"], jetstream: { jetstream: ["app"] } });
  const assets = assetsOf(environment, tenants);
  const [home, ...mirrors] = assets.streams.filter(({ name }) => name !== "CANARY");
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-failover-"));
  const setting = new StackSetting<Failover>("S", "supercluster:failover", "app/S", folder);
  const logProgress = () => undefined;

  /** Texts whose publisher got an acknowledgement, and those that a worker has acknowledged. */
  const acknowledged: string[] = [];
  const processed: string[] = [];
  let publishing: Promise<unknown> | undefined;
  let isPublishing = true;
  let processes: unknown;
  const processesNow = () =>
    Promise.all(Object.values(cluster.inputs()).map(async (server) => (await observe(server))?.process));

  async function publish(server: string): Promise<string | undefined> {
    const text = `${server} ${acknowledged.length} ${Math.random()}`;
    const answer = await publishers[server]!.request("s.x", text, { timeout: 500 }).catch(() => undefined);
    const stream = answer?.json<{ stream?: string }>().stream;
    if (stream) acknowledged.push(text);
    return stream;
  }

  const declared = (): Failovers => {
    const failover = setting.read();
    return failover ? { "app/S": failover } : {};
  };
  const inputs = () => cluster.inputs({ accounts: accountsText(environment, tenants, declared()) });
  const reload = (regions: string[]) =>
    cluster.ensure(Object.fromEntries(Object.entries(inputs()).filter(([, { region }]) => regions.includes(region))));

  /** The reload as it is cut off: what was to be done is not done by anyone. */
  async function reloadUntil({ done, at }: Cut): Promise<void> {
    const all = inputs();
    const first = done.map((name) => all[name]!);
    if (!at) return void (await Promise.all(first.map((one) => cluster.ensure({ [one.name]: one }))));
    const child = fork(path.join(__dirname, "../support/cut-reload.ts"), { execArgv: ["-r", "./tools/runtime.cjs"] });
    const ended = once(child, "exit");
    child.send({ done: first, at: all[at.server]!, moment: at.told ? "after" : "before" } satisfies CutReload);
    assert.deepEqual(await ended, [null, "SIGKILL"]);
  }

  before(async () => {
    const accounts = accountsText(environment, tenants);
    const settings = { storage: { file: "2GiB", memory: "64MiB" } } as const;
    cluster = await startSupercluster({ regions: ["iad", "ams"], servers: 3, accounts, settings });
    const connect = (user: string, urls: string[]) =>
      cluster.connectForever(`app-${user}`, urls, { inboxPrefix: `_INBOX_${user}` });
    [app, worker] = await Promise.all([
      connect("provisioner", cluster.urls("ams")),
      connect("worker", cluster.urls("iad")),
    ]);
    const urls = cluster.urls();
    for (const [index, server] of servers.entries()) publishers[server] = await connect("api", [urls[index]!]);
    system = await cluster.connect("sys-admin", { inboxPrefix: "_INBOX_admin" });
    fs.writeFileSync(setting.file, "config: {}\n");
    const account = { connection: app, owner, logProgress };
    for (const asset of [home!, ...mirrors]) await ensure(streamKind, streamArgs(asset), account);
    for (const asset of assets.consumers.filter(({ stream }) => stream === "S"))
      await ensure(consumerKind, consumerArgs(asset), account);
    processes = await processesNow();
    for (const server of servers) await pollUntil(() => publish(server), waitMs);
    publishing = Promise.all(
      servers.map(async (server) => {
        while (isPublishing) {
          await publish(server);
          await sleep(400);
        }
      }),
    );
  });

  after(async () => {
    isPublishing = false;
    await publishing;
    await Promise.all([app, worker, system, ...Object.values(publishers)].map((connection) => connection?.close()));
    await cluster?.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  type Advance = (pair: FailoverPair) => Promise<Reload | undefined>;
  const failover: Advance = (pair) => advanceFailover(pair, { to: "ams", start: "all" });
  const failback: Advance = (pair) => advanceFailback(pair, { maxLoss: 0, acceptsOld: true });

  function run(advance: Advance, load: (regions: string[]) => Promise<void>, connection = app): Promise<void> {
    const mappings = new Mappings(system, environment, load);
    const pair = new FailoverPair({ account: { connection, owner, logProgress }, assets }, "S", mappings, setting);
    return runTogether([pair], advance, (named) => mappings.bring(named));
  }

  /** Runs it until it is killed in its reload. */
  async function runUntil(advance: Advance, cut: Cut): Promise<void> {
    let reach!: () => void;
    const reached = new Promise<void>((resolve) => (reach = resolve));
    const never = new Promise<never>(() => undefined);
    const load = async () => {
      await reloadUntil(cut);
      reach();
      return never;
    };
    await Promise.race([run(advance, load), reached]);
  }

  const mappedNow = async () => (await new Mappings(system, environment, reload).of(home!, waitMs)).mapped;
  const isMapped = (expected: string[]) =>
    pollUntil(async () => String(await mappedNow()) === String([...expected].sort()), waitMs);

  /** What `npm run status` reports of it. */
  async function reported(): Promise<string[]> {
    const snapshot = await takeSnapshot(system, servers.length);
    const ask = (account: string) => askAll<Accountz>(system, "ACCOUNTZ", { account }, servers.length, 2_000);
    const found = await failedOver({ environment, tenants, failovers: declared() }, snapshot, ask);
    return found.flatMap(mappingProblems).map(({ detail }) => detail);
  }

  /** Runs it again to its end, and once more, which changes nothing. */
  async function runsToItsEnd(advance: Advance): Promise<void> {
    await run(advance, reload);
    const more = cutOff(app, Infinity, "before");
    await run(advance, () => assert.fail("nothing is left to be loaded"), more.connection);
    assert.deepEqual(more.changes(), []);
  }

  for (const cut of cuts) {
    const { done, at } = cut;
    const changed = [...done, ...(at?.told ? [at.server] : [])];
    const unchanged = servers.filter((server) => !changed.includes(server));

    /** Servers and publishers are as a cut leaves them, which is reported, and each publisher has one stream. */
    async function isCut(mapped: string[], unmapped: string[]): Promise<void> {
      assert.ok(await isMapped(mapped), `${(await mappedNow()).join()} map it, not ${mapped.join()}`);
      for (const server of servers)
        assert.equal(await pollUntil(() => publish(server), waitMs), mapped.includes(server) ? "S-ams" : "S", server);
      const isComplete = (problems: string[]) =>
        problems.length === 1 && unmapped.every((server) => problems[0]!.includes(server));
      // A server that does not answer in time is not in it.
      const [problem, ...more] = await snapshotUntil(reported, isComplete, waitMs);
      assert.deepEqual(more, []);
      for (const server of unmapped) assert.ok(problem?.includes(server), `${server} in: ${problem}`);
    }

    it(`failover, ${cut.what}: the next run ends it`, async () => {
      processed.push(...(await take(worker, "S", "worker", 5, "_INBOX_worker")));
      await runUntil(failover, cut);
      await isCut(changed, unchanged);
      await runsToItsEnd(failover);
      assert.deepEqual(await reported(), []);
      for (const server of servers)
        assert.equal(await pollUntil(() => publish(server), waitMs), "S-ams", `publisher at ${server}`);
      processed.push(...(await take(worker, "S-ams", "worker", 5, "_INBOX_worker")));
    });

    it(`failback, ${cut.what}: the next run ends it`, async () => {
      await runUntil(failback, cut);
      await isCut(unchanged, changed);
      await runsToItsEnd(failback);
      assert.deepEqual(await reported(), []);
      for (const server of servers)
        assert.equal(await pollUntil(() => publish(server), waitMs), "S", `publisher at ${server}`);
    });
  }

  it("restarts no server for it", async () => assert.deepEqual(await processesNow(), processes));

  it("has every acknowledged message once", async () => {
    isPublishing = false;
    await publishing;
    const texts = await textsIn(app, "S");
    assert.deepEqual(
      acknowledged.filter((text) => !texts.includes(text)),
      [],
      "lost",
    );
    assert.deepEqual(
      repeated(texts).filter((text) => acknowledged.includes(text)),
      [],
      "there twice",
    );
  });

  it("gives the worker all that is left to do", async () => {
    const rest: string[] = [];
    const next = () => take(worker, "S", "worker", 500, "_INBOX_worker");
    for (let taken = await next(); taken.length; taken = await next()) rest.push(...taken);
    assert.deepEqual(
      acknowledged.filter((text) => !processed.includes(text) && !rest.includes(text)),
      [],
    );
  });
});
