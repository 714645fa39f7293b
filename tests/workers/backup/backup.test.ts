import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { pollUntil } from "../../../config/poll-until";
import { write } from "../../../jetstream/api";
import { startThrowawayServer, type ThrowawayServer } from "../../../operations/backup/throwaway-server";
import { verifyBackup } from "../../../operations/backup/verify-backup";
import { tenants } from "../../../tenants";
import { backupAge } from "../../../workers/backup/age";
import { type AccountAccess, backupAll, BackupIncomplete, findBackup } from "../../../workers/backup/backup";
import { restoreAll } from "../../../workers/backup/restore";
import { newKey } from "../../../workers/backup/seal";
import { FolderStore } from "../../../workers/backup/store/folder";
import { openStore } from "../../../workers/backup/store/open";
import { dataOf, type Store } from "../../../workers/backup/store/store";
import { loadFile } from "../../../workers/backup/stored";
import { noteVerified } from "../../../workers/backup/verify";
import { accountsText, addStream, ask } from "../../support/accounts";
import { kubernetesEnvironment, kubernetesSettings } from "../../support/kubernetes";
import { serversMs, waitMs } from "../../support/limits";
import { requestUntilHeard } from "../../support/messages";
import { claimPorts } from "../../support/ports";
import { startSupercluster, type Supercluster } from "../../support/nats";
import { runFolder } from "../../support/run";
import { type S3Server, startS3 } from "../../support/s3";

const environment = "test";
const inboxPrefix = "_INBOX_provisioner";
/** With backups on a schedule, so with the users of the jobs. */
const scheduled = (recipient: string) => {
  const backups = { region: "iad", to: "s3://backups/nats", secrets: ["s3"], recipients: [recipient] };
  const image = { repository: "example/workers", tag: "1.4.0" };
  return kubernetesEnvironment({ kubernetes: kubernetesSettings({ workers: { image }, backups }) });
};
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

  /** What a backup holds, by name. */
  const fileStreams = ["EMPTY", "EMPTY-ams", "SMS", "SMS-ams", "USERS"];
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
    for (const [name, config] of Object.entries(streams)) await addStream(irisx, { name, ...config });
    await ask(irisx, "CONSUMER.CREATE.SMS.sms-worker.sms.send", {
      stream_name: "SMS",
      config: durable,
      action: "create",
    });
    await addStream(covenant, { name: "USERS", subjects: ["covenant.users.>"] });
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
    for (let index = 0; index < count; index++) await requestUntilHeard(client, subject, `${secretText} ${index}`);
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
      accounts: accountsText(scheduled(key.recipient), tenants),
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
    assert.deepEqual(manifest.entries.map(({ stream }) => stream).sort(), fileStreams);
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
    assert.deepEqual(manifest.entries.map(({ stream }) => stream).sort(), fileStreams);
  });

  describe("by the programs of the jobs", () => {
    let server: ThrowawayServer;
    const children: ChildProcess[] = [];
    const job = (command: string, variables: Record<string, string> = {}) => {
      const { BACKUP_ENVIRONMENT = "jobs", BACKUP_STORE = s3.place, ...more } = variables;
      const child = spawn(process.execPath, ["-r", "./tools/runtime.cjs", "workers/backup/main.ts", command], {
        env: { ...process.env, BACKUP_ENVIRONMENT, BACKUP_STORE, ...more },
        stdio: ["ignore", "pipe", "inherit"],
      });
      children.push(child);
      let output = "";
      child.stdout.on("data", (data: Buffer) => (output += String(data)));
      return { child, said: () => output };
    };
    const ran = async (command: string, variables?: Record<string, string>) => {
      const { child, said } = job(command, variables);
      const [code] = (await once(child, "close")) as [number];
      return { code, said: said() };
    };
    const credentials = (...names: string[]) =>
      JSON.stringify(
        Object.fromEntries(
          names.map((name) => [
            name,
            { user: `${name}-backup`, password: `${name}-backup`, inboxPrefix: "_INBOX_backup" },
          ]),
        ),
      );
    const run = (variables: Record<string, string> = {}) =>
      ran("run", {
        NATS_URL: cluster.urls().join(","),
        NATS_CA: cluster.identity.clientCa,
        BACKUP_CREDENTIALS: credentials("irisx", "covenant"),
        BACKUP_RECIPIENTS: key.recipient,
        ...variables,
      });
    const verify = () => {
      const { servers, user, pass } = server.options as { servers: string; user: string; pass: string };
      return ran("verify", {
        NATS_URL: servers,
        NATS_USER: user,
        NATS_PASSWORD: pass,
        BACKUP_KEY_SECRET: `# a key\n${key.identity}\n`,
      });
    };

    before(async () => {
      server = await startThrowawayServer();
    });
    after(async () => {
      for (const child of children) child.kill("SIGKILL");
      await server?.stop();
    });

    it("are made by users who may do nothing else, take over the keys, and are restored and noted", async () => {
      const store = openStore(s3.place);
      const first = await backupAll({
        ...options(store),
        environment: "jobs",
        keys: () => Promise.resolve("the keys"),
      });
      const { code, said } = await run({ BACKUP_RATE: String(20 * 1024 ** 2), BACKUP_KEEP: "1" });
      assert.equal(code, 0, said);
      const { last, verified } = await backupAge(store, "jobs");
      assert.equal(last!.entries.length, 5);
      assert.equal(await text(await loadFile(store, last!.keys!, [key.identity])), "the keys");
      assert.ok(last!.keysTaken);
      assert.equal(last!.keysTaken, first.manifest.keysTaken, "of the time when they were read");
      assert.equal(verified, undefined);
      assert.ok(!said.includes("irisx-backup"), "no login is in the log");

      const result = await verify();
      assert.equal(result.code, 0, result.said);
      assert.ok(!result.said.includes(key.identity), "nor is the key");
      assert.equal((await backupAge(store, "jobs")).verified!.id, last!.id);

      const user = await cluster.connect("irisx-backup", { inboxPrefix: "_INBOX_backup" });
      for (const refused of ["STREAM.INFO.SMS", "STREAM.DELETE.SMS", "STREAM.RESTORE.SMS", "STREAM.PURGE.SMS"])
        await assert.rejects(user.request(`$JS.API.${refused}`, "", { timeout: waitMs }), /permission/i, refused);
      await user.close();
    });

    it("that are spoiled are not noted as good, and say which stream", async () => {
      const store = openStore(s3.place);
      const { manifest } = await backupAll({ ...options(store), environment: "jobs" });
      const { file } = manifest.entries.find(({ stream }) => stream === "USERS")!;
      await store.write(file.name, dataOf("other data"));
      const { code, said } = await verify();
      assert.equal(code, 1);
      assert.match(said, /covenant\/USERS: .*is not what was stored/);
      assert.notEqual((await backupAge(store, "jobs")).verified?.id, manifest.id);
    });

    it("are watched: their age is a metric, of an empty store too, and a store that is gone is not ready", async () => {
      const port = await claimPorts();
      const metric = async (name: string) => {
        const body = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
        const value = new RegExp(`^${name}(?:{.*})? (.*)$`, "m").exec(body)?.[1];
        return value === undefined ? undefined : Number(value);
      };
      const shown = (name: string, isRight: (value: number | undefined) => boolean) =>
        pollUntil(async () => isRight(await metric(name).catch(() => undefined)), waitMs);
      const watch = { HEALTH_PORT: String(port), READING_INTERVAL: "200ms", BACKUP_ENVIRONMENT: "watched" };
      const { child, said } = job("watch", watch);
      assert.ok(await shown("backup_last_begun_timestamp_seconds", (value) => value === 0), said());
      const store = openStore(s3.place);
      const { manifest } = await backupAll({ ...options(store), environment: "watched" });
      const begun = Date.parse(manifest.begun) / 1000;
      assert.ok(await shown("backup_last_begun_timestamp_seconds", (value) => value === begun), said());
      assert.equal(await metric("backup_last_verified_timestamp_seconds"), 0);
      await noteVerified(store, manifest);
      assert.ok(
        await shown("backup_last_verified_timestamp_seconds", (value) => value !== undefined && value >= begun),
      );
      const ready = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status;
      assert.equal(await ready(), 200);
      child.kill("SIGTERM");
      assert.deepEqual(await once(child, "exit"), [0, null]);

      const gone = job("watch", { ...watch, AWS_ENDPOINT_URL_S3: "http://127.0.0.1:1" });
      assert.ok(await shown("backup_readings_failed_total", (value) => (value ?? 0) > 0), gone.said());
      assert.equal(await ready(), 503);
      assert.equal(await metric("backup_last_begun_timestamp_seconds"), undefined, "nothing is known");
      gone.child.kill("SIGTERM");
      await once(gone.child, "exit");
    });

    it("say every wrong variable at once, and never the secret ones", async () => {
      const { code, said } = await run({
        BACKUP_STORE: "ftp://backups",
        BACKUP_CREDENTIALS: "{ secret",
        BACKUP_RECIPIENTS: "age1wrong",
        BACKUP_RATE: "100",
        BACKUP_KEEP: "0",
      });
      assert.equal(code, 2);
      for (const name of ["STORE", "CREDENTIALS", "RECIPIENTS", "RATE", "KEEP"])
        assert.match(said, new RegExp(`BACKUP_${name} `), name);
      assert.ok(!said.includes("{ secret"), said);
      assert.equal((await ran("run-all")).code, 2);
    });

    it("fail where an account refuses the login", async () => {
      const { code, said } = await run({ BACKUP_CREDENTIALS: credentials("irisx", "nobody") });
      assert.equal(code, 1, said);
      assert.match(said, /Authorization/i);
    });
  });
});
