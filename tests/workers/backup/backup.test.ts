import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { pollUntil } from "../../../config/poll-until";
import { write } from "../../../jetstream/api";
import { verifyBackup } from "../../../operations/backup/verify-backup";
import { tenants } from "../../../tenants";
import { type AccountAccess, backupAll, BackupIncomplete, findBackup } from "../../../workers/backup/backup";
import { restoreAll } from "../../../workers/backup/restore";
import { newKey } from "../../../workers/backup/seal";
import { FolderStore } from "../../../workers/backup/store/folder";
import { openStore } from "../../../workers/backup/store/open";
import type { Store } from "../../../workers/backup/store/store";
import { accountsText, ask, localEnvironment } from "../../support/accounts";
import { serversMs, waitMs } from "../../support/limits";
import { startSupercluster, type Supercluster } from "../../support/nats";
import { runFolder } from "../../support/run";
import { type S3Server, startS3 } from "../../support/s3";

const environment = "test";
const inboxPrefix = "_INBOX_provisioner";
const secretText = "the text of a message that nobody else may read";

describe("backups of all streams of an environment", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let irisx: NatsConnection;
  let covenant: NatsConnection;
  let accounts: AccountAccess[];
  let folder: string;
  let s3: S3Server;
  const key = { identity: "", recipient: "" };

  const streams = {
    SMS: { subjects: ["sms.>"], placement: { cluster: "iad" }, max_bytes: 64 * 1024 ** 2 },
    "SMS-ams": { mirror: { name: "SMS" }, placement: { cluster: "ams" }, max_bytes: 64 * 1024 ** 2 },
    "EMPTY-ams": {
      mirror: { name: "EMPTY" },
      mirror_direct: true,
      placement: { cluster: "ams" },
      max_bytes: 1024 ** 2,
    },
    EMPTY: { subjects: ["empty.>"], max_bytes: 1024 ** 2 },
    CANARY: { subjects: ["canary.irisx.>"], storage: "memory", max_bytes: 1024 ** 2 },
  };
  const durable = {
    durable_name: "sms-worker",
    name: "sms-worker",
    ack_policy: "explicit",
    filter_subject: "sms.send",
  };

  /** As a deployment does it: streams and durables without messages. */
  const deploy = async () => {
    for (const [name, config] of Object.entries(streams))
      await ask(irisx, `STREAM.CREATE.${name}`, { name, ...config });
    await ask(irisx, "CONSUMER.CREATE.SMS.sms-worker.sms.send", {
      stream_name: "SMS",
      config: durable,
      action: "create",
    });
    await ask(covenant, "STREAM.CREATE.USERS", { name: "USERS", subjects: ["covenant.users.>"] });
  };
  const lose = async () => {
    for (const name of Object.keys(streams)) await ask(irisx, `STREAM.DELETE.${name}`).catch(() => undefined);
    await ask(covenant, "STREAM.DELETE.USERS").catch(() => undefined);
  };
  const stateOf = async (connection: NatsConnection, name: string) => {
    const { state } = await ask(connection, `STREAM.INFO.${name}`);
    const { messages, first_seq, last_seq, bytes } = state as Record<string, number>;
    return { messages, first_seq, last_seq, bytes };
  };
  const publish = async (user: string, subject: string, count: number) => {
    const client = await cluster.connect(user, { inboxPrefix: `_INBOX_${user.slice(user.indexOf("-") + 1)}` });
    for (let index = 0; index < count; index++) await client.request(subject, `${secretText} ${index}`);
    await client.close();
  };
  const options = (store: Store) => ({
    environment,
    store,
    accounts,
    recipients: [key.recipient],
    log: () => undefined,
  });

  before(async () => {
    s3 = await startS3();
    folder = fs.mkdtempSync(path.join(runFolder, "backups-"));
    Object.assign(key, await newKey());
    cluster = await startSupercluster({
      regions: ["iad", "ams"],
      accounts: accountsText(localEnvironment(), tenants),
    });
    irisx = await cluster.connect("irisx-provisioner", { inboxPrefix });
    covenant = await cluster.connect("covenant-provisioner", { inboxPrefix });
    accounts = [
      { account: "irisx", connection: irisx },
      { account: "covenant", connection: covenant },
    ].map((one) => ({ ...one, inboxPrefix, ask: (subject, body) => write(one.connection, subject, body) }));
    await deploy();
    await publish("irisx-api", "sms.send", 300);
    await publish("covenant-api", "covenant.users.created", 20);
    const worker = await cluster.connect("irisx-sms-worker", { inboxPrefix: "_INBOX_sms-worker" });
    const consumer = await jetstream(worker).consumers.get("SMS", "sms-worker");
    for (let index = 0; index < 5; index++) await (await consumer.next())!.ackAck();
    await worker.close();
    assert.ok(await pollUntil(async () => (await stateOf(irisx, "SMS-ams")).messages === 300, waitMs, 100));
  });

  after(async () => {
    await irisx?.close();
    await covenant?.close();
    await cluster?.stop();
    await s3?.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  it("bring back every message, position and mirror after all was lost and empty streams were deployed", async () => {
    const store = openStore(s3.place);
    const names = ["SMS", "SMS-ams", "EMPTY"];
    const states = await Promise.all(names.map((name) => stateOf(irisx, name)));
    const users = await stateOf(covenant, "USERS");
    const { manifest } = await backupAll({ ...options(store), keys: () => Promise.resolve("the keys") });
    assert.deepEqual(manifest.entries.map(({ account, stream, state }) => [account, stream, state.messages]).sort(), [
      ["covenant", "USERS", 20],
      ["irisx", "EMPTY", 0],
      ["irisx", "EMPTY-ams", 0],
      ["irisx", "SMS", 300],
      ["irisx", "SMS-ams", 300],
    ]);
    assert.deepEqual(
      manifest.left.map(({ stream }) => stream),
      ["CANARY"],
      "what is in memory is named",
    );

    await lose();
    await deploy();
    const found = await findBackup(store, environment);
    assert.deepEqual(found, manifest);
    const restore = { store, manifest: found, accounts, identities: [key.identity], log: () => undefined };
    const results = await restoreAll(restore);
    assert.deepEqual(results.map(({ stream, result }) => `${stream} ${result}`).sort(), [
      "EMPTY exists",
      "EMPTY-ams exists",
      "SMS restored",
      "SMS-ams restored",
      "USERS restored",
    ]);
    assert.deepEqual(await Promise.all(names.map((name) => stateOf(irisx, name))), states);
    assert.deepEqual(await stateOf(covenant, "USERS"), users);
    const pending = () => ask(irisx, "CONSUMER.INFO.SMS.sms-worker").then(({ num_pending }) => num_pending);
    assert.ok(await pollUntil(async () => (await pending()) === 295, waitMs, 100), String(await pending()));

    await publish("irisx-api", "sms.send", 10);
    const mirrored = async () => (await stateOf(irisx, "SMS-ams")).messages;
    assert.ok(await pollUntil(async () => (await mirrored()) === 310, waitMs, 100), `${await mirrored()} of 310`);

    const again = await restoreAll(restore);
    assert.deepEqual(
      again.filter(({ stream }) => stream.startsWith("SMS")).map(({ result, messages }) => [result, messages]),
      [
        ["exists", 310],
        ["exists", 310],
      ],
      "a stream that has messages is not touched",
    );
  });

  it("are proved to be readable on a server of its own, without what a mirror needs of others", async () => {
    const file = path.join(folder, "backup.key");
    fs.writeFileSync(file, key.identity);
    const { results } = await verifyBackup(environment, { from: s3.place, key: file });
    assert.deepEqual(results.map(({ stream, result, problem }) => [stream, result, problem].join(" ").trim()).sort(), [
      "EMPTY restored",
      "EMPTY-ams restored",
      "SMS restored",
      "SMS-ams restored",
      "USERS restored",
    ]);
  });

  it("bring back streams that were restored before, and those that never had a message", async () => {
    const store = new FolderStore(path.join(folder, "again"));
    const lost = async () => {
      const { manifest } = await backupAll({ ...options(store), recipients: [] });
      await lose();
      const results = await restoreAll({ store, manifest, accounts, identities: [], log: () => undefined });
      return results.filter(({ result }) => result !== "restored");
    };
    assert.deepEqual(await lost(), []);
    fs.rmSync(store.place, { recursive: true });
    assert.deepEqual(await lost(), []);
    assert.equal((await stateOf(irisx, "SMS")).messages, 310);
    assert.equal((await stateOf(irisx, "EMPTY")).messages, 0);
  });

  it("are encrypted: no file has a message, and another key reads none", async () => {
    const store = new FolderStore(path.join(folder, "encrypted"));
    const { manifest } = await backupAll({ ...options(store), keys: () => Promise.resolve(secretText) });
    const files = fs.readdirSync(store.place, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    const contents = files.map((file) => fs.readFileSync(path.join(file.parentPath, file.name)));
    assert.ok(files.length > 8, `${files.length} files`);
    assert.ok(!contents.some((data) => data.includes(secretText)));

    await ask(covenant, "STREAM.DELETE.USERS");
    const other = await newKey();
    const restore = { store, manifest, accounts, log: () => undefined };
    for (const [identities, problem] of [
      [[other.identity], /could not be decrypted.*right key/],
      [[], /is encrypted: name the file with the key/],
    ] as const) {
      const results = await restoreAll({ ...restore, identities });
      assert.match(results.find(({ stream }) => stream === "USERS")!.problem!, problem);
    }
    await assert.rejects(ask(covenant, "STREAM.INFO.USERS"), /not found/, "nothing was created");
    const results = await restoreAll({ ...restore, identities: [other.identity, key.identity] });
    assert.equal(results.find(({ stream }) => stream === "USERS")!.result, "restored");
  });

  it("that were changed or cut off where they are kept are refused, and nothing is created", async () => {
    const store = new FolderStore(path.join(folder, "changed"));
    const { manifest } = await backupAll({ ...options(store), recipients: [] });
    const { file } = manifest.entries.find(({ stream }) => stream === "USERS")!;
    assert.equal(file.isSealed, false);
    const data = path.join(store.place, file.name);
    const whole = fs.readFileSync(data);
    await ask(covenant, "STREAM.DELETE.USERS");
    for (const spoiled of [
      whole.subarray(0, -20),
      Buffer.concat([whole.subarray(0, -1), Buffer.from([1 ^ whole.at(-1)!])]),
    ]) {
      fs.writeFileSync(data, spoiled);
      const results = await restoreAll({ store, manifest, accounts, identities: [], log: () => undefined });
      const { result, problem } = results.find(({ stream }) => stream === "USERS")!;
      assert.equal(result, "failed");
      assert.match(problem!, /is not what was stored/);
      await assert.rejects(ask(covenant, "STREAM.INFO.USERS"), /not found/);
    }
    fs.writeFileSync(data, whole);
    const results = await restoreAll({ store, manifest, accounts, identities: [], log: () => undefined });
    assert.equal(results.find(({ stream }) => stream === "USERS")!.result, "restored");
  });

  it("that were interrupted are continued: what is stored whole is not copied again", async () => {
    const store = new FolderStore(path.join(folder, "continued"));
    const written: string[] = [];
    const failing = (isBroken: (name: string) => boolean): Store => ({
      place: store.place,
      read: (name) => store.read(name),
      list: (prefix) => store.list(prefix),
      remove: (names) => store.remove(names),
      write: (name, data) => {
        if (isBroken(name)) return Promise.reject(new Error("the bucket does not answer"));
        written.push(name);
        return store.write(name, data);
      },
    });
    await assert.rejects(
      backupAll(options(failing((name) => name.includes("/covenant/")))),
      (error) => error instanceof BackupIncomplete && /covenant\/USERS: the bucket does not answer/.test(error.message),
    );
    await assert.rejects(findBackup(store, environment), /does not have a finished backup of environment test; it has/);
    const first = written.splice(0);
    const { manifest } = await backupAll(options(failing(() => false)));
    assert.deepEqual(manifest.entries.map(({ stream }) => stream).sort(), [
      "EMPTY",
      "EMPTY-ams",
      "SMS",
      "SMS-ams",
      "USERS",
    ]);
    assert.ok(first.every((name) => name.startsWith(`test/${manifest.id}/`)));
    assert.deepEqual(
      written.filter((name) => first.includes(name)),
      [],
    );
  });

  it("are deleted when as many newer ones are finished as are kept", async () => {
    const store = new FolderStore(path.join(folder, "kept"));
    const ids: string[] = [];
    for (let run = 0; run < 3; run++) {
      const { manifest, removed } = await backupAll({ ...options(store), keep: 2 });
      ids.push(manifest.id);
      assert.deepEqual(removed, run === 2 ? [ids[0]] : []);
      // Ids are of a second.
      await pollUntil(
        () => Promise.resolve(Date.now() / 1000 > Math.floor(Date.parse(manifest.begun) / 1000) + 1),
        waitMs,
      );
    }
    const left = new Set((await store.list("test/")).map((name) => name.split("/")[1]));
    assert.deepEqual([...left], ids.slice(1));
  });

  it("stop after the stream in progress, and their next run goes on", async () => {
    const store = new FolderStore(path.join(folder, "stopped"));
    const stopping = new AbortController();
    const log = () => stopping.abort();
    await assert.rejects(backupAll({ ...options(store), log, signal: stopping.signal }), /it was stopped/);
    const { manifest } = await backupAll(options(store));
    assert.deepEqual(manifest.entries.map(({ stream }) => stream).sort(), [
      "EMPTY",
      "EMPTY-ams",
      "SMS",
      "SMS-ams",
      "USERS",
    ]);
  });
});
