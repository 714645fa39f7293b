import assert from "node:assert/strict";
import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "@nats-io/transport-node";
import { parseDocument } from "yaml";
import { pollUntil } from "../../config/poll-until";
import { snapshotUntil } from "../../operations/supercluster/snapshot";
import { ask } from "../support/accounts";
import { Deployment } from "../support/deployment";
import { engineMs, requestMs, waitMs } from "../support/limits";
import { take, textsIn } from "../support/messages";

const stream = "ELIGIBILITY";
const mirror = "ELIGIBILITY-ams";
const choice = ["--account", "arrakis", "--stream", stream];
const region = ["--region", "iad"];
const stackFile = "Pulumi.local-jetstream.yaml";

/** The real engine, the real program, real servers: a stream that loses its region, works elsewhere, and comes home. */
describe("failover, failback and migration, as they are typed", function () {
  this.timeout(engineMs);
  let deployment: Deployment;
  let worker: NatsConnection;
  let provisioner: NatsConnection;
  let original: string;
  /** Texts of all messages whose publisher got an acknowledgement, in order. */
  const acknowledged: string[] = [];
  /** Configuration requests that were carried out, as the servers report them: who changed what. */
  const writes: string[] = [];
  let count = 0;
  /** Messages of the proof that `npm start` makes. */
  let proofs = 0;

  /** Publishes one message, and keeps its text if it is acknowledged. */
  async function publish(kind = "check", by = worker): Promise<string | undefined> {
    const text = `${kind} ${++count}`;
    const answer = await by.request(`eligibility.${kind}.guild`, text, { timeout: requestMs }).catch(() => undefined);
    const acknowledgement = answer?.json<{ stream?: string; error?: unknown }>();
    if (!acknowledgement?.stream) return undefined;
    acknowledged.push(text);
    return acknowledgement.stream;
  }

  const config = async (name: string) =>
    (await ask(provisioner, `STREAM.INFO.${name}`)).config as Record<string, unknown>;
  const state = async (name: string) =>
    (await ask(provisioner, `STREAM.INFO.${name}`)).state as { messages: number; last_seq: number };
  const position = async (name: string, durable: string) =>
    (await ask(provisioner, `CONSUMER.INFO.${name}.${durable}`)) as {
      ack_floor: { stream_seq: number };
      num_pending: number;
      num_ack_pending: number;
      paused?: boolean;
    };

  const taken = (name: string, batch: number) => take(worker, name, "eligibility-worker", batch, "_INBOX_worker");

  async function until(what: string, isSo: () => Promise<boolean>, withinMs = waitMs): Promise<void> {
    for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(100))
      if (await isSo().catch(() => false)) return;
    assert.fail(`${what} within ${withinMs / 1000} s`);
  }

  const wrote = async (): Promise<string[]> => {
    // Advisories are published after the answer: whatever this request leaves is behind them.
    await until("JetStream answers", async () => Boolean(await ask(provisioner, "INFO")));
    await sleep(300);
    return writes.splice(0);
  };

  const setting = () => fs.readFileSync(deployment.path(stackFile), "utf8");

  function degrade(regions: string[] | undefined): void {
    const document = parseDocument(setting());
    if (regions) document.setIn(["config", "supercluster:degraded"], regions);
    else document.deleteIn(["config", "supercluster:degraded"]);
    fs.writeFileSync(deployment.path(stackFile), document.toString({ flowCollectionPadding: false, lineWidth: 0 }));
  }

  const up = () => deployment.pulumi("up", "--stack", "local-jetstream", "--refresh", "--yes", "--skip-preview");
  const plansNothing = () =>
    assert.match(deployment.pulumi("preview", "--stack", "local-jetstream", "--expect-no-changes"), /unchanged/);
  const mirrorHasAll = () =>
    until("the mirror has all", async () => (await state(mirror)).last_seq === (await state(stream)).last_seq);

  before(async () => {
    deployment = await Deployment.prepare(["arrakis"]);
    original = setting();
    deployment.succeeds("start");
    worker = await deployment.client("ams", "arrakis", "worker");
    provisioner = await deployment.client("syd", "arrakis", "provisioner");
    provisioner.subscribe("$JS.EVENT.ADVISORY.API", {
      callback: (_, message) => {
        const { subject, client } = message.json<{ subject: string; client?: { name?: string } }>();
        // Servers send some to themselves, under no name.
        if (client?.name && /CREATE|UPDATE|DELETE|PURGE|PAUSE|RESET/.test(subject))
          writes.push(`${subject.replace("$JS.API.", "")} by ${client.name}`);
      },
    });
    await provisioner.flush();
  });

  after(() => deployment?.remove());

  describe("when a region crashed", () => {
    /** What publishers in ams were answered by, from the crash to the failover's end. */
    const answered: (string | undefined)[] = [];
    let publishing: Promise<void> | undefined;
    let isOver = false;

    before(async () => {
      proofs = (await state(stream)).messages;
      for (let index = 0; index < 20; index++) assert.equal(await publish(), stream);
      assert.deepEqual(await taken(stream, 5), acknowledged.slice(0, 5));
      await mirrorHasAll();
      await deployment.end("iad", "SIGKILL");
      publishing = (async () => {
        for (; !isOver; await sleep(100)) answered.push(await publish());
      })();
    });

    after(async () => {
      isOver = true;
      await publishing;
    });

    it("is refused, and does nothing, where there is no mirror", async () => {
      const nowhere = deployment.cli("failover", ...choice, "--to", "syd", "--yes");
      assert.equal(nowhere.status, 2, nowhere.text);
      assert.match(nowhere.text, /ELIGIBILITY has no mirror in "syd".*ams/);
      assert.deepEqual(await wrote(), []);
      assert.equal(setting(), original);
    });

    it("says what may be missing, where durables begin, and what it does not cover", async () => {
      const text = await deployment.killedBeforeReload(
        "syd-0",
        () => answered.includes(mirror),
        ...["failover", ...region, "--yes"],
      );
      assert.match(text, /ELIGIBILITY \(iad\): unreachable/);
      assert.match(
        text,
        new RegExp(
          `ELIGIBILITY-ams \\(ams\\): ${proofs + 20} messages, up to sequence ${proofs + 20}, lag as last known 0`,
        ),
      );
      assert.match(
        text,
        /\(eligibility-worker, .*\): their positions are unknown, so on \S+ they begin with its first message/,
      );
      assert.match(text, /without a mirror, so publishers are refused until iad is back: arrakis: COMMANDS, /);
      assert.match(text, new RegExp(`takes messages in ams from sequence ${proofs + 21} on`));
      assert.match(text, /loading .* on every server of ams, syd: .* if this is interrupted, run the command again/);
    });

    it("is run again where it was killed when only ams had the mappings, and goes on with syd", async () => {
      const far = await deployment.client("syd", "arrakis", "worker");
      assert.equal(await publish("check", far), undefined, "syd's publishers are refused as before");
      const says = /ELIGIBILITY.*failed over to ams, but syd-0 does not map its subjects/s;
      const status = async () => deployment.cli("status").text;
      // A server that does not answer in time is not in it.
      assert.match(await snapshotUntil(status, (text) => says.test(text), waitMs), says);
      const { status: code, text } = await deployment.meanwhile("failover", ...region, "--yes");
      isOver = true;
      await publishing;
      assert.equal(code, 0, text);
      assert.match(text, /loading .* on every server of syd:/);
      assert.deepEqual(new Set(answered.filter((name) => name !== undefined)), new Set([mirror]));
      assert.equal(await publish("check", far), mirror);
    });

    it("gives the mirror what the stream is, under subjects of its own", async () => {
      const promoted = await config(mirror);
      assert.deepEqual(
        [promoted.subjects, promoted.mirror, promoted.max_age],
        [["fo.ELIGIBILITY.eligibility.>"], undefined, 7 * 24 * 3600 * 1e9],
      );
    });

    it("lets the tenant's own users publish and consume, with the permissions they had", async () => {
      for (let index = 0; index < 10; index++) assert.equal(await publish(), mirror);
      assert.equal(await publish("sync"), mirror);
      const all = await taken(mirror, 26);
      assert.deepEqual(all.slice(-25), acknowledged.slice(0, 25), "from the first message on");
    });

    it("is what the next up finds: it changes nothing on any server", async () => {
      await wrote();
      degrade(["iad"]);
      try {
        up();
        assert.deepEqual(await wrote(), []);
        plansNothing();
      } finally {
        degrade(undefined);
      }
      deployment.pulumi("up", "--stack", "local-syd", "--yes", "--skip-preview", "--expect-no-changes");
    });

    it("outlives the region's return, and the next up then", async () => {
      deployment.pulumi("up", "--stack", "local-iad", "--yes", "--skip-preview");
      await until("the stream is back", async () => (await state(stream)).last_seq === proofs + 20);
      assert.equal(await pollUntil(() => publish(), waitMs), mirror);
      const returned = await deployment.client("iad", "arrakis", "worker");
      assert.equal(await pollUntil(() => publish("check", returned), waitMs), mirror);
      await wrote();
      up();
      assert.deepEqual(await wrote(), []);
    });

    it("ends with a failback: every acknowledged message is in the stream exactly once, in order", async () => {
      const own = acknowledged.length - 20;
      const text = deployment.succeeds("failback", ...region);
      assert.match(text, new RegExp(`are the same up to ${proofs + 20}; ELIGIBILITY has 0 messages of its own`));
      assert.match(text, new RegExp(`ELIGIBILITY-ams: \\d+, of which ${own} are its own; ${own} came back`));
      assert.equal(await publish(), stream);
      assert.deepEqual((await textsIn(provisioner, stream)).slice(proofs), acknowledged);
      assert.deepEqual((await config(stream)).subjects, ["eligibility.>"]);
      assert.equal((await config(stream)).sources, undefined);
      await until(
        "the mirror copies everything again",
        async () => (await state(mirror)).messages === proofs + acknowledged.length,
      );
      assert.deepEqual((await config(mirror)).mirror, { name: stream });
    });

    it("leaves durables where they were on the mirror, not paused", async () => {
      const { ack_floor, paused } = await position(stream, "eligibility-worker");
      assert.deepEqual([ack_floor.stream_seq, paused], [proofs + 25, undefined]);
      const rest = acknowledged.slice(25).filter((text) => text.startsWith("check"));
      assert.deepEqual(await taken(stream, rest.length), rest);
    });

    it("leaves the settings as they were", () => assert.equal(setting(), original));
  });

  describe("when a work queue is to have limits", () => {
    const migrate = () =>
      deployment.cli("migrate", "--account", "arrakis", "--stream", "COMMANDS", "--retention", "limits", "--yes");

    it("is refused as long as its tenant file says otherwise", () => {
      const { status, text } = migrate();
      assert.equal(status, 2, text);
      assert.match(
        text,
        /arrakis\/COMMANDS is specified with retention "workqueue"; write "limits" in its tenant file first/,
      );
    });

    it("shows what it holds before and after", async () => {
      const file = deployment.path("tenants/arrakis.ts");
      fs.writeFileSync(file, fs.readFileSync(file, "utf8").replace('retention: "workqueue"', 'retention: "limits"'));
      const { status, text } = migrate();
      assert.equal(status, 0, text);
      assert.match(text, /COMMANDS +workqueue +\d+[^]*COMMANDS +limits +\d+/);
      assert.equal((await config("COMMANDS")).retention, "limits");
    });
  });

  describe("after all of it", () => {
    it("an up changes nothing on any server but what the migration left to it; then nothing is planned", async () => {
      await wrote();
      up();
      await until("what it changed is reported", () => Promise.resolve(writes.length > 0));
      // COMMANDS is a work queue no longer, so its dead letters are not found by a sweep: the label says what is.
      assert.deepEqual(await wrote(), [
        "STREAM.UPDATE.DEAD_LETTER_EVENTS by supercluster supercluster/local-jetstream",
      ]);
      plansNothing();
    });
  });
});
