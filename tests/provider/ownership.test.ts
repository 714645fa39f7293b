import assert from "node:assert/strict";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Wire } from "../../jetstream/fields";
import type { Args } from "../../jetstream/wire";
import { pollUntil } from "../../config/poll-until";
import { addStream, ask } from "../support/accounts";
import { ConfigurationWrites } from "../support/configuration-writes";
import { CheckFailed, connectionTo, Deployed } from "../support/deployed";
import { serversMs, waitMs } from "../support/limits";
import { patiently } from "../support/messages";
import { startSupercluster, type Supercluster } from "../support/nats";
import { consumer, ProviderProcess, stream } from "../support/provider-process";

describe("ownership: two stacks with one account", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  /** The provider processes of stacks one and two. */
  let one: ProviderProcess;
  let two: ProviderProcess;
  let app: NatsConnection;
  let writes: ConfigurationWrites;

  before(async () => {
    cluster = await startSupercluster({ regions: ["iad", "ams"] });
    [app, writes, one, two] = (await Promise.all([
      cluster.connect("app"),
      ConfigurationWrites.watch(cluster),
      ...["supercluster/one", "supercluster/two"].map((owner) =>
        ProviderProcess.start(connectionTo(cluster, { owner })),
      ),
    ] as const)) as [NatsConnection, ConfigurationWrites, ProviderProcess, ProviderProcess];
  });

  after(async () => {
    await Promise.all([one?.stop(), two?.stop(), writes?.stop(), app?.close()]);
    await cluster?.stop();
  });

  const base = (name: string, change: Args = {}): Args => ({
    account: "app",
    name,
    region: "iad",
    subjects: [`${name}.>`],
    storage: "memory",
    ...change,
  });
  const durable = (of: string, change: Args = {}): Args => ({
    account: "app",
    stream: of,
    name: "billing",
    ackPolicy: "explicit",
    ...change,
  });
  const config = async (asset: string) =>
    (await ask(app, asset.includes(".") ? `CONSUMER.INFO.${asset}` : `STREAM.INFO.${asset}`)).config as Wire;
  const markOf = ({ metadata }: Wire) => {
    const { "supercluster.owner": owner, "supercluster.nonce": nonce } = metadata as Record<string, string>;
    return { owner, nonce };
  };
  /** Makes it as a client that does not know this program. */
  const found = (name: string, change: Wire = {}) =>
    addStream(app, {
      name,
      subjects: [`${name}.>`],
      storage: "memory",
      placement: { cluster: "iad" },
      ...change,
    });

  it("is a mark on every stream and durable: the stack, and a nonce that its state knows; nothing else", async () => {
    const assets = [
      await Deployed.create(one, stream, base("MARKED")),
      await Deployed.create(one, consumer, durable("MARKED")),
    ];
    const configs = [await config("MARKED"), await config("MARKED.billing")];
    for (const [index, asset] of assets.entries()) {
      const { owner, nonce } = markOf(configs[index]!);
      assert.deepEqual([owner, asset.state.nonce], ["supercluster/one", nonce]);
      const marks = Object.keys(configs[index]!.metadata as object).filter((key) => key.startsWith("supercluster."));
      assert.deepEqual(marks.sort(), ["supercluster.nonce", "supercluster.owner"]);
    }
    assert.notEqual(markOf(configs[0]!).nonce, markOf(configs[1]!).nonce);
  });

  it("is found by a second stack: refused with the owner and what to do, and nothing is written", async () => {
    await Deployed.create(one, stream, base("BOTH"));
    await Deployed.create(one, consumer, durable("BOTH"));
    const theirs =
      /exists and belongs to supercluster\/one; this stack is supercluster\/two\. Nothing was changed\. To take it over as it is: adopt: "supercluster\/one"; else delete it/;
    await assert.rejects(Deployed.create(two, stream, base("BOTH", { maxMsgs: 10 })), theirs);
    await assert.rejects(Deployed.create(two, consumer, durable("BOTH", { description: "theirs" })), theirs);
    await writes.assertOf("BOTH", ["STREAM.CREATE"]);
    await writes.assertOf("BOTH.billing", ["CONSUMER.CREATE"]);
  });

  it("is one stack's where both make the same at the same moment", async () => {
    const names = Array.from({ length: 8 }, (_, index) => `RACE${index}`);
    const outcomes = await Promise.all(
      names.map((name) =>
        Promise.allSettled([Deployed.create(one, stream, base(name)), Deployed.create(two, stream, base(name))]),
      ),
    );
    for (const [index, outcome] of outcomes.entries()) {
      const winners = outcome.flatMap((result, stack) =>
        result.status === "fulfilled" ? [["supercluster/one", "supercluster/two"][stack]] : [],
      );
      assert.deepEqual(winners, [markOf(await config(names[index]!)).owner]);
      const [rejected] = outcome.filter((result) => result.status === "rejected");
      assert.match(String(rejected!.reason), /belongs to supercluster\/(one|two)/);
    }
  });

  it("is looked at before each change: what another stack has taken over meanwhile is left alone", async () => {
    const asset = await Deployed.create(one, stream, base("LOST"));
    const taken = await Deployed.create(
      two,
      stream,
      base("LOST", { adopt: "supercluster/one", description: "theirs" }),
    );
    assert.deepEqual(markOf(await config("LOST")), { owner: "supercluster/two", nonce: taken.state.nonce });
    await assert.rejects(
      asset.up(base("LOST", { description: "mine" })),
      /stream app\/LOST exists and belongs to supercluster\/two/,
    );
    await asset.delete();
    assert.equal((await config("LOST")).description, "theirs");
  });

  it("is missing without a mark: it is then not taken over, neither by default nor by naming a stack", async () => {
    await found("FOREIGN");
    const nobodys =
      /exists and has no owner's mark; this stack is supercluster\/one\. Nothing was changed\. To take it over as it is: adopt: true/;
    await assert.rejects(Deployed.create(one, stream, base("FOREIGN")), nobodys);
    await assert.rejects(
      Deployed.create(one, stream, base("FOREIGN", { adopt: "supercluster/two" })),
      (error) => error instanceof CheckFailed && nobodys.test(error.message),
    );
    await writes.assertOf("FOREIGN", ["STREAM.CREATE"]);
  });

  it("adopt: true takes what has no owner, and not what another stack owns: at check already", async () => {
    await found("FREE");
    await Deployed.create(two, stream, base("THEIRS"));
    const free = await Deployed.create(one, stream, base("FREE", { adopt: true }));
    // Nothing differs.
    await writes.assertOf("FREE", ["STREAM.CREATE"]);
    await assert.rejects(
      Deployed.create(one, stream, base("THEIRS", { adopt: true })),
      (error) => error instanceof CheckFailed && /belongs to supercluster\/two/.test(error.message),
    );

    // The first change puts the mark on it; from then on it needs no word.
    await free.up(base("FREE", { adopt: true, maxMsgs: 10 }));
    assert.equal(markOf(await config("FREE")).owner, "supercluster/one");
    assert.equal(markOf(await config("FREE")).nonce, free.state.nonce);
    await free.up(base("FREE", { maxMsgs: 10 }));
    assert.equal(await free.up(base("FREE", { maxMsgs: 20 })), "updated");
  });

  it("adopt: the stack's name takes over what it owns, stream and durable", async () => {
    await Deployed.create(one, stream, base("HANDED"));
    await Deployed.create(one, consumer, durable("HANDED"));
    const [ours, billing] = [
      await Deployed.create(two, stream, base("HANDED", { adopt: "supercluster/one" })),
      await Deployed.create(two, consumer, durable("HANDED", { adopt: "supercluster/one" })),
    ];
    await writes.assertOf("HANDED", ["STREAM.CREATE"]);
    await writes.assertOf("HANDED.billing", ["CONSUMER.CREATE"]);
    await ours.up(base("HANDED", { description: "handed over", adopt: "supercluster/one" }));
    await billing.up(durable("HANDED", { description: "handed over", adopt: "supercluster/one" }));
    assert.deepEqual(
      [markOf(await config("HANDED")).owner, markOf(await config("HANDED.billing")).owner],
      ["supercluster/two", "supercluster/two"],
    );
  });

  it("adopting reports at check what it would change, defaults too, and writes nothing", async () => {
    await found("DRIFTED", { max_msgs: 1_000, max_age: 3_600e9, description: "legacy", metadata: { team: "orders" } });
    const lines = one.stderr.length;
    const args = base("DRIFTED", { adopt: true, maxMsgs: 2_000, maxAge: "1h", metadata: { team: "orders" } });
    assert.deepEqual((await one.check(stream, args)).failures, []);
    // What a process writes there and what it answers come by different ways.
    await pollUntil(() => one.stderr.length >= lines + 2, waitMs);
    assert.deepEqual(one.stderr.slice(lines).sort(), [
      'note SC1004: app/DRIFTED: adopting it changes description from "legacy" to nothing',
      "note SC1004: app/DRIFTED: adopting it changes maxMsgs from 1000 to 2000",
    ]);
    await writes.assertOf("DRIFTED", ["STREAM.CREATE"]);
    await Deployed.create(one, stream, args);
    const { max_msgs, max_age, description, metadata } = await config("DRIFTED");
    assert.deepEqual([max_msgs, max_age, description, (metadata as Wire).team], [2_000, 3_600e9, undefined, "orders"]);
    assert.equal(markOf(await config("DRIFTED")).owner, "supercluster/one");
    await writes.assertOf("DRIFTED", ["STREAM.CREATE", "STREAM.UPDATE"]);
  });

  it("adopting is refused at check where it costs messages or is impossible; lowerBy and allowances hold", async () => {
    await found("FULL", { max_msgs: 100 });
    for (let index = 0; index < 50; index++) await jetstream(app).publish("FULL.a", "", patiently);
    const reasons = async (change: Args) =>
      (await one.check(stream, base("FULL", { adopt: true, ...change }))).failures.map(
        ({ property, reason }) => `${property} ${reason}`,
      );
    assert.match((await reasons({ maxMsgs: 20 })).join(), /^maxMsgs would drop 30 of 50 messages/);
    assert.match(
      (await reasons({ maxMsgs: 20, lowerBy: { maxMsgs: 60 } })).join(),
      /^maxMsgs would drop 10 of 50 messages/,
    );
    assert.match(
      (await reasons({ maxMsgs: 100, storage: "file" })).join(),
      /^storage cannot be changed in place \(error 10052\)/,
    );
    await assert.rejects(
      one.create(stream, base("FULL", { adopt: true, maxMsgs: 20 })),
      /maxMsgs would drop 30 of 50 messages/,
    );
    await writes.assertOf("FULL", ["STREAM.CREATE"]);
    await Deployed.create(
      one,
      stream,
      base("FULL", { adopt: true, maxMsgs: 20, allowDataLoss: [{ change: "maxMsgs", maxMessages: 30 }] }),
    );
    assert.equal(((await ask(app, "STREAM.INFO.FULL")).state as { messages: number }).messages, 20);
  });

  it("is put back on what an application has replaced as a whole: the state knows its owner", async () => {
    const asset = await Deployed.create(one, stream, base("REWRITTEN", { maxMsgs: 100 }));
    const durableOf = await Deployed.create(one, consumer, durable("REWRITTEN", { ackWait: "10s" }));
    await ask(app, "STREAM.UPDATE.REWRITTEN", { name: "REWRITTEN", subjects: ["REWRITTEN.>"], storage: "memory" });
    await ask(app, "CONSUMER.CREATE.REWRITTEN.billing", {
      stream_name: "REWRITTEN",
      config: { durable_name: "billing", ack_policy: "explicit" },
    });
    const [before, inputs] = [
      [asset.inputs, durableOf.inputs],
      [asset, durableOf],
    ] as const;
    for (const [index, each] of inputs.entries()) {
      await each.refresh();
      assert.notDeepEqual(each.inputs, before[index]);
      assert.equal(await each.up(before[index]!), "updated");
    }
    const [{ max_msgs, ...rest }, { ack_wait, ...other }] = [
      await config("REWRITTEN"),
      await config("REWRITTEN.billing"),
    ];
    assert.deepEqual([max_msgs, ack_wait], [100, 10e9]);
    for (const each of [rest, other]) assert.equal(markOf(each).owner, "supercluster/one");
  });

  it("is not needed to delete what the state knows", async () => {
    const asset = await Deployed.create(one, stream, base("BARE", { deletionPolicy: "delete" }));
    await ask(app, "STREAM.UPDATE.BARE", { name: "BARE", subjects: ["BARE.>"], storage: "memory" });
    await asset.delete();
    await assert.rejects(config("BARE"), / 10059 /);
  });

  it("follows a stream that came with its state, whatever stack its mark names: known by the nonce", async () => {
    const asset = await Deployed.create(one, stream, base("MOVED"));
    asset.provider = two;
    assert.equal(await asset.up(base("MOVED")), "same");
    assert.equal(await asset.up(base("MOVED", { description: "moved" })), "updated");
    assert.deepEqual(markOf(await config("MOVED")), { owner: "supercluster/two", nonce: asset.state.nonce });
  });
});
