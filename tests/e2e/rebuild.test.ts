import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Deployment } from "../support/deployment";
import { engineMs, requestMs } from "../support/limits";
import { Regions } from "../support/regions";
import { endEnvironmentsOf } from "../support/run";

const jetstreamOf = (nc: NatsConnection) => jetstream(nc, { checkAPI: false, timeout: requestMs });

/** docs/runbooks/rebuild.md, as a person follows it. */
describe("an environment of which only a backup and its key are left", function () {
  this.timeout(engineMs);
  let deployment: Deployment;
  /** Sequence of the last message that was acknowledged before the copy was made. */
  let acknowledged = 0;
  before(async () => {
    ({ deployment } = await Regions.prepare(["irisx"], { regions: ["iad"], servers: 3 }));
  });
  after(() => deployment?.remove());

  const sms = () => {
    const { streams } = JSON.parse(deployment.cli("status", "--json").text) as {
      streams: { name: string; messages: number }[];
    };
    return streams.find(({ name }) => name === "SMS")!.messages;
  };

  it("is copied with its keys, and the copy is proved to be readable without it", async () => {
    deployment.succeeds("start");
    const api = await deployment.client("iad", "irisx", "api");
    // By id: one whose answer is late is sent again, and the numbers of messages below stay as they are.
    for (let index = 0; index < 200; index++)
      await jetstreamOf(api).publish("sms.send", "text", { msgID: String(index), retries: 5 });
    const worker = await deployment.client("iad", "irisx", "sms-worker");
    const durable = await jetstreamOf(worker).consumers.get("SMS", "sms-worker");
    for (let index = 0; index < 20; index++) {
      const message = (await durable.next())!;
      await message.ackAck();
      acknowledged = message.seq;
    }

    const made = deployment.succeeds("backup-key", "--out", deployment.path("backup.key"));
    const [recipient] = /^age1\w+/.exec(made)!;
    const backup = ["backup", "--all", "--to", deployment.path("backups")];
    assert.equal(deployment.cli(...backup).status, 2, "neither encrypted nor said not to be");
    assert.match(deployment.succeeds(...backup, "--recipient", recipient), /20\d messages.*with the keys/);
    const source = ["--from", deployment.path("backups"), "--key", deployment.path("backup.key")];
    const place = ["--backups", deployment.path("backups"), "--json"];
    const looked = () => {
      const { status, text } = deployment.cli("doctor", ...place);
      // What it is doing follows, from its standard error.
      const { ok, findings } = JSON.parse(text.slice(0, text.lastIndexOf("}") + 1)) as {
        ok: boolean;
        findings: { part: string; detail: string }[];
      };
      return { status, ok, backups: findings.filter(({ part }) => part === "backups").map(({ detail }) => detail) };
    };
    assert.deepEqual(looked(), { status: 0, ok: true, backups: ["none was ever restored"] });
    assert.match(deployment.succeeds("verify-backup", ...source), /20\d messages of backup \w+ restored and compared/);
    assert.deepEqual(looked(), { status: 0, ok: true, backups: [] });
    assert.equal(deployment.cli("doctor", "--backups", deployment.path("nothing")).status, 1, "no backup is a problem");
    const folder = path.join(deployment.path("backups"), "local");
    const manifest = path.join(folder, readdirSync(folder)[0]!, "manifest.json");
    const text = readFileSync(manifest, "utf8");
    writeFileSync(manifest, text.replace(/("keysTaken": )"[^"]+"/, '$1"2020-01-01T00:00:00.000Z"'));
    assert.match(
      looked().backups.join(),
      /^keys of the environment were changed .* a rebuild would bring the old ones/,
    );
    writeFileSync(manifest, text);
  });

  it("is rebuilt by both: the same clients are let in, and every message and position is there", async () => {
    const before = sms();
    const client = await deployment.client("iad", "irisx", "api");
    endEnvironmentsOf(deployment.copy.folder);
    for (const lost of ["state", "environments"]) rmSync(deployment.path(`.cache/${lost}`), { recursive: true });

    const source = ["--from", deployment.path("backups"), "--key", deployment.path("backup.key")];
    source[0] = "--restore-from";
    const text = deployment.succeeds("start", ...source);
    assert.match(text, /the keys of backup \w+ are in place/);
    assert.match(text, /irisx\/SMS: 20\d messages restored/);
    // Each start proves that messages pass, by messages of its own.
    assert.ok(before <= sms() && sms() < before + 10, `${sms()} messages, ${before} before`);
    // With the password and the authority that it had before.
    await jetstreamOf(client).publish("sms.send", "text", { retries: 10 });
    const worker = await deployment.client("iad", "irisx", "sms-worker");
    const durable = await jetstreamOf(worker).consumers.get("SMS", "sms-worker");
    const message = (await durable.next())!;
    assert.equal(message.seq, acknowledged + 1);
    await message.ackAck();
    assert.match(deployment.succeeds("start"), /local-jetstream +\d+ unchanged/);
  });
});
