import assert from "node:assert/strict";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Declared } from "../../config/assets/declared";
import type { Args } from "../../jetstream/wire";
import { addStream, ask } from "../support/accounts";
import { Acknowledgements } from "../support/acknowledgements";
import { ConfigurationWrites } from "../support/configuration-writes";
import { CheckFailed, connectionTo, Deployed } from "../support/deployed";
import { serversMs } from "../support/limits";
import { requestUntilHeard } from "../support/messages";
import { startSupercluster, type Supercluster } from "../support/nats";
import { consumer, ProviderProcess, stream } from "../support/provider-process";
import { sideBySide } from "../support/side-by-side";

/** What each case ends with: no provider knows more of a stack than that. */
const declared: Declared = {
  streams: {
    GIVER: ["move.kept"],
    TAKER: ["move.other", "move.moved"],
    WHOLE: ["split.us.>"],
    PART: ["split.eu.>"],
    LEFT: ["swap.b"],
    RIGHT: ["swap.a"],
    ONE: ["merge.>"],
    TWO: ["parked.TWO.>"],
    THREE: ["parked.THREE.>"],
    OLDER: ["refused.kept"],
    NEWER: ["refused.moved"],
    AGAIN: ["again.kept"],
    BEHIND: ["again.moved"],
    RENAMED: ["rename.>"],
    CROWDED: ["crowded"],
    NARROW: ["foreign.one"],
    JOBS: ["jobs.>"],
  },
  queues: { JOBS: { first: ["jobs.a"], second: ["jobs.b"], third: ["jobs.c"], left: ["jobs.e"], right: ["jobs.d"] } },
  limited: { CROWDED: { maxConsumers: 2, durables: ["stays", "second"] } },
};

describe("subjects that move between streams", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let provider: ProviderProcess;
  let hasty: ProviderProcess;
  let app: NatsConnection;
  let writes: ConfigurationWrites;

  before(async () => {
    cluster = await startSupercluster({ regions: ["iad", "ams"] });
    app = await cluster.connect("app");
    writes = await ConfigurationWrites.watch(cluster);
    provider = await ProviderProcess.start(connectionTo(cluster, {}, declared));
    hasty = await ProviderProcess.start(connectionTo(cluster, { timeouts: { partnersMs: 1_000 } }, declared));
  });

  after(async () => {
    await Promise.all([provider?.stop(), hasty?.stop(), writes?.stop(), app?.close()]);
    await cluster?.stop();
  });

  const base = (name: string, subjects: string[], change: Args = {}): Args => ({
    account: "app",
    name,
    region: "iad",
    subjects,
    storage: "memory",
    ...change,
  });
  const giving = { allowDataLoss: [{ change: "subjects", maxMessages: 1_000_000 }] };
  const made = (name: string, subjects: string[], change: Args = {}) =>
    Deployed.create(provider, stream, base(name, subjects, change));
  const subjectsOf = async (name: string) =>
    ((await ask(app, `STREAM.INFO.${name}`)).config as { subjects: string[] }).subjects;
  const configured = async (...names: string[]) =>
    Object.fromEntries(
      await Promise.all(names.map(async (name): Promise<[string, string[]]> => [name, await subjectsOf(name)])),
    );

  sideBySide({
    "go from one to another in one run: no acknowledged message is missing, no neighbour is refused": async () => {
      const [giver, taker] = [
        await made("GIVER", ["move.kept", "move.moved"]),
        await made("TAKER", ["move.other"], { region: "ams", storage: "file" }),
      ];
      const publishers = new Acknowledgements(app, ["move.kept", "move.moved", "move.other"]);
      await publishers.begun();
      await Promise.all([
        giver.up(base("GIVER", ["move.kept"], giving)),
        taker.up(base("TAKER", ["move.other", "move.moved"], { region: "ams", storage: "file" })),
      ]);
      await publishers.stop();
      assert.deepEqual(await configured("GIVER", "TAKER"), {
        GIVER: ["move.kept"],
        TAKER: ["move.other", "move.moved"],
      });
      for (const subject of ["move.kept", "move.other"]) assert.equal(publishers.refused(subject), 0);
      assert.deepEqual(publishers.streams("move.moved"), ["GIVER", "TAKER"]);
      assert.deepEqual(await publishers.lost("move.moved"), []);
      for (const asset of [giver, taker]) assert.equal(await asset.hasChanges(), false);
    },
    "are split: the part that a new stream gets is captured all the time but between two requests": async () => {
      const whole = await made("WHOLE", ["split.>"]);
      const publishers = new Acknowledgements(app, ["split.us.a", "split.eu.a"]);
      await publishers.begun();
      await Promise.all([whole.up(base("WHOLE", ["split.us.>"], giving)), made("PART", ["split.eu.>"])]);
      await publishers.stop();
      assert.deepEqual(await configured("WHOLE", "PART"), { WHOLE: ["split.us.>"], PART: ["split.eu.>"] });
      assert.equal(publishers.refused("split.us.a"), 0);
      assert.deepEqual(publishers.streams("split.eu.a"), ["WHOLE", "PART"]);
      assert.deepEqual(await publishers.lost("split.eu.a"), []);
    },
    "are merged into one stream, and the others are kept without any": async () => {
      const all = [
        await made("ONE", ["merge.one.>"]),
        await made("TWO", ["merge.two.>"]),
        await made("THREE", ["merge.three.>"]),
      ] as const;
      await Promise.all([
        all[2].up(base("THREE", ["parked.THREE.>"], giving)),
        all[0].up(base("ONE", ["merge.>"])),
        all[1].up(base("TWO", ["parked.TWO.>"], giving)),
      ]);
      assert.deepEqual(await configured("ONE", "TWO", "THREE"), {
        ONE: ["merge.>"],
        TWO: ["parked.TWO.>"],
        THREE: ["parked.THREE.>"],
      });
    },
    "are swapped": async () => {
      const [left, right] = [await made("LEFT", ["swap.a"]), await made("RIGHT", ["swap.b"])];
      await Promise.all([left.up(base("LEFT", ["swap.b"], giving)), right.up(base("RIGHT", ["swap.a"], giving))]);
      assert.deepEqual(await configured("LEFT", "RIGHT"), { LEFT: ["swap.b"], RIGHT: ["swap.a"] });
    },
    "stay where they are while one of the streams is refused; everything else is changed": async () => {
      const older = await made("OLDER", ["refused.kept", "refused.moved"]);
      older.provider = hasty;
      await requestUntilHeard(app, "refused.moved", "x");
      const publishers = new Acknowledgements(app, ["refused.moved"]);
      await publishers.begun();
      const newer = await Deployed.create(hasty, stream, base("NEWER", ["refused.moved"]));
      assert.deepEqual(newer.state.subjects, ["parked.NEWER.>"]);
      assert.equal(await newer.hasChanges(), true);
      // The giving stream does not allow it.
      await assert.rejects(
        older.update(base("OLDER", ["refused.kept"])),
        /would no longer capture a subject of .* messages.*Nothing was changed/s,
      );
      assert.deepEqual(await configured("OLDER", "NEWER"), {
        OLDER: ["refused.kept", "refused.moved"],
        NEWER: ["parked.NEWER.>"],
      });
      await publishers.stop();
      assert.equal(publishers.refused("refused.moved"), 0);
    },
    "move in the next run where the first was cut off between the two streams": async () => {
      const again = await made("AGAIN", ["again.kept", "again.moved"]);
      again.provider = hasty;
      await again.up(base("AGAIN", ["again.kept"], { ...giving, description: "changed" }));
      assert.deepEqual(again.state.subjects, ["again.kept", "again.moved"]);
      await again.refresh();
      const [behind] = await Promise.all([
        made("BEHIND", ["again.moved"]),
        (async () => {
          again.provider = provider;
          await again.up(base("AGAIN", ["again.kept"], { ...giving, description: "changed" }));
        })(),
      ]);
      assert.deepEqual(await configured("AGAIN", "BEHIND"), { AGAIN: ["again.kept"], BEHIND: ["again.moved"] });
      assert.equal(await behind.hasChanges(), false);
    },
    "of a stream that is taken out are refused before anything is changed": async () => {
      await made("FORMER", ["rename.>"]);
      const refusal =
        /rename\.> is captured by stream FORMER \(error 10065\), which this stack no longer declares.*first declare FORMER again/;
      await assert.rejects(
        made("RENAMED", ["rename.>"]),
        (error) => error instanceof CheckFailed && refusal.test(error.message),
      );
      await assert.rejects(provider.create(stream, base("RENAMED", ["rename.>"])), refusal);
      await writes.assertOf("RENAMED", []);
      await writes.assertOf("FORMER", ["STREAM.CREATE"]);
    },
    "of a stream that an application created are refused, naming it": async () => {
      await addStream(app, { name: "FOREIGN", subjects: ["foreign.*"], storage: "memory" });
      await assert.rejects(
        made("NARROW", ["foreign.one"]),
        /subjects: foreign\.one is captured by stream FOREIGN \(error 10065\), which this stack does not declare/,
      );
      await writes.assertOf("NARROW", []);
    },
    "(durables) one that replaces another on a full stream is refused until that one is deleted": async () => {
      await made("CROWDED", ["crowded"], { maxConsumers: 2 });
      const durable = (name: string): Args => ({ account: "app", stream: "CROWDED", name, ackPolicy: "explicit" });
      const [, first] = [
        await Deployed.create(provider, consumer, durable("stays")),
        await Deployed.create(provider, consumer, durable("first")),
      ];
      await assert.rejects(
        Deployed.create(provider, consumer, durable("second")),
        (error) => error instanceof CheckFailed && /CROWDED may have 2 consumers \(error 10026\)/.test(error.message),
      );
      await first.delete();
      await Deployed.create(provider, consumer, durable("second"));
    },
    "(durables) filters of a work queue pass from one to another; what none gives up is refused": async () => {
      const durable = (name: string, filterSubject: string): Args => ({
        account: "app",
        stream: "JOBS",
        name,
        ackPolicy: "explicit",
        filterSubject,
      });
      await made("JOBS", ["jobs.>"], { retention: "workqueue" });
      const make = (name: string, filter: string) => Deployed.create(provider, consumer, durable(name, filter));
      const [first, second] = [await make("first", "jobs.b"), await make("second", "jobs.c")];
      // Each waits for the one before it.
      await Promise.all([
        make("third", "jobs.c"),
        second.up(durable("second", "jobs.b")),
        first.up(durable("first", "jobs.a")),
      ]);
      const [left, right] = [await make("left", "jobs.d"), await make("right", "jobs.e")];
      await assert.rejects(
        left.up(durable("left", "jobs.e")),
        (error) =>
          error instanceof CheckFailed && /left, right exchange filters of the work queue JOBS/.test(error.message),
      );
      assert.equal((await right.check(durable("right", "jobs.d"))).length, 1);
      await ask(app, "CONSUMER.CREATE.JOBS.byhand", {
        stream_name: "JOBS",
        config: { durable_name: "byhand", ack_policy: "explicit", filter_subject: "jobs.f.*" },
      });
      await assert.rejects(
        make("new", "jobs.f.x"),
        /durable byhand already takes jobs\.f\.\* from the work queue JOBS/,
      );
    },
  });
});
