import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Info } from "../../jetstream/info";
import { misplaced, unsettled } from "../../jetstream/steps";
import type { Timeouts } from "../../jetstream/timeouts";
import type { Args } from "../../jetstream/wire";
import { pollUntil } from "../../config/poll-until";
import { snapshotUntil } from "../../operations/supercluster/snapshot";
import { ask } from "../support/accounts";
import { Breakpoints } from "../support/breakpoints";
import { ConfigurationWrites } from "../support/configuration-writes";
import { connectionTo, Deployed } from "../support/deployed";
import { serversMs, waitMs } from "../support/limits";
import { fetchMessages, patiently } from "../support/messages";
import { startSupercluster, type Supercluster } from "../support/nats";
import { consumer, ProviderProcess, stream } from "../support/provider-process";
import { sideBySide } from "../support/side-by-side";

describe("changes of several steps or requests, on two regions of three servers", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let app: NatsConnection;
  let writes: ConfigurationWrites;
  /** Of all that copy nothing. */
  let provider: ProviderProcess;
  const providers: ProviderProcess[] = [];

  const start = async (env?: NodeJS.ProcessEnv, timeouts?: Partial<Timeouts>): Promise<ProviderProcess> => {
    const provider = await ProviderProcess.start(connectionTo(cluster, { timeouts }), env);
    providers.push(provider);
    return provider;
  };

  before(async () => {
    cluster = await startSupercluster({ regions: ["iad", "ams"], servers: 3 });
    // From where no server is killed.
    app = await cluster.connectForever("app", cluster.urls("ams"));
    [writes, provider] = await Promise.all([ConfigurationWrites.watch(cluster), start()]);
  });

  after(async () => {
    await Promise.all(providers.map((provider) => provider.stop()));
    await writes?.stop();
    await app?.close();
    await cluster?.stop();
  });

  const base = (name: string, change: Args = {}): Args => ({
    account: "app",
    name,
    region: "iad",
    subjects: [`${name}.>`],
    storage: "file",
    replicas: 1,
    ...change,
  });
  const info = async (name: string) => (await ask(app, `STREAM.INFO.${name}`)) as unknown as Info;
  const publish = (subject: string, count: number) =>
    Promise.all(Array.from({ length: count }, (_, index) => jetstream(app).publish(subject, `${index}`, patiently)));
  const inMemory = (name: string, change: Args = {}): Args => base(name, { storage: "memory", ...change });
  const durable = (name: string, change: Args = {}): Args => ({
    account: "app",
    stream: name,
    name: "c",
    ackPolicy: "explicit",
    ...change,
  });
  const of = async (name: string) =>
    (await ask(app, `CONSUMER.INFO.${name}.c`)) as unknown as Info & {
      delivered: { stream_seq: number };
      paused?: boolean;
    };
  /** Without those that a busy server refused for a moment: they changed nothing, and were sent again. */
  const done = (name: string) => writes.of(name).filter(({ isRefused }) => !isRefused);
  /** Replicas and region of each configuration that was written. Of a move the new leader tells once more. */
  const written = (name: string) =>
    done(name)
      .map(({ config }) => {
        const { num_replicas, placement } = JSON.parse(config) as {
          num_replicas: number;
          placement: { cluster: string };
        };
        return `${num_replicas} in ${placement.cluster}`;
      })
      .filter((text, index, all) => text !== all[index - 1]);
  /** Servers report after they have answered. */
  const assertWritten = async (name: string, expected: string[]) => {
    await pollUntil(() => isDeepStrictEqual(written(name), expected), waitMs);
    assert.deepEqual(written(name), expected);
  };
  /** A leader that has just been elected, or has not yet stored all, knows later how many messages are left. */
  const assertPending = async (durable: string, expected: number, message?: string) => {
    const pending = () => ask(app, `CONSUMER.INFO.${durable}`).then(({ num_pending }) => num_pending, String);
    assert.equal(await snapshotUntil(pending, (count) => count === expected, waitMs), expected, message);
  };

  // Servers copy at their leisure, and a process copies one stream at a time: each case has its own.
  sideBySide({
    "more replicas: done when all are current": scaled,
    "more replicas than the region has servers: refused by the server, with what to do": tooMany,
    "another region and more replicas: first replicas, then the move; back: first the move; no message is lost": moved,
    "two moves at once go one after another": twoMoves,
    "a move and a scaling whose process is killed in between are finished by the next run, step by step": killed,
    "a run after one that was killed as a stream was copied waits for the copies, and writes nothing": awaited,
    "a limit that is lowered in steps: one a run, until it is there": lowered,
    "a limit that is lowered in steps costs what its next step drops, at check and at the write": stepped,
    "resetTo moves a durable once: again only for another value": reset,
    "pauseUntil is set, changed and taken away, and a refresh shows it": paused,
    "extraConfig is sent as it is; without it, it is unset; what the server does not know it refuses, with what to do":
      extra,
  });

  async function scaled(): Promise<void> {
    const asset = await Deployed.create(await start(), stream, base("SCALED"));
    await publish("SCALED.a", 500);
    await asset.up(base("SCALED", { replicas: 3 }));
    const now = await info("SCALED");
    assert.deepEqual([now.cluster!.replicas!.length, unsettled(now), now.state!.messages], [2, [], 500]);
  }

  async function tooMany(): Promise<void> {
    const asset = await Deployed.create(provider, stream, base("TOO_MANY", { replicas: 3 }));
    // Refused until its deadline: a region without room may be one whose servers are not heard of yet.
    asset.provider = await start(undefined, { deadlineMs: 15_000 });
    const was = await info("TOO_MANY");
    await assert.rejects(
      asset.up(base("TOO_MANY", { replicas: 5 })),
      /no suitable peers for placement \(error 10005 of STREAM.UPDATE.TOO_MANY\): its region needs as many servers as replicas/,
    );
    assert.deepEqual((await info("TOO_MANY")).config, was.config);
  }

  async function moved(): Promise<void> {
    const mover = await start();
    const asset = await Deployed.create(mover, stream, base("MOVED"));
    await publish("MOVED.a", 2_000);
    const billing = { account: "app", stream: "MOVED", name: "billing", ackPolicy: "explicit" };
    const reading = await Deployed.create(mover, consumer, billing);
    for (const message of await fetchMessages(app, "MOVED", "billing", 700)) message.ack();
    await app.flush();

    await asset.up(base("MOVED", { region: "ams", replicas: 3 }));
    const there = await info("MOVED");
    assert.deepEqual(
      [there.cluster!.name, there.cluster!.replicas!.length, unsettled(there), there.state!.messages],
      ["ams", 2, [], 2_000],
    );
    await asset.up(base("MOVED", { allowDataLoss: [{ change: "replicas", maxMessages: 2_000 }] }));
    const back = await info("MOVED");
    assert.deepEqual([back.cluster!.name, back.cluster!.replicas ?? [], back.state!.messages], ["iad", [], 2_000]);
    await assertWritten("MOVED", ["1 in iad", "3 in iad", "3 in ams", "3 in iad", "1 in iad"]);
    await assertPending("MOVED.billing", 1_300);
    assert.equal(await reading.hasChanges(), false);
  }

  async function twoMoves(): Promise<void> {
    const breakpoints = new Breakpoints();
    const mover = await start(breakpoints.env);
    const names = ["FIRST", "SECOND"];
    const assets = await Promise.all(names.map((name) => Deployed.create(mover, stream, base(name, { replicas: 3 }))));
    await Promise.all(names.map((name) => publish(`${name}.a`, 500)));
    const updates = names.map((name) => ({ name, ...breakpoints.stopAt("before", `STREAM.UPDATE.${name}`) }));
    const moving = Promise.all(
      assets.map((asset, index) => asset.up(base(names[index]!, { replicas: 3, region: "ams" }))),
    );
    const first = await Promise.race(updates.map(async (update) => (await update.reached(), update)));
    const second = updates.find((update) => update !== first)!;
    first.goOn();
    await second.reached();
    const there = await info(first.name);
    assert.deepEqual(
      [there.cluster!.name, unsettled(there)],
      ["ams", []],
      "the first has arrived as the second is to begin",
    );
    second.goOn();
    await moving;
    for (const name of names)
      assert.deepEqual([misplaced(await info(name)), (await info(name)).state!.messages], [[], 500]);
    breakpoints.remove();
  }

  async function killed(): Promise<void> {
    const breakpoints = new Breakpoints();
    const mortal = await start(breakpoints.env);
    const asset = await Deployed.create(mortal, stream, base("KILLED", { replicas: 3 }));
    await publish("KILLED.a", 2_000);
    const wanted = base("KILLED", { region: "ams", allowDataLoss: [{ change: "replicas", maxMessages: 2_000 }] });
    const copying = breakpoints.stopAt("after", "STREAM.UPDATE.KILLED");
    const interrupted = assert.rejects(asset.up(wanted));
    await copying.reached();
    await mortal.stop();
    await interrupted;
    breakpoints.remove();

    asset.provider = await start();
    await asset.up(wanted);
    const now = await info("KILLED");
    assert.deepEqual([now.cluster!.name, now.cluster!.replicas ?? [], now.state!.messages], ["ams", [], 2_000]);
    await assertWritten("KILLED", ["3 in iad", "3 in ams", "1 in ams"]);
  }

  async function awaited(): Promise<void> {
    const breakpoints = new Breakpoints();
    const mortal = await start(breakpoints.env);
    const asset = await Deployed.create(mortal, stream, base("AWAITED", { replicas: 3 }));
    await publish("AWAITED.a", 2_000);
    const copying = breakpoints.stopAt("after", "STREAM.UPDATE.AWAITED");
    const interrupted = assert.rejects(asset.up(base("AWAITED", { replicas: 3, region: "ams" })));
    await copying.reached();
    await mortal.stop();
    await interrupted;
    breakpoints.remove();

    asset.provider = await start();
    await asset.up(base("AWAITED", { replicas: 3, region: "ams" }));
    const now = await info("AWAITED");
    assert.deepEqual([now.cluster!.name, unsettled(now), now.state!.messages], ["ams", [], 2_000]);
    await assertWritten("AWAITED", ["3 in iad", "3 in ams"]);
  }

  async function lowered(): Promise<void> {
    const day = 86_400e9;
    const asset = await Deployed.create(provider, stream, base("LOWERED", { maxAge: "7d" }));
    const wanted = base("LOWERED", { maxAge: "24h", lowerBy: { maxAge: "3d" } });
    const ages: unknown[] = [];
    for (let run = 0; run < 2; run++) {
      assert.equal(await asset.hasChanges(wanted), true);
      assert.equal(await asset.up(wanted), "updated");
      ages.push([((await info("LOWERED")).config.max_age as number) / day, asset.state.maxAge]);
    }
    assert.deepEqual(ages, [
      [4, "4d"],
      [1, "24h"],
    ]);
    assert.equal(await asset.hasChanges(), false);
    assert.ok(provider.stderr.includes("app/LOWERED: maxAge is at 4d; the next up continues to 24h"));
  }

  async function stepped(): Promise<void> {
    const asset = await Deployed.create(provider, stream, base("STEPPED", { maxMsgs: 100 }));
    await publish("STEPPED.a", 90);
    const wanted = base("STEPPED", { maxMsgs: 15, lowerBy: { maxMsgs: 30 } });
    const kept: number[] = [];
    for (const [drops, of] of [
      [20, 90],
      [30, 70],
      [25, 40],
    ] as const) {
      // The inputs are the same as the run before: the steps go on from what is there.
      assert.ok((await asset.check(wanted))[0]!.reason.startsWith(`would drop ${drops} of ${of} messages`));
      await assert.rejects(asset.update(wanted), new RegExp(`maxMsgs would drop ${drops} of ${of} messages`));
      assert.equal(
        await asset.up({ ...wanted, allowDataLoss: [{ change: "maxMsgs", maxMessages: drops }] }),
        "updated",
      );
      kept.push((await info("STEPPED")).state!.messages);
    }
    assert.deepEqual(kept, [70, 40, 15]);
    assert.deepEqual(await asset.check(wanted), []);
    assert.equal(await asset.hasChanges(), false);
  }

  async function reset(): Promise<void> {
    await Deployed.create(provider, stream, inMemory("RESET"));
    const asset = await Deployed.create(provider, consumer, durable("RESET", { resetTo: 5 }));
    for (let index = 0; index < 10; index++)
      await jetstream(app).publish("RESET.a", `${index}`, {
        ...patiently,
        msgID: `RESET ${index}`,
      });
    await assertPending("RESET.c", 10, "a new one begins where deliverPolicy says");
    for (const message of await fetchMessages(app, "RESET", "c", 10)) await message.ackAck();
    await asset.up(durable("RESET", { resetTo: 4 }));
    assert.equal((await of("RESET")).num_pending, 7);
    const [again] = await fetchMessages(app, "RESET", "c", 1);
    assert.equal(again!.seq, 4);
    await asset.up(durable("RESET", { resetTo: 4, description: "changed" }));
    await asset.up(durable("RESET", { description: "changed" }));
    assert.equal((await of("RESET")).num_pending, 6);
    await asset.up(durable("RESET", { description: "changed", resetTo: 10 }));
    assert.equal((await of("RESET")).num_pending, 1);
    const isBelow = await Deployed.create(
      provider,
      consumer,
      durable("RESET", { name: "from8", deliverPolicy: "by_start_sequence", optStartSeq: 8 }),
    );
    await assert.rejects(
      isBelow.update(
        durable("RESET", { name: "from8", deliverPolicy: "by_start_sequence", optStartSeq: 8, resetTo: 7 }),
      ),
      /below start seq/,
    );
  }

  async function paused(): Promise<void> {
    const [first, second] = ["2098-01-01T00:00:00Z", "2099-01-01T00:00:00Z"];
    await Deployed.create(provider, stream, inMemory("PAUSE"));
    const asset = await Deployed.create(provider, consumer, durable("PAUSE", { pauseUntil: first }));
    assert.deepEqual([(await of("PAUSE")).config.pause_until, (await of("PAUSE")).paused], [first, true]);
    await asset.up(durable("PAUSE", { pauseUntil: second }));
    assert.equal((await of("PAUSE")).config.pause_until, second);
    await ask(app, "CONSUMER.PAUSE.PAUSE.c", { pause_until: first });
    // The meta leader answers before the durable's leader has carried it out.
    assert.ok(await pollUntil(async () => (await of("PAUSE")).config.pause_until === first, waitMs), "it is set");
    await asset.refresh();
    assert.equal(asset.inputs.pauseUntil, first);
    await asset.up(durable("PAUSE", { pauseUntil: second, description: "together with another change" }));
    assert.deepEqual(
      [(await of("PAUSE")).config.pause_until, (await of("PAUSE")).config.description],
      [second, "together with another change"],
    );
    await asset.up(durable("PAUSE", { description: "together with another change" }));
    assert.deepEqual([(await of("PAUSE")).config.pause_until, (await of("PAUSE")).paused ?? false], [undefined, false]);
    await asset.refresh();
    assert.equal(await asset.hasChanges(), false);
    assert.deepEqual(asset.inputs, durable("PAUSE", { description: "together with another change" }));
  }

  async function extra(): Promise<void> {
    const asset = await Deployed.create(provider, stream, inMemory("EXTRA"));
    await assert.rejects(
      asset.up(inMemory("EXTRA", { extraConfig: { newest_field: true } })),
      /unknown field "newest_field".*error 10025.*see extraConfig/,
    );
  }

  it("a stream without a leader: what a server remembers is not believed; a leader is waited for first", async () => {
    const [hasty, patient] = await Promise.all([
      start(undefined, { requestMs: 10_000, deadlineMs: 15_000 }),
      start(undefined, { requestMs: 10_000, deadlineMs: waitMs }),
    ]);
    const alike = await Deployed.create(patient, stream, base("LEADERLESS", { replicas: 3 }));
    // Each process waits once until all servers are ready, which is over before they are killed.
    const asset = await Deployed.create(hasty, stream, alike.inputs);
    const changed = base("LEADERLESS", { replicas: 3, description: "changed" });
    // A server that is killed reports nothing any more.
    assert.ok(await pollUntil(() => done("LEADERLESS").length > 0, waitMs), "its creation is reported");
    await Promise.all(["iad-0", "iad-1"].map((name) => cluster.kill(name)));
    assert.ok(
      await pollUntil(
        async () =>
          (await info("LEADERLESS").then(
            ({ cluster: group }) => !group!.leader,
            () => false,
          )) || undefined,
        waitMs,
        250,
      ),
    );
    const before = done("LEADERLESS").length;
    await Promise.all([
      assert.rejects(
        asset.update(changed),
        /no answer to STREAM\.INFO\.LEADERLESS within 15 s: stream LEADERLESS has no leader/,
      ),
      assert.rejects(asset.delete(), /stream LEADERLESS has no leader/),
    ]);
    const waiting = alike.update(changed);
    await cluster.ensure();
    await waiting;
    assert.equal((await info("LEADERLESS")).config.description, "changed");
    await pollUntil(() => done("LEADERLESS").length > before, waitMs);
    assert.equal(done("LEADERLESS").length, before + 1);
  });
});
