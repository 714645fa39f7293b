import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { type JsMsg, jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Wire } from "../../jetstream/fields";
import { streamLosses } from "../../jetstream/losses";
import type { StreamState } from "../../jetstream/info";
import type { Args } from "../../jetstream/wire";
import { pollUntil } from "../../config/poll-until";
import { addStream, ask } from "../support/accounts";
import { CheckFailed, connectionTo, Deployed } from "../support/deployed";
import { requestMs, serversMs, waitMs } from "../support/limits";
import { fetchMessages, patiently, requestUntilHeard } from "../support/messages";
import { metaState, startSupercluster, type Supercluster } from "../support/nats";
import { consumer, ProviderProcess, stream } from "../support/provider-process";

/** `blind` may do what `app` may, except what counting takes. */
const accounts = `accounts {
  sys: { users: [ { user: admin, password: admin } ] }
  app: { jetstream: enabled, users: [
    { user: app, password: app }
    {
      user: blind, password: blind
      permissions: { publish: { deny: ["$JS.API.STREAM.MSG.GET.*", "$JS.API.CONSUMER.LIST.*"] } }
    }
  ] }
}
`;

/** A change that costs messages: what is there before, and what it would cost then. */
interface Loss {
  change: string;
  name: string;
  before?: Args;
  after: Args;
  /** How many messages of which subject come first. Default: 100 of `a`. */
  fill?: Record<string, number>;
  /** Fills in other ways, before anything else is done. */
  prepare?: (name: string) => Promise<void>;
  /** Default: `billing`, which has 40 messages to go. */
  consume?: (name: string) => Promise<void>;
  /** Messages that it would cost. */
  cost: number;
  /** Makes it cost one more, once that was allowed. Default: one more message of `a`. */
  grow?: (name: string) => Promise<unknown>;
  /** What the server keeps in the end. Default: all but those. */
  kept?: number;
  says?: RegExp;
}

describe("changes that cost messages, on three servers", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let provider: ProviderProcess;
  /** Sits out nothing for long. */
  let hasty: ProviderProcess;
  let app: NatsConnection;
  let system: NatsConnection;
  const timeouts = { requestMs: 20_000, deadlineMs: 25_000, settleMs: 25_000 };

  before(async () => {
    cluster = await startSupercluster({ regions: ["iad"], servers: 3, accounts });
    [app, system, provider, hasty] = await Promise.all([
      cluster.connect("app"),
      cluster.connect("admin"),
      ProviderProcess.start(connectionTo(cluster, { timeouts })),
      ProviderProcess.start(connectionTo(cluster, { timeouts: { requestMs: 10_000, deadlineMs: 12_000 } })),
    ]);
    await Promise.all([...aged.map(makeOld), Deployed.create(provider, stream, base("ORIGIN"))]);
  });

  after(async () => {
    await Promise.all([provider?.stop(), hasty?.stop()]);
    await Promise.all([app?.close(), system?.close()]);
    await cluster?.stop();
  });

  const base = (name: string, change: Args = {}): Args => ({
    account: "app",
    name,
    region: "iad",
    subjects: [`${name}.>`],
    storage: "file",
    replicas: 1,
    retention: "limits",
    ...change,
  });
  const state = async (name: string) => (await ask(app, `STREAM.INFO.${name}`)).state as StreamState;
  const config = async (name: string) => (await ask(app, `STREAM.INFO.${name}`)).config as Wire;
  const publish = (subject: string, count: number) =>
    Promise.all(Array.from({ length: count }, () => jetstream(app).publish(subject, "x".repeat(1_000), patiently)));
  const allowing = (args: Args, change: string, maxMessages: number): Args => ({
    ...args,
    allowDataLoss: [{ change, maxMessages }],
  });

  /** Makes a consumer that has acknowledged a number of messages. */
  async function consume(stream: string, acknowledged: number, name = "billing", filter?: string): Promise<void> {
    await ask(app, `CONSUMER.CREATE.${stream}.${name}`, {
      stream_name: stream,
      action: "create",
      config: { durable_name: name, ack_policy: "all", filter_subject: filter },
    });
    await acknowledge(stream, acknowledged, name);
  }

  async function acknowledge(stream: string, acknowledged: number, name = "billing"): Promise<void> {
    if (acknowledged === 0) return;
    const last = (await fetchMessages(app, stream, name, acknowledged)).at(-1)!;
    // The acknowledgement of the last one is one of all before it.
    await requestUntilHeard(app, (last as JsMsg & { reply: string }).reply, "+ACK");
  }

  const losses: Loss[] = [
    {
      change: "maxMsgs",
      name: "MSGS",
      after: { maxMsgs: 40 },
      cost: 60,
      says: /^would drop 60 of 100 messages, 6\d\.\d KiB; consumer billing is 40 behind; to allow it: allowDataLoss: \[\{ change: "maxMsgs", maxMessages: 60 \}\]$/,
    },
    {
      change: "maxMsgs",
      name: "OLD_AGAIN",
      before: { maxMsgs: 40, discard: "new" },
      after: { maxMsgs: 30 },
      prepare: (name) => overfill(name, 100),
      cost: 70,
      grow: (name) => overfill(name, 1),
    },
    {
      change: "maxBytes",
      name: "BYTES",
      after: { maxBytes: "50KiB" },
      cost: 51,
      says: /^would drop about 51 of 100 messages, 5\d\.\d KiB; consumer billing is 40 behind/,
    },
    {
      change: "maxMsgsPerSubject",
      name: "PER_SUBJECT",
      after: { maxMsgsPerSubject: 10 },
      fill: { a: 50, b: 30, c: 5 },
      cost: 60,
    },
    {
      change: "maxMsgsPerSubject",
      name: "PER_SUBJECT_NEW",
      before: { discard: "new" },
      after: { discard: "new", maxMsgsPerSubject: 10 },
      fill: { a: 50, b: 30, c: 5 },
      cost: 60,
    },
    {
      change: "subjects",
      name: "SUBJECTS",
      before: { subjects: ["SUBJECTS.a", "SUBJECTS.b"] },
      after: { subjects: ["SUBJECTS.a"] },
      fill: { a: 30, b: 20 },
      cost: 20,
      grow: (name) => publish(`${name}.b`, 1),
      kept: 51,
      says: /^would no longer capture a subject of 20 of 50 messages; consumer billing is 40 behind/,
    },
    {
      change: "subjects",
      name: "NARROWER",
      after: { subjects: ["NARROWER.a", "NARROWER.c"] },
      fill: { a: 30, b: 20, c: 1 },
      cost: 20,
      grow: (name) => publish(`${name}.b`, 1),
      kept: 52,
    },
    {
      change: "subjects",
      name: "NO_MORE",
      before: { subjects: ["NO_MORE.a", "NO_MORE.b"] },
      after: { subjects: ["NO_MORE.a"] },
      fill: {},
      consume: async () => undefined,
      cost: 0,
      grow: (name) => publish(`${name}.b`, 1),
      kept: 1,
    },
    {
      change: "retention",
      name: "RETENTION",
      after: { retention: "interest" },
      cost: 60,
      grow: (name) => acknowledge(name, 1),
      says: /^would drop 60 of 100 messages/,
    },
    {
      change: "retention",
      name: "NOBODY",
      after: { retention: "interest" },
      consume: async () => undefined,
      cost: 100,
      says: /^would drop 100 of 100 messages, 10\d\.\d KiB; to allow it/,
    },
    {
      change: "retention",
      name: "TWO",
      after: { retention: "interest" },
      fill: { a: 50, b: 50 },
      consume: async (name) => {
        await consume(name, 30, "first", `${name}.a`);
        await consume(name, 40, "second", `${name}.b`);
      },
      cost: 80,
      grow: (name) => acknowledge(name, 1, "first"),
      kept: 29,
      says: /^would drop about 80 of 100 messages, 8\d\.\d KiB; consumer first is 20 behind; consumer second is 10 behind/,
    },
    {
      change: "replicas",
      name: "REPLICAS",
      before: { replicas: 3 },
      after: { replicas: 1 },
      cost: 100,
      kept: 101,
      says: /^would keep a single copy of 100 of 100 messages/,
    },
    {
      change: "mirror",
      name: "MIRROR",
      before: { mirror: "ORIGIN", subjects: undefined },
      after: { subjects: ["MIRROR.>"] },
      prepare: (name) => mirrored(name, 100),
      cost: 100,
      grow: (name) => mirrored(name, 1),
      kept: 101,
      says: /^would stop copying its origin beyond 100 of 100 messages/,
    },
  ];

  /** A limit that is lowered under discard "new" drops nothing: the stream can be fuller than its limit. */
  async function overfill(name: string, more: number): Promise<void> {
    const { max_msgs, ...was } = await config(name);
    await ask(app, `STREAM.UPDATE.${name}`, { ...was, max_msgs: 1_000 });
    await publish(`${name}.a`, more);
    await ask(app, `STREAM.UPDATE.${name}`, { ...was, max_msgs });
  }

  async function mirrored(name: string, more: number): Promise<void> {
    await publish("ORIGIN.a", more);
    const { messages } = await state("ORIGIN");
    assert.ok(await pollUntil(async () => (await state(name)).messages === messages || undefined, waitMs));
  }

  /** Messages that are old when `maxAge` is lowered, and others that are not. */
  const age = "30s";
  const oldEnough = 30_500;
  const aged = [
    { name: "AGE", says: "60 of 90", cost: 60, kept: 30, change: async () => undefined },
    {
      name: "AGE_HOLES",
      says: "about 60 of 87",
      cost: 60,
      kept: 30,
      change: (name: string) => Promise.all([5, 6, 30].map((seq) => ask(app, `STREAM.MSG.DELETE.${name}`, { seq }))),
    },
    {
      name: "AGE_FRONT",
      says: "50 of 80",
      cost: 50,
      kept: 30,
      change: (name: string) => ask(app, `STREAM.PURGE.${name}`, { seq: 11 }),
    },
    { name: "AGE_ALL", says: "60 of 60", cost: 60, kept: 0, change: async () => undefined, young: 0 },
  ];
  let oldSince: number;
  async function makeOld({ name }: { name: string }): Promise<void> {
    await addStream(app, { name, subjects: [`${name}.>`], placement: { cluster: "iad" } });
    await publish(`${name}.a`, 60);
    oldSince = Date.now();
  }

  it("are all tried", () => {
    assert.deepEqual(
      new Set([...losses.map(({ change }) => change), "maxAge"]),
      new Set(streamLosses.map(({ change }) => change)),
    );
  });

  for (const {
    change,
    name,
    before: changed,
    after: wanted,
    fill = { a: 100 },
    prepare,
    consume: consumed,
    cost,
    grow,
    kept,
    says = /./,
  } of losses) {
    it(`${change} (${name}): refused at check and at the write with their counts, done as far as allowed`, async () => {
      const asset = await Deployed.create(provider, stream, { ...base(name), ...changed });
      await (prepare?.(name) ??
        Promise.all(Object.entries(fill).map(([subject, count]) => publish(`${name}.${subject}`, count))));
      const { messages } = await state(name);
      await (consumed?.(name) ?? consume(name, messages - 40));
      const news = { ...base(name), ...wanted };
      const was = await config(name);

      const failures = await asset.check(news);
      assert.deepEqual(
        failures.map(({ property }) => property),
        [change],
      );
      assert.match(failures[0]!.reason, says);
      assert.ok(failures[0]!.reason.includes(`${cost} of ${messages} messages`), failures[0]!.reason);
      if (cost)
        assert.ok(
          (await asset.check(allowing(news, change, cost - 1)))[0]!.reason.endsWith(
            `; allowDataLoss allows ${cost - 1}`,
          ),
        );
      await assert.rejects(asset.update(news), new RegExp(`app/${name}: ${change} would .*\nNothing was changed\\.`));
      assert.deepEqual([await config(name), (await state(name)).messages], [was, messages]);

      const allowed = allowing(news, change, cost);
      assert.deepEqual(await asset.check(allowed), []);
      await (grow?.(name) ?? publish(`${name}.a`, 1));
      const grown = (await state(name)).messages;
      await assert.rejects(
        asset.update(allowed),
        new RegExp(`app/${name}: ${change} would .*; allowDataLoss allows ${cost}\nNothing was changed\\.`),
      );
      assert.deepEqual([await config(name), (await state(name)).messages], [was, grown]);

      assert.equal(await asset.up(allowing(news, change, cost + 1)), "updated");
      assert.equal((await state(name)).messages, kept ?? grown - cost - 1);
    });
  }

  it("maxAge costs nothing in a stream that was emptied, and what costs nothing is done without a word", async () => {
    const asset = await Deployed.create(provider, stream, base("EMPTIED"));
    await publish("EMPTIED.a", 10);
    await ask(app, "STREAM.PURGE.EMPTIED");
    const lines = provider.stderr.length;
    await asset.up({
      ...base("EMPTIED"),
      maxAge: "1m",
      maxMsgs: 100,
      maxBytes: "1MiB",
      maxMsgsPerSubject: 10,
      retention: "interest",
    });
    await asset.up({ ...base("EMPTIED"), retention: "interest" });
    const roomy = await Deployed.create(provider, stream, { ...base("ROOMY"), maxAge: "2h", maxMsgs: 1_000 });
    await publish("ROOMY.a", 10);
    await roomy.up({ ...base("ROOMY"), maxAge: "1h", maxMsgs: 10, maxBytes: "1MiB", maxMsgsPerSubject: 10 });
    assert.equal((await state("ROOMY")).messages, 10);
    assert.deepEqual(provider.stderr.slice(lines), []);
  });

  it("drop nothing where a full stream refuses new messages", async () => {
    const args = { ...base("FULL"), discard: "new" };
    const asset = await Deployed.create(provider, stream, args);
    await publish("FULL.a", 20);
    await asset.up({ ...args, maxMsgs: 10, maxBytes: "5KiB" });
    assert.equal((await state("FULL")).messages, 20);
  });

  it("replace: refused at check with what is in a stream, and at the deletion with what is in it then", async () => {
    const asset = await Deployed.create(provider, stream, base("REPLACED"));
    await publish("REPLACED.a", 100);
    await consume("REPLACED", 60);
    const news = { ...base("REPLACED"), storage: "memory" };
    assert.deepEqual(await asset.check(news), [
      {
        property: "storage",
        reason:
          "cannot be changed in place (error 10052): a new stream would start empty; " +
          "recreating it would delete 100 of 100 messages, 101.6 KiB; " +
          'consumer billing is 40 behind; to allow it: allowDataLoss: [{ change: "replace", maxMessages: 100 }]',
      },
    ]);
    const allowed = allowing(news, "replace", 100);
    assert.deepEqual(await asset.check(allowed), []);
    assert.equal(await asset.hasChanges(allowed), true);
    await publish("REPLACED.a", 1);
    await assert.rejects(
      asset.delete(),
      /app\/REPLACED: recreating it would delete 101 of 101 messages, .*; allowDataLoss allows 100\. Nothing was changed/,
    );
    assert.equal((await state("REPLACED")).messages, 101);
    assert.equal(await asset.up(allowing(news, "replace", 101)), "replaced");
    assert.deepEqual([(await config("REPLACED")).storage, (await state("REPLACED")).messages], ["memory", 0]);
  });

  it("replace: what only older servers refuse is done in place, though replacing is allowed", async () => {
    const asset = await Deployed.create(provider, stream, base("LIMITED", { maxConsumers: 10 }));
    await publish("LIMITED.a", 10);
    assert.equal(await asset.up(allowing(base("LIMITED", { maxConsumers: 20 }), "replace", 10)), "updated");
    assert.deepEqual([(await config("LIMITED")).max_consumers, (await state("LIMITED")).messages], [20, 10]);
  });

  it("replace: a durable costs its place among what it has not acknowledged", async () => {
    await Deployed.create(provider, stream, base("PLACE"));
    const args = { account: "app", stream: "PLACE", name: "billing", ackPolicy: "all" };
    const asset = await Deployed.create(provider, consumer, args);
    await publish("PLACE.a", 100);
    await acknowledge("PLACE", 60);
    const news = { ...args, ackPolicy: "explicit" };
    assert.match(
      (await asset.check(news))[0]!.reason,
      /recreating it would lose the position among 40 of 40 messages; to allow it/,
    );
    assert.equal(await asset.up(allowing(news, "replace", 40)), "replaced");
    assert.equal((await ask(app, "CONSUMER.INFO.PLACE.billing")).num_pending, 100);
  });

  it("are not made where they cannot be counted", async () => {
    const blind = await ProviderProcess.start(
      connectionTo(cluster, {
        timeouts,
        provisioners: { app: { login: "blind", password: "blind", inboxPrefix: "_INBOX_blind" } },
      }),
    );
    try {
      const asset = await Deployed.create(blind, stream, base("BLIND"));
      await publish("BLIND.a", 10);
      const was = await config("BLIND");
      for (const news of [{ maxAge: "100ms" }, { maxMsgs: 5 }].map((change) => ({
        ...base("BLIND"),
        ...change,
        allowDataLoss: ["maxAge", "maxMsgs"].map((change) => ({ change, maxMessages: 1_000 })),
      }))) {
        assert.deepEqual(await asset.check(news), [], "a plan warns");
        assert.match(
          blind.stderr.at(-1)!,
          /warning SC1002: app\/BLIND: what its change costs could not be counted, so only `up` checks it: .*may not publish to \$JS\.API/,
        );
        await assert.rejects(
          asset.update(news),
          /may not publish to \$JS\.API\.(STREAM\.MSG\.GET|CONSUMER\.LIST)\.BLIND/,
        );
      }
      assert.deepEqual([await config("BLIND"), (await state("BLIND")).messages], [was, 10]);
    } finally {
      await blind.stop();
    }
  });

  it("are not made while the stream has no leader, or one of its consumers does not answer", async () => {
    const leaderOf = async (subject: string) => ((await ask(app, subject)).cluster as { leader?: string }).leader;
    const lost = await Deployed.create(hasty, stream, base("LOST"));
    const uncounted = await Deployed.create(provider, stream, base("UNCOUNTED", { replicas: 3 }));
    const names = ["LOST", "UNCOUNTED"];
    await Promise.all(names.map((name) => publish(`${name}.a`, 10)));
    const victim = await leaderOf("STREAM.INFO.LOST");
    // It leads nothing else that has to answer.
    await isNotLedBy(
      victim!,
      async () => (await metaState(Object.values(cluster.inputs())[0]!)).leader,
      () => system.request("$JS.API.META.LEADER.STEPDOWN", "", { timeout: requestMs }),
    );
    await isNotLedBy(
      victim!,
      () => leaderOf("STREAM.INFO.UNCOUNTED"),
      () => ask(app, "STREAM.LEADER.STEPDOWN.UNCOUNTED"),
    );
    let silent = "";
    for (
      let index = 0;
      (await leaderOf(`CONSUMER.INFO.UNCOUNTED.${silent}`).catch(() => undefined)) !== victim;
      index++
    ) {
      silent = `SILENT${index}`;
      const config = { durable_name: silent, ack_policy: "explicit", num_replicas: 1 };
      await ask(app, `CONSUMER.CREATE.UNCOUNTED.${silent}`, { stream_name: "UNCOUNTED", action: "create", config });
    }
    const was = await Promise.all(names.map(config));

    await cluster.kill(victim!);
    const fewer = (args: Args) => allowing({ ...args, maxMsgs: 5 }, "maxMsgs", 5);
    await Promise.all([
      assert.rejects(
        uncounted.update(fewer(uncounted.inputs)),
        new RegExp(
          `consumers of stream UNCOUNTED did not answer: .*${silent}.* ` +
            "The cost of the change cannot be counted, and nothing was changed",
        ),
      ),
      assert.rejects(lost.update(fewer(lost.inputs)), /no answer|unavailable|offline|no leader/i),
    ]);
    await cluster.ensure();
    await cluster.ready();
    const back = await pollUntil(() => Promise.all(names.map(config)).catch(() => undefined), waitMs);
    assert.deepEqual(
      [back, ...(await Promise.all(names.map(async (name) => (await state(name)).messages)))],
      [was, 10, 10],
    );
  });

  /** Lets it step down until another server leads. */
  async function isNotLedBy(
    server: string,
    leader: () => Promise<string | undefined>,
    stepDown: () => Promise<unknown>,
  ): Promise<void> {
    const other = async () => {
      const now = await leader().catch(() => undefined);
      if (now === server) await stepDown();
      return now && now !== server ? now : undefined;
    };
    assert.ok(await pollUntil(other, waitMs, 250));
  }

  // The last one: by now the old messages have almost reached that age.
  it("maxAge: counted by halving, whatever was deleted in between", async () => {
    await Promise.all(aged.map(({ name, change }) => change(name)));
    const assets = await Promise.all(
      aged.map(({ name }) => Deployed.create(provider, stream, { ...base(name), adopt: true })),
    );
    await sleep(Math.max(0, oldSince + oldEnough - Date.now()));
    await Promise.all(
      aged.map(async ({ name, says, cost, kept, young = 30 }, index) => {
        await publish(`${name}.a`, young);
        const news = { ...base(name), maxAge: age };
        const [failure, ...others] = await assets[index]!.check(news);
        assert.deepEqual([failure?.property, others], ["maxAge", []]);
        assert.ok(failure!.reason.startsWith(`would drop ${says} messages`), failure!.reason);
        await assert.rejects(assets[index]!.up(allowing(news, "maxAge", cost - 1)), CheckFailed);
        await assets[index]!.up(allowing(news, "maxAge", cost));
        assert.equal((await state(name)).messages, kept);
      }),
    );
  });
});

describe("changes that only older servers refuse", function () {
  this.timeout(serversMs);

  it("cost there what recreating it costs, of what is taken over too", async () => {
    const cluster = await startSupercluster({ regions: ["iad", "ams"], version: "oldest" });
    const provider = await ProviderProcess.start(connectionTo(cluster));
    const app = await cluster.connect("app");
    try {
      const base: Args = {
        account: "app",
        name: "LIMITED",
        region: "iad",
        subjects: ["limited"],
        storage: "memory",
        maxConsumers: 10,
      };
      const asset = await Deployed.create(provider, stream, base);
      for (let index = 0; index < 3; index++) await requestUntilHeard(app, "limited", "");
      const news = { ...base, maxConsumers: 20 };
      const [failure, ...others] = await asset.check(news);
      assert.deepEqual([failure?.property, others], ["maxConsumers", []]);
      assert.match(
        failure!.reason,
        /^cannot be changed in place \(error 10052\): .*; recreating it would delete 3 of 3 messages/,
      );
      assert.deepEqual(
        (await provider.check(stream, { ...news, adopt: true })).failures.map(({ property }) => property),
        ["maxConsumers"],
      );
      assert.equal(await asset.up({ ...news, allowDataLoss: [{ change: "replace", maxMessages: 3 }] }), "replaced");
      const { config, state } = (await ask(app, "STREAM.INFO.LIMITED")) as { config: Wire; state: StreamState };
      assert.deepEqual([config.max_consumers, state.messages], [20, 0]);
    } finally {
      await provider.stop();
      await app.close();
      await cluster.stop();
    }
  });
});
