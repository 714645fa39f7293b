import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { NatsConnection } from "@nats-io/transport-node";
import { pollUntil } from "../../config/poll-until";
import { snapshotUntil } from "../../operations/supercluster/snapshot";
import { isAtLeast } from "../../config/versions";
import { consumerFields, streamFields, type Wire } from "../../jetstream/fields";
import { nonceOf, ownerOf } from "../../jetstream/ownership";
import type { ConnectionSettings } from "../../components/jetstream/provider/settings";
import { type Args, differences } from "../../jetstream/wire";
import { addStream, ask } from "../support/accounts";
import type { Breakpoint, Moment } from "../support/breakpoints";
import { ConfigurationWrites } from "../support/configuration-writes";
import { FaultyProvider } from "../support/faulty-provider";
import { requestMs, serversMs, waitMs } from "../support/limits";
import { requestUntilHeard } from "../support/messages";
import { defaultAccounts, metaState, startSupercluster, type Supercluster } from "../support/nats";
import { consumer, ProviderProcess, stream } from "../support/provider-process";
import { Publisher } from "../support/publisher";
import { Toxiproxy } from "../support/toxiproxy";
import { type Operation, operations, streamArgs } from "./fault-operations";

/*
 * Every operation of the provider, with bad luck at every step of it. Afterwards, at once or when the operation is
 * repeated with the state from before, the servers hold what was asked, no second write followed the one that took
 * effect, every acknowledged message of replicated streams on files is there, consumers know their place, and nothing
 * else was touched.
 *
 * Outside of what can be kept: messages of streams with one replica or in memory, and power loss on more than half of a
 * stream's servers within `syncInterval`.
 */

/** An operation that meets a fault. */
interface Cell {
  operation: Operation;
  /** Of its stream, no other operation's. */
  name: string;
  /** Does up to four operations at once. */
  provider: FaultyProvider;
  /** The state before. */
  last?: Args;
  /** Where it stands still. */
  breakpoint?: Breakpoint;
}

interface Fault {
  name: string;
  of?: (operation: Operation) => boolean;
  /** Each operation is asked for by two processes. */
  isTwice?: true;
  prepare?: (cells: Cell[]) => Promise<void>;
  /** Where the operations stand still when it strikes. */
  at: (cell: Cell) => [Moment, string];
  /** Lets them go on too. */
  strike: (cells: Cell[]) => Promise<void>;
  /** What is put right when they have ended, or have nothing to do it with. */
  relieve?: (cells: Cell[]) => Promise<void>;
  /** Whether the operation gets over it, or is repeated. Left out where that is left to chance. */
  ends?: "by itself" | "when repeated";
  /**
   * The leader that would report what it did may be lost, and a write without an answer may take effect when it is
   * back.
   */
  isUnreported?: true;
}

/** What became of an operation. */
interface Outcome {
  cell: Cell;
  error?: Error;
  state?: Args;
  /** Writes that were sent: at first, and by the repetition, if that was needed. */
  sent: string[];
  repeated: string[];
  /** Writes that had taken effect before the repetition. */
  done: string[];
  /** Writes that were sent when it was asked for once more, when all was done. */
  idle: string[];
  /** Messages that were acknowledged and are not there. */
  lost: string[];
}

const owner = "supercluster/test-jetstream";
/** Of each server, in bytes. */
const storage = 10 * 2 ** 30;
/** One account more, with JetStream or without. */
const accounts = (jetstream: "enabled" | "disabled") =>
  defaultAccounts.replace(
    /}\n$/,
    `  late: { jetstream: ${jetstream}, users: [ { user: late, password: late } ] }\n}\n`,
  );
const isWrite = (request: string): boolean => /\.(CREATE|UPDATE|DELETE|PAUSE)\./.test(request);

describe("bad luck of the JetStream provider", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let toxiproxy: Toxiproxy;
  let app: NatsConnection;
  let system: NatsConnection;
  let writes: ConfigurationWrites;
  let foreign: unknown;
  /** Has no bad luck. */
  let lucky: ProviderProcess;
  const providers: FaultyProvider[] = [];
  let streams = 0;

  const settings = (): ConnectionSettings => ({
    owner,
    regions: [{ name: "iad", servers: ["iad-0", "iad-1", "iad-2"], clientUrls: cluster.urls(), degraded: false }],
    ca: cluster.identity.clientCa,
    provisioners: Object.fromEntries(
      ["app", "late"].map((login) => [login, { login, password: login, inboxPrefix: `_INBOX_${login}` }]),
    ),
    system: { login: "admin", password: "admin", inboxPrefix: "_INBOX_admin" },
    timeouts: { requestMs: 500, deadlineMs: 25_000, settleMs: 10_000, arrivalMs: 100, pingMs: 500 },
  });

  before(async () => {
    cluster = await startSupercluster({
      regions: ["iad"],
      servers: 3,
      accounts: accounts("enabled"),
      settings: { storage: { file: `${storage / 2 ** 30}GiB`, memory: "64MiB" } },
    });
    toxiproxy = await Toxiproxy.start();
    [app, system] = await Promise.all([cluster.connectForever("app"), cluster.connectForever("admin")]);
    await addStream(app, {
      name: "FOREIGN",
      subjects: ["foreign"],
      num_replicas: 3,
      metadata: { "supercluster.owner": "another/stack" },
    });
    await ask(app, "CONSUMER.CREATE.FOREIGN.theirs", {
      stream_name: "FOREIGN",
      action: "create",
      config: { durable_name: "theirs", ack_policy: "explicit" },
    });
    await requestUntilHeard(app, "foreign", "theirs");
    // A list leaves out what has no leader yet.
    const listed = await snapshotUntil(foreignNow, ({ consumers }) => consumers.length === 1, waitMs);
    assert.equal(listed.consumers.length, 1);
    foreign = listed;
    // Their own making may have taken several requests.
    writes = await ConfigurationWrites.watch(cluster);
    const patient = { ...settings(), timeouts: undefined };
    lucky = await ProviderProcess.start({ "supercluster:connection": JSON.stringify(patient) });
    providers.push(...(await Promise.all([0, 1, 2].map(() => FaultyProvider.start(toxiproxy, settings())))));
  });
  after(async () => {
    await Promise.all([lucky?.stop(), ...providers.map((provider) => provider.stop())]);
    await writes?.stop();
    await Promise.all([app?.close(), system?.close()]);
    await toxiproxy?.stop();
    await cluster?.stop();
  });

  const isOld = () => !isAtLeast(app.info!.version, "2.14.0");

  /** What only its owner may change. */
  async function foreignNow() {
    const [{ config, created, state }, { consumers }] = await Promise.all([
      ask(app, "STREAM.INFO.FOREIGN"),
      ask(app, "CONSUMER.LIST.FOREIGN"),
    ]);
    const { messages } = state as { messages: number };
    // Before 2.14 each server has its own time, within the same second, of when a consumer was made.
    const madeAt = ({ created: at }: Wire) => (isOld() ? undefined : at);
    return { config, created, messages, consumers: (consumers as Wire[]).map((info) => [info.config, madeAt(info)]) };
  }

  const each = (change: (cell: Cell) => Promise<unknown>) => async (cells: Cell[]) => {
    await Promise.all(cells.map(change));
  };
  const onEach = (cells: Cell[], change: (provider: FaultyProvider) => Promise<unknown>) =>
    Promise.all([...new Set(cells.map(({ provider }) => provider))].map(change));
  const look = ({ operation: { resource }, name }: Cell) =>
    resource === stream ? `STREAM.INFO.${name}` : `CONSUMER.INFO.${name}.c`;
  const write = ({ operation: { resource, writes: requests, hit }, name }: Cell) =>
    `${requests[hit]}.${name}${resource === stream ? "" : ".c"}`;
  const beforeLook = (cell: Cell): [Moment, string] => ["before", look(cell)];
  const beforeWrite = (cell: Cell): [Moment, string] => ["before", write(cell)];
  const afterWrite = (cell: Cell): [Moment, string] => ["after", write(cell)];
  const goOn = ({ breakpoint }: Cell) => breakpoint!.goOn();
  /** Lets each go on until it has this request behind it, with or without an answer; there it stands still. */
  const pass = (request: (cell: Cell) => string) =>
    each(async (cell) => {
      const from = cell.breakpoint!;
      cell.breakpoint = cell.provider.breakpoints.stopAt("after", request(cell));
      from.goOn();
      await cell.breakpoint.reached();
    });
  /** Its writes, as the servers reported them: those that took effect, or were refused. */
  const reported = ({ operation: { resource, olds }, name }: Cell, isRefused = false) =>
    writes
      .of(resource === stream ? name : `${name}.c`)
      .filter((one) => one.isRefused === isRefused)
      .map(({ request }) => request)
      .slice(olds && !isRefused ? 1 : 0)
      // Servers before 2.14 answer a pause and, once more, the request that made the consumer.
      .filter(
        (request, index, all) => !(isOld() && request === "CONSUMER.CREATE" && all[index - 1] === "CONSUMER.PAUSE"),
      );
  const tookEffect = async (cell: Cell) => {
    const isDone = () => Promise.resolve(reported(cell).length > cell.operation.hit || undefined);
    assert.ok(await pollUntil(isDone, waitMs, 10), `${write(cell)} takes effect`);
  };
  const connectTo = (server: number) => (cells: Cell[]) =>
    onEach(cells, (provider) =>
      provider.settleOn(
        server,
        async (process) => (await process.read(stream, "app/FOREIGN", streamArgs("FOREIGN"))).inputs !== undefined,
      ),
    ).then(() => undefined);
  const metaLeader = async () =>
    (await Promise.all(Object.values(cluster.inputs()).map(metaState))).find(({ leader }) => leader)?.leader;
  const leadMetaBy = async (server: string) => {
    if ((await metaLeader()) !== server)
      await ask(system, "META.LEADER.STEPDOWN", { placement: { preferred: server } });
    assert.ok(await pollUntil(async () => (await metaLeader()) === server || undefined, waitMs), `${server} leads`);
  };
  const kill = (...names: string[]) => Promise.all(names.map((name) => cluster.kill(name)));
  const startAll = async () => {
    await cluster.ensure();
    await cluster.ready();
  };

  const faults: Fault[] = [
    {
      name: "the answer to the look before is lost, then the connection recovers",
      at: beforeLook,
      async strike(cells) {
        await onEach(cells, (provider) => provider.loseAnswers());
        await pass(look)(cells);
        await onEach(cells, (provider) => provider.recover());
        cells.forEach(goOn);
      },
      ends: "by itself",
    },
    {
      name: "the answer to the write is lost, then the connection recovers",
      at: beforeWrite,
      async strike(cells) {
        await onEach(cells, (provider) => provider.loseAnswers());
        cells.forEach(goOn);
        await each(tookEffect)(cells);
        await onEach(cells, (provider) => provider.recover());
      },
      ends: "by itself",
    },
    {
      name: "the answers to the write and to the look after it are lost, then the connection recovers",
      at: beforeWrite,
      async strike(cells) {
        await onEach(cells, (provider) => provider.loseAnswers());
        await pass(write)(cells);
        await pass(look)(cells);
        await onEach(cells, (provider) => provider.recover());
        cells.forEach(goOn);
      },
      ends: "by itself",
    },
    {
      name: "the server it is connected to says nothing any more from the write on",
      prepare: connectTo(0),
      at: beforeWrite,
      async strike(cells) {
        await onEach(cells, (provider) => provider.loseAnswers(0));
        cells.forEach(goOn);
      },
      relieve: async (cells) => void (await onEach(cells, (provider) => provider.recover())),
      ends: "by itself",
    },
    {
      name: "the connection is cut as the look before goes out",
      at: beforeLook,
      async strike(cells) {
        await onEach(cells, (provider) => provider.cut());
        await pass(look)(cells);
        await onEach(cells, (provider) => provider.recover());
        cells.forEach(goOn);
      },
      ends: "by itself",
    },
    {
      name: "the connection is cut as the write goes out, which never arrives",
      at: beforeWrite,
      async strike(cells) {
        await onEach(cells, (provider) => provider.cut());
        await pass(write)(cells);
        await onEach(cells, (provider) => provider.recover());
        cells.forEach(goOn);
      },
      ends: "when repeated",
    },
    {
      name: "the connection is cut between the write and its answer",
      at: beforeWrite,
      async strike(cells) {
        await onEach(cells, (provider) => provider.loseAnswers());
        cells.forEach(goOn);
        await each(tookEffect)(cells);
        await onEach(cells, (provider) => provider.cut());
        await onEach(cells, (provider) => provider.recover());
      },
      ends: "by itself",
    },
    ...[stream, consumer].map((kind): Fault => ({
      name: `the same is asked for by two processes, which both have looked already, of a ${kind.type.toLowerCase()}`,
      of: ({ resource }) => resource === kind,
      isTwice: true,
      at: beforeWrite,
      async strike(cells) {
        cells.forEach(goOn);
      },
    })),
    {
      name: "the process is killed right before the write goes out",
      at: beforeWrite,
      strike: async (cells) => void (await onEach(cells, (provider) => provider.kill())),
      ends: "when repeated",
    },
    {
      name: "the process is killed after the write went out, before its answer came",
      at: beforeWrite,
      async strike(cells) {
        await onEach(cells, (provider) => provider.loseAnswers());
        cells.forEach(goOn);
        await each(tookEffect)(cells);
        await onEach(cells, (provider) => provider.kill());
        await onEach(cells, (provider) => provider.recover());
      },
      ends: "when repeated",
    },
    {
      name: "the process is killed after the answer came, before its state is stored",
      at: afterWrite,
      strike: async (cells) => void (await onEach(cells, (provider) => provider.kill())),
      ends: "when repeated",
    },
    {
      name: "the leader of the stream or consumer steps down as the write goes out",
      of: ({ olds }) => olds !== undefined,
      at: beforeWrite,
      strike: each(async (cell) => {
        await ask(
          app,
          cell.operation.resource === stream
            ? `STREAM.LEADER.STEPDOWN.${cell.name}`
            : `CONSUMER.LEADER.STEPDOWN.${cell.name}.c`,
        );
        goOn(cell);
      }),
      isUnreported: true,
    },
    {
      name: "the meta leader steps down as the write goes out",
      at: beforeWrite,
      async strike(cells) {
        await ask(system, "META.LEADER.STEPDOWN");
        cells.forEach(goOn);
      },
      isUnreported: true,
    },
    {
      name: "the server it is connected to is killed as the write goes out",
      prepare: async (cells) => {
        await leadMetaBy("iad-1");
        await connectTo(0)(cells);
      },
      at: beforeWrite,
      async strike(cells) {
        await kill("iad-0");
        cells.forEach(goOn);
      },
      relieve: startAll,
      isUnreported: true,
    },
    {
      name: "the meta leader is killed as the write goes out",
      at: beforeWrite,
      async strike(cells) {
        await kill((await metaLeader())!);
        cells.forEach(goOn);
      },
      relieve: startAll,
      isUnreported: true,
    },
    {
      name: "there is no room (error 10005) as the write goes out, and then there is",
      of: ({ name }) => name === "create of a stream",
      at: beforeWrite,
      async strike(cells) {
        const [fills, fits] = [{ max_bytes: storage - 2 ** 19 }, { max_bytes: 2 ** 20 }].map(
          (size, index) => () =>
            ask(app, `STREAM.CREATE.ROOM${index}`, { name: `ROOM${index}`, num_replicas: 3, ...size }),
        ) as [() => Promise<unknown>, () => Promise<unknown>];
        // The meta leader hears every second what is taken.
        assert.ok(await pollUntil(() => fills().catch(() => undefined), waitMs), "it is filled");
        const isFull = () =>
          fits().then(
            () => ask(app, "STREAM.DELETE.ROOM1").then(() => undefined),
            (error: Error) => / 10005 /.test(error.message) || undefined,
          );
        assert.ok(await pollUntil(isFull, waitMs, 250), "it is full");
        cells.forEach(goOn);
        const isRefused = async () =>
          cells.every(({ name }) => writes.of(name).some(({ error }) => error === 10005)) || undefined;
        assert.ok(await pollUntil(isRefused, waitMs), "it is refused");
        await ask(app, "STREAM.DELETE.ROOM0");
      },
      ends: "by itself",
    },
    {
      name: "two of three servers are gone, the write is refused for want of a leader, and they come back",
      prepare: async (cells) => {
        await leadMetaBy("iad-1");
        await connectTo(0)(cells);
      },
      at: beforeWrite,
      async strike(cells) {
        await cluster.kill("iad-2");
        // A leader that ends by itself announces it: no client waits for it.
        await cluster.kill("iad-1", "SIGTERM");
        const survivor = await cluster.connect("app", { servers: cluster.urls().slice(0, 1) });
        const isLeaderless = () =>
          survivor.request("$JS.API.STREAM.INFO.NONE", "", { timeout: 5_000 }).then(
            (answer) => answer.json<{ error?: { err_code: number } }>().error?.err_code === 10008,
            () => false,
          );
        assert.ok(await pollUntil(isLeaderless, waitMs, 250), "the survivor knows that there is no leader");
        await survivor.close();
        await pass(write)(cells);
        cells.forEach(goOn);
        await startAll();
      },
      isUnreported: true,
    },
    {
      name: "two of three servers are killed as the write goes out, and come back",
      at: beforeWrite,
      async strike(cells) {
        await kill("iad-0", "iad-1");
        await pass(write)(cells);
        cells.forEach(goOn);
        await startAll();
      },
      isUnreported: true,
    },
  ];

  for (const fault of faults) {
    describe(fault.name, () => {
      const hit = operations.filter((operation) => fault.of?.(operation) ?? true);
      let outcomes: Outcome[];
      before(async () => {
        outcomes = await meet(fault, hit);
      });

      after(removeStreams);

      for (const operation of hit) {
        it(`${operation.name}: done ${fault.ends ?? "by itself or when repeated"}`, async () => {
          const own = outcomes.filter(({ cell }) => cell.operation === operation);
          assert.equal(own.length, fault.isTwice ? 2 : 1);
          for (const outcome of own) await assertDone(fault, outcome);
        });
      }

      it("nothing else is touched", async () => {
        const now = () => foreignNow().catch((error: unknown) => error);
        const isAsBefore = (found: unknown) => isDeepStrictEqual(found, foreign);
        // A list leaves out what has no leader for a moment.
        assert.deepEqual(await snapshotUntil(now, isAsBefore, waitMs), foreign);
        assert.deepEqual([...writes.of("FOREIGN"), ...writes.of("FOREIGN.theirs")], []);
        for (const { cell } of outcomes) {
          if (cell.operation.resource !== consumer) continue;
          const made = writes.of(cell.name).filter(({ isRefused }) => !isRefused);
          assert.deepEqual(
            made.map(({ request }) => request),
            ["STREAM.CREATE"],
            "its stream was made",
          );
        }
      });
    });
  }

  describe("its account has no JetStream as the write goes out, and gets it back", () => {
    it("create of a stream: refused with 503, and done by itself", async () => {
      const { breakpoints, process } = providers[0]!;
      const breakpoint = breakpoints.stopAt("before", "STREAM.CREATE.LATE");
      const creating = process.create(stream, { ...streamArgs("LATE"), account: "late" });
      await Promise.race([breakpoint.reached(), creating]);
      await cluster.ensure(cluster.inputs({ accounts: accounts("disabled") }));
      breakpoint.goOn();
      const sent: string[] = [];
      const isRepeated = async () => sent.push(...breakpoints.takeRequests("LATE").filter(isWrite)) > 1 || undefined;
      assert.ok(await pollUntil(isRepeated, waitMs), "it was refused");
      await cluster.ensure();
      assert.equal((await creating).id, "late/LATE");
    });
  });

  /** Those of the last fault would slow down the servers' next start. */
  async function removeStreams(): Promise<void> {
    const removed = async () => {
      const { streams: names } = (await ask(app, "STREAM.NAMES")) as { streams: string[] };
      const left = names.filter((name) => name !== "FOREIGN");
      await Promise.all(left.map((name) => ask(app, `STREAM.DELETE.${name}`)));
      return left.length === 0 || undefined;
    };
    assert.ok(await pollUntil(() => removed().catch(() => undefined), waitMs), "no stream is left");
  }

  /**
   * All operations at once, each on a stream of its own: until they have ended, have been repeated, and nothing is left
   * to do.
   */
  async function meet(fault: Fault, hit: Operation[]): Promise<Outcome[]> {
    const publisher = new Publisher(app);
    const provider = (index: number) => providers[index % providers.length]!;
    try {
      const first = await Promise.all(hit.map((operation, index) => prepare(operation, provider(index), publisher)));
      const second = fault.isTwice ? first.map((cell, index) => ({ ...cell, provider: provider(index + 1) })) : [];
      const cells = [...first, ...second];
      await fault.prepare?.(cells);
      for (const cell of cells) cell.breakpoint = cell.provider.breakpoints.stopAt(...fault.at(cell));
      const running = cells.map((cell) =>
        carryOut(cell).then(
          (state) => ({ cell, state }),
          (error: Error) => ({ cell, error }),
        ),
      );
      const tooEarly = running.map(async (ending) => {
        const { cell, ...ended } = await ending;
        throw new Error(`${cell.operation.name} ended before the fault struck: ${JSON.stringify(ended)}`);
      });
      for (const promise of tooEarly) promise.catch(() => undefined);
      await Promise.race([Promise.all(cells.map(({ breakpoint }) => breakpoint!.reached())), ...tooEarly]);
      await fault.strike(cells);
      await Promise.all(running.filter((_, index) => !isOnOneServer(cells[index]!)));
      await fault.relieve?.(cells);
      const endings = await Promise.all(running);
      await onEach(cells, async (one) => one.isDead && one.restart());
      const outcomes: Outcome[] = [];
      // Those of the other process after these: it finds what they have done.
      for (const wave of [endings.slice(0, first.length), endings.slice(first.length)])
        outcomes.push(...(await Promise.all(wave.map((ending) => finish(fault, ending)))));
      await publisher.stop();
      for (const outcome of outcomes)
        if (outcome.cell.operation.news) outcome.lost = await publisher.lost(outcome.cell.name);
      return outcomes;
    } catch (error) {
      // The next fault finds all as it was.
      await Promise.all(providers.map((one) => one.kill().then(() => Promise.all([one.recover(), one.restart()]))));
      await startAll();
      throw error;
    } finally {
      await publisher.stop();
    }
  }

  /** While that server is down, nothing can be done to it. */
  const isOnOneServer = ({ operation: { olds }, name }: Cell) => olds?.(name).replicas === 1;

  async function prepare(operation: Operation, provider: FaultyProvider, publisher: Publisher): Promise<Cell> {
    const name = `S${++streams}`;
    const cell: Cell = { operation, name, provider };
    const olds = operation.olds?.(name);
    if (operation.resource === consumer) await lucky.create(stream, streamArgs(name));
    if (olds) cell.last = (await lucky.create(operation.resource, olds)).props;
    const isPublishedTo =
      operation.resource === consumer || (olds?.replicas === 3 && olds.deletionPolicy !== "delete-if-empty");
    if (isPublishedTo) await publisher.start(name, `${name}.x`);
    if (operation.resource === consumer && olds) {
      const next = () =>
        app
          .request(`$JS.API.CONSUMER.MSG.NEXT.${name}.c`, undefined, { noMux: true, timeout: requestMs })
          .catch(() => undefined);
      const message = await pollUntil(next, waitMs);
      await requestUntilHeard(app, message!.reply!, "+ACK");
    }
    return cell;
  }

  async function carryOut(
    { operation: { resource, news, olds }, name, last, provider: { process } }: Cell,
    state = last,
  ): Promise<Args | undefined> {
    const id = resource === stream ? `app/${name}` : `app/${name}/c`;
    if (!news) return void (await process.delete(resource, id, last!));
    return olds ? process.update(resource, id, state!, news(name)) : (await process.create(resource, news(name))).props;
  }

  async function finish(
    fault: Fault,
    { cell, error, state }: { cell: Cell; error?: Error; state?: Args },
  ): Promise<Outcome> {
    const takeWrites = () => cell.provider.breakpoints.takeRequests(cell.name).filter(isWrite);
    const sent = takeWrites();
    const done = (await left(cell)).length === 0 ? cell.operation.writes : fault.isUnreported ? [] : reported(cell);
    const final = error ? await carryOut(cell) : state;
    const repeated = takeWrites();
    await carryOut(cell, final);
    return { cell, error, state: final, sent, repeated, done, idle: takeWrites(), lost: [] };
  }

  /** What the servers report of an asset. */
  const infoOf = (cell: Cell) => ask(app, look(cell));

  /** What the servers hold otherwise than it is wanted. */
  async function left(cell: Cell): Promise<unknown[]> {
    const { news, resource } = cell.operation;
    const info = await infoOf(cell).catch((error: Error) => {
      if (/ (10059|10014) /.test(error.message)) return undefined;
      throw error;
    });
    if (!news || !info) return news || info ? ["whether it is there"] : [];
    return differences(resource === stream ? streamFields : consumerFields, news(cell.name), info.config as Wire);
  }

  async function assertDone(
    fault: Fault,
    { cell, error, state, sent, repeated, done, idle, lost }: Outcome,
  ): Promise<void> {
    const { operation, name } = cell;
    if (fault.ends === "by itself") assert.ifError(error);
    if (fault.ends === "when repeated") assert.ok(error, "it could not end by itself");
    assert.deepEqual(await left(cell), []);

    const isReported = !fault.isUnreported && !fault.isTwice;
    // Two servers may report one write, when a leader changes.
    const effects = () => [...new Set(reported(cell))];
    const isExplained = (run: string[]) => run.length <= operation.writes.length + reported(cell, true).length;
    // Servers report after they have answered.
    await pollUntil(
      () => (!isReported || isDeepStrictEqual(effects(), operation.writes)) && [sent, repeated].every(isExplained),
      waitMs,
    );
    if (isReported) assert.deepEqual(effects(), operation.writes, "each write took effect");
    for (const run of [sent, repeated])
      assert.ok(isExplained(run), `only what was refused is sent again: ${run.join(" ")}`);
    assert.deepEqual(
      repeated.filter((request) => done.some((one) => request.startsWith(`${one}.`))),
      [],
      "what took effect is not written again",
    );
    assert.deepEqual(idle, [], "nothing is left to write");

    assert.deepEqual(lost, [], "every acknowledged message is there");
    if (!operation.news) return;
    const { config, ack_floor } = (await infoOf(cell)) as { config: Wire; ack_floor?: { stream_seq: number } };
    assert.equal(ownerOf(config), owner);
    assert.deepEqual(state, { ...operation.news(name), nonce: nonceOf(config) });
    if (operation.resource === consumer && operation.olds)
      assert.equal(ack_floor!.stream_seq, 1, "the consumer knows its place");
  }
});
