import assert from "node:assert/strict";
import * as fs from "node:fs";
import type { NatsConnection } from "@nats-io/transport-node";
import { parseDocument } from "yaml";
import type { Row } from "../../operations/plan/rows";
import { askAll, heldStreams } from "../../jetstream/system-requests";
import { addStream, ask } from "../support/accounts";
import { Deployment } from "../support/deployment";
import { inSteps } from "../support/in-steps";
import { engineMs, requestMs } from "../support/limits";
import { requestUntilHeard } from "../support/messages";

const servers = ["iad-0", "ams-0", "syd-0"];

/**
 * Covenant, with streams, mirrors and durables in three regions, leaves; IRISX stays. Real engine, program, servers.
 */
describe("a tenant that leaves, in two releases", function () {
  this.timeout(engineMs);
  inSteps();
  let deployment: Deployment;
  let covenant: NatsConnection;
  let irisx: NatsConnection;
  let system: NatsConnection;
  let started: string[];
  let kept: Awaited<ReturnType<typeof others>>;
  let written: string;

  const refused = (reason: RegExp, ...args: string[]) => assert.throws(() => deployment.pulumi(...args), reason);
  const messagesOf = async (client: NatsConnection, stream: string) =>
    ((await ask(client, `STREAM.INFO.${stream}`)).state as { messages: number }).messages;
  const held = async (account: string) => {
    const { reservations, silent } = await heldStreams(system, servers, requestMs);
    assert.deepEqual(silent, []);
    return Object.keys(reservations[account] ?? {}).sort();
  };
  /** What must not change of who stays: proofs add messages behind these. */
  const others = async () => ({
    streams: await held("irisx"),
    created: (await ask(irisx, "STREAM.INFO.SMS")).created,
    message: (await ask(irisx, "STREAM.MSG.GET.SMS", { next_by_subj: "sms.send", seq: 1 })).message,
    connection: irisx.info!.client_id,
  });
  const startTimes = async () =>
    (await askAll<{ start: string }>(system, "VARZ", {}, servers.length, requestMs))
      .map(({ server, data }) => `${server.name} ${data!.start}`)
      .sort();
  const plan = (): { status: number | null; rows: Row[]; text: string } => {
    const { status, text } = deployment.cli("plan", "--json");
    const { stacks } = JSON.parse(text.slice(text.indexOf("{\n"), text.lastIndexOf("\n}") + 2)) as {
      stacks: { changes: Row[] }[];
    };
    return { status, rows: stacks.flatMap(({ changes }) => changes), text };
  };
  /** Writes the tenant's file with more beside its name. */
  const declare = (more: string) =>
    fs.writeFileSync(
      deployment.path("tenants/covenant.ts"),
      written.replace('name: "covenant",', `name: "covenant",\n${more}`),
    );
  const entries = (tenants: string[]) => {
    const file = deployment.path("Pulumi.yaml");
    const project = parseDocument(fs.readFileSync(file, "utf8"));
    for (const environment of ["local", "production", "production-kubernetes", "six"])
      project.setIn(["config", "environments", "default", environment, "jetstream", "jetstream"], tenants);
    fs.writeFileSync(file, String(project));
    fs.writeFileSync(
      deployment.path("tenants/index.ts"),
      [
        ...tenants.map((tenant) => `import { ${tenant} } from "./${tenant}";\n`),
        `export const tenants = { ${tenants.join(", ")} };\n`,
      ].join(""),
    );
  };

  before(async () => {
    deployment = await Deployment.prepare(["covenant", "irisx"]);
    written = fs.readFileSync(deployment.path("tenants/covenant.ts"), "utf8");
    deployment.succeeds("start");
    [covenant, irisx, system] = await Promise.all([
      deployment.client("iad", "covenant", "provisioner"),
      deployment.client("iad", "irisx", "provisioner"),
      deployment.client("ams", "sys", "admin"),
    ]);
    const publishers = await Promise.all(
      ["covenant", "irisx"].map((account) => deployment.client("iad", account, "api")),
    );
    for (let index = 0; index < 5; index++)
      await Promise.all(
        ["covenant.users.created", "sms.send"].map((subject, at) => requestUntilHeard(publishers[at]!, subject, "x")),
      );
    started = await startTimes();
    kept = await others();
  });

  after(() => deployment?.remove());

  it("cannot just be removed: regions refuse before a write, and start before it runs a stack", () => {
    entries(["irisx"]);
    for (const args of [
      ["preview", "--stack", "local-iad"],
      ["up", "--stack", "local-iad", "--yes", "--skip-preview"],
    ]) {
      refused(
        /account covenant was taken out, and still owns ALERTS_INCIDENTS, .*COVENANT_COUNTRIES-ams.* and 12 more\n.*Nothing was done\.\n.*state: "leaving"/,
        ...args,
      );
    }
    const { status, text } = deployment.cli("start");
    assert.equal(status, 2, text);
    assert.match(text, /account covenant was taken out, and still owns/);
    assert.doesNotMatch(text, /\$ pulumi/);
    entries(["covenant", "irisx"]);
  });

  it("loses nothing that was not allowed: plan and up are refused, with what it would cost", async () => {
    const before = await messagesOf(covenant, "COVENANT_USERS");
    declare('  state: "leaving",');
    const { status, rows, text } = plan();
    assert.equal(status, 1, text);
    const users = rows.find(({ id }) => id === "covenant/COVENANT_USERS")!;
    assert.equal(users.class, "refused");
    assert.match(
      users.reasons.join(),
      new RegExp(
        `would delete ${before} of ${before} messages.*` +
          `allowDataLoss: \\[\\{ change: "delete", maxMessages: ${before} \\}\\]`,
      ),
    );
    refused(/would delete/, "up", "--stack", "local-jetstream", "--yes", "--skip-preview");
    assert.equal(await messagesOf(covenant, "COVENANT_USERS"), before);
  });

  it("is deleted where that many messages are allowed, as planned; the others are unchanged", async () => {
    declare('  state: "leaving",\n  allowDataLoss: [{ change: "delete", maxMessages: 100 }],');
    const { status, rows, text } = plan();
    assert.equal(status, 0, text);
    // These hold nothing, so the up that was refused may have deleted them.
    const isEmpty = /\/(CANARY|DEAD_LETTERS|DEAD_LETTER_EVENTS|REPLAYS)/;
    assert.deepEqual([...new Set(rows.filter(({ id }) => !isEmpty.test(id)).map((row) => row.class))], ["delete"]);
    assert.ok(rows.every(({ id }) => id.startsWith("covenant/")));
    assert.ok(
      rows
        .find(({ id }) => id === "covenant/COVENANT_USERS")!
        .costs.every(({ messages, isAllowed }) => messages >= 5 && isAllowed),
    );
    for (const stack of ["local-identity", "local-jetstream"])
      deployment.pulumi("up", "--stack", stack, "--yes", "--skip-preview");
    assert.deepEqual(await held("covenant"), []);
    assert.deepEqual(await others(), kept);
    deployment.succeeds("verify");
  });

  it("is not dropped while a stream is left that was never declared", async () => {
    await addStream(covenant, { name: "BY_HAND", subjects: ["by.hand"] });
    entries(["irisx"]);
    refused(/account covenant was taken out, and still owns BY_HAND\n/, "preview", "--stack", "local-syd");
    await ask(covenant, "STREAM.DELETE.BY_HAND");
  });

  it("is gone with the second release: no restart, no lost client; its users are refused", async () => {
    // Not `succeeds`: clients must answer their servers meanwhile, or are dropped.
    const { status, text } = await deployment.meanwhile("start");
    assert.equal(status, 0, text);
    assert.match(text, /local-identity +\d+ deleted/);
    await assert.rejects(deployment.client("iad", "covenant", "provisioner"), /authorization/i);
    assert.deepEqual(await startTimes(), started);
    assert.deepEqual(await others(), kept);
  });
});
