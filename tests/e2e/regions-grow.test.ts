import assert from "node:assert/strict";
import type { NatsConnection } from "@nats-io/transport-node";
import { pollUntil } from "../../config/poll-until";
import { snapshotUntil } from "../../operations/supercluster/snapshot";
import { assetsOn, type HeldAsset, type Holdings, peersOf, readHoldings } from "../../jetstream/holdings";
import { addStream, ask } from "../support/accounts";
import { engineMs, requestMs, waitMs } from "../support/limits";
import type { Publisher } from "../support/publisher";
import { Reader } from "../support/reader";
import { Regions } from "../support/regions";

/**
 * Warnings that are not about regions: where official plugins could not be downloaded every start has one, and so has a
 * start that created a stack, whose file must be committed.
 */
const withoutOtherNotices = (text: string): string =>
  text
    .replace(/^warning: keys, certificates and passwords[^]*?docs\/stand-ins\.md$/gm, "")
    .replace(/^warning: commit what the secrets of the new stacks are encrypted with; .*$/gm, "");

/** Streams that no tenant file declares, with their replicas. */
const undeclared = { "COPY-A": 1, "COPY-B": 1, "COPY-C": 1, "COPY-D": 1, "COPY-R3": 3 };

const isWhole = ({ consumer, leader, members, missing, replicas }: HeldAsset): boolean =>
  leader !== undefined && missing.length === 0 && (consumer !== undefined || members.length === replicas);

const stateOf = async (client: NatsConnection, stream: string) =>
  (await ask(client, `STREAM.INFO.${stream}`)).state as { first_seq: number; last_seq: number; messages: number };

const systems = ["arrakis", "covenant", "irisx", "aigentflow"];

describe("one region that grows, with all tenants and three servers a region", function () {
  this.timeout(engineMs);
  let regions: Regions;
  let publisher: Publisher;
  let reader: Reader;

  before(async () => {
    regions = await Regions.prepare(systems, { regions: ["iad"], servers: 3 });
  });
  after(async () => {
    await reader?.stop();
    await regions?.remove();
  });

  it("refuses mirrors in regions that it does not have", () => {
    regions.deployment.useTenants(systems);
    const { status, text } = regions.deployment.cli("start");
    assert.equal(status, 2, text);
    assert.match(
      text,
      /tenants\.arrakis\.streams\.ELIGIBILITY\.mirrors\.ams: "ams" is not a region of the environment; .*known: iad\./,
    );
  });

  it("works alone", async () => {
    regions.deployment.useTenants(systems, ["iad"]);
    const { status, text } = await regions.start();
    assert.equal(status, 0, text);
    assert.doesNotMatch(withoutOtherNotices(text), /warning/);
    await regions.meshIsComplete();
    await regions.publish("irisx", "api", "SMS", "sms.send");
    await regions.publish("aigentflow", "api", "TASK_EVENTS", "task.test");
  });

  it("gets two more servers: the others restart one after another, and nothing is lost", async () => {
    regions.deployment.set({ servers: 5 });
    const { status, text, restarted } = await regions.start();
    assert.equal(status, 0, text);
    assert.deepEqual(restarted, ["iad-0", "iad-1", "iad-2"]);
    await regions.meshIsComplete();
    await regions.nothingLost();
  });

  it("keeps them while they hold anything or are peers: plan, start and up refuse to stop them", async () => {
    const provisioner = await regions.deployment.client("iad", "arrakis", "provisioner");
    for (const [name, replicas] of Object.entries(undeclared))
      await addStream(provisioner, {
        name,
        mirror: { name: "ELIGIBILITY" },
        num_replicas: replicas,
        max_bytes: 16 * 1024 ** 2,
        placement: { cluster: "iad" },
      });
    const system = await regions.deployment.client("iad", "sys", "admin");
    for (const stream of ["arrakis.ELIGIBILITY", "arrakis.EVENTS", "irisx.SMS"])
      await ask(system, `ACCOUNT.STREAM.MOVE.${stream}`, { server: "iad-2" }).catch((error: Error) =>
        assert.match(error.message, /peer not a member/),
      );
    regions.deployment.set({ servers: 3 });
    const refusal = new RegExp(
      [
        "iad was deployed with 5 servers and its settings have 3, but iad-3, iad-4 cannot be stopped yet:",
        "stream arrakis/COPY-\\w+ has a copy on iad-",
        "iad-3, iad-4 still peers of the meta group",
        "npm run drain-servers",
      ].join("[^]*"),
    );
    for (const command of ["plan", "start"]) {
      const { status, text } = await regions.deployment.meanwhile(command);
      assert.equal(status, 1, text);
      assert.match(text, refusal, command);
    }
    assert.throws(() => regions.deployment.pulumi("up", "--yes", "--skip-preview", "--stack", "local-iad"), refusal);
    assert.equal((await readHoldings(system, 5, requestMs)).answered.length, 5);
  });

  it("is drained while a publisher and a durable go on: every copy is elsewhere and current", async () => {
    publisher = await regions.publish("arrakis", "worker", "ELIGIBILITY", "eligibility.check.test", 10);
    reader = new Reader(await regions.deployment.client("iad", "arrakis", "worker"));
    reader.start("ELIGIBILITY", "eligibility-worker");
    const { status, text } = await regions.deployment.meanwhile("drain-servers", "--yes");
    assert.equal(status, 0, text);
    const system = await regions.deployment.client("iad", "sys", "admin");
    const isSettled = ({ meta, withoutJetstream, behind, assets }: Holdings) =>
      meta !== undefined && withoutJetstream.length === 2 && Object.keys(behind).length === 2 && assets.every(isWhole);
    // Under load a group may be without a leader, or a copy behind, for a moment.
    const holdings = await snapshotUntil(() => readHoldings(system, 5, requestMs), isSettled, waitMs);
    assert.deepEqual(peersOf(["iad-3", "iad-4"], holdings), []);
    assert.equal(holdings.meta!.size, 3);
    assert.deepEqual(assetsOn(["iad-3", "iad-4"], holdings), []);
    assert.deepEqual(holdings.withoutJetstream, ["iad-3", "iad-4"]);
    assert.deepEqual(Object.keys(holdings.behind).sort(), ["iad-3", "iad-4"]);
    assert.ok(holdings.assets.every(isWhole), JSON.stringify(holdings.assets.filter((asset) => !isWhole(asset))));
    await regions.nothingLost();
    assert.deepEqual(await reader.missing(publisher.texts("ELIGIBILITY")), []);
    assert.match(
      regions.deployment.succeeds("drain-servers", "--yes"),
      /iad: iad-4, iad-3 are removed, .*; they hold nothing/,
    );
  });

  it("becomes two of three servers each: no loss, and a warning that two are not enough", async () => {
    regions.deployment.useTenants(systems, ["iad", "ams"]);
    const { text, restarted } = await regions.grow(["iad", "ams"]);
    const system = await regions.deployment.client("iad", "sys", "admin");
    assert.deepEqual(
      (await readHoldings(system, undefined, 10_000)).answered.filter((name) => name.startsWith("iad")),
      ["iad-0", "iad-1", "iad-2"],
    );
    assert.deepEqual(await reader.missing(publisher.texts("ELIGIBILITY")), []);
    const provisioner = await regions.deployment.client("iad", "arrakis", "provisioner");
    const { last_seq: published } = await stateOf(provisioner, "ELIGIBILITY");
    for (const name of Object.keys(undeclared)) {
      const hasAll = async () => ((await stateOf(provisioner, name)).last_seq >= published ? true : undefined);
      assert.ok(await pollUntil(hasAll, waitMs), name);
      const { first_seq, last_seq, messages } = await stateOf(provisioner, name);
      assert.deepEqual([first_seq, messages], [1, last_seq], `${name} has every message`);
      await ask(provisioner, `STREAM.DELETE.${name}`);
    }
    assert.match(text, /^warning: iad and ams do not survive each other's loss: .*Add a third region/m);
    assert.match(text, /settings +warning +iad and ams do not survive/);
    assert.deepEqual(restarted, ["iad-0", "iad-1", "iad-2"]);
    await regions.meshIsComplete();
    await regions.nothingLost();
  });

  it("becomes three, with every mirror that its tenants ask for", async () => {
    regions.deployment.useTenants(systems, ["iad", "ams", "syd"]);
    const { text, restarted } = await regions.grow(["iad", "ams", "syd"]);
    assert.doesNotMatch(withoutOtherNotices(text), /warning/);
    assert.match(text, /mirrors covenant +ok +12 mirrors/);
    assert.deepEqual(restarted, ["ams-0", "ams-1", "ams-2", "iad-0", "iad-1", "iad-2"]);
    await regions.meshIsComplete();
    await regions.nothingLost();
  });
});
