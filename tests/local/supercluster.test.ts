import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import * as tls from "node:tls";
import { promisify } from "node:util";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { keyFingerprint } from "../../components/security/jetstream-key";
import { ensure } from "../../components/local/provider/ensure";
import { observe } from "../../components/local/provider/observe";
import { startOf } from "../../tools/processes.mjs";
import { folderOf, inFolder, readRecord, writeRecord } from "../../components/local/provider/record";
import { serverProvider } from "../../components/local/provider/server-provider";
import { monitorUrl } from "../../components/supercluster/server-config";
import { pollUntil } from "../../config/poll-until";
import { cacheDir } from "../../config/cache";
import { addStream } from "../support/accounts";
import { issue, makeAuthority } from "../support/certificates";
import { serversMs, waitMs } from "../support/limits";
import { defaultAccounts, makeIdentity, metaState, startSupercluster, type Supercluster } from "../support/nats";
import { claimPorts } from "../support/ports";

const pidOf = async (server: Parameters<typeof observe>[0]): Promise<number> => (await observe(server))!.process.pid;

describe("local servers, three regions with one each", function () {
  this.timeout(serversMs);

  let cluster: Supercluster;
  before(async () => {
    cluster = await startSupercluster();
  });
  after(() => cluster?.stop());

  const pids = (): Promise<number[]> => Promise.all(Object.values(cluster.inputs()).map(pidOf));

  /** Kills as a crash does, and waits until it is gone. */
  async function crash(name: string): Promise<void> {
    const server = cluster.inputs()[name]!;
    const pid = await pidOf(server);
    process.kill(pid, "SIGKILL");
    while (startOf(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  const refused = (given: object, reason: RegExp): Promise<void> =>
    assert.rejects(
      new Promise((resolve, reject) => {
        const [host, port] = cluster.inputs()["iad-0"]!.config.gateway.listen.split(":");
        const socket = tls.connect({ host, port: Number(port), ca: cluster.identity.peerCa, ...given });
        // With TLS 1.3 the server's refusal of a client arrives after its own handshake.
        socket
          .once("error", reject)
          .once("close", () => reject(new Error("closed")))
          .once("data", resolve);
      }),
      reason,
    );

  /** Messages of a stream; asked until its leader answers, which can be a moment after all servers are current. */
  const messagesOf = (client: NatsConnection, stream: string): Promise<number | undefined> =>
    pollUntil(async () => {
      const manager = await jetstreamManager(client, { checkAPI: false, timeout: 1000 });
      return manager.streams.info(stream).then(
        ({ state }) => state.messages,
        () => undefined,
      );
    }, waitMs);

  it("forms one meta group over all regions, its gateways up", async () => {
    for (const { config } of Object.values(cluster.inputs())) {
      const others = ["ams", "iad", "syd"].filter((region) => region !== config.cluster.name);
      let found: string[] = [];
      // The meta group needs only some of them.
      await pollUntil(async () => {
        const response = await fetch(`${monitorUrl(config)}/gatewayz`);
        const { outbound_gateways: out } = (await response.json()) as { outbound_gateways: object };
        found = Object.keys(out).sort();
        return found.join() === others.join();
      }, waitMs);
      assert.deepEqual(found, others);
    }
  });

  it("lets into gateways only who has a certificate of the peer CA", async () => {
    await refused({}, /certificate required|alert|closed|reset/i);
    const stranger = await issue(await makeAuthority("stranger"), "peer", { clientAuth: true });
    await refused(stranger, /unknown ca|alert|closed|reset/i);
    await refused({ ca: cluster.identity.clientCa }, /unable to verify|signature/i);
  });

  it("gives only the owner access to its secrets, and listens on 127.0.0.1 only", async () => {
    const { config } = cluster.inputs()["iad-0"]!;
    const folder = folderOf(cluster.inputs()["iad-0"]!);
    const mode = (name: string): string => (fs.statSync(path.join(folder, name)).mode & 0o777).toString(8);
    for (const file of [
      "nats.conf",
      "accounts.conf",
      "jetstream.conf",
      "tls/client.key",
      "tls/peer.key",
      "server.json",
      "server.log",
    ]) {
      assert.equal(mode(file), "600", file);
    }
    assert.equal(mode("tls"), "700");
    assert.deepEqual(
      [config.listen, config.http!, config.cluster.listen, config.gateway.listen].filter(
        (at) => !at.startsWith("127.0.0.1:"),
      ),
      [],
    );
    assert.equal(
      fs.readFileSync(path.join(folder, "server.json"), "utf8").includes(cluster.identity.jetstreamKey),
      false,
    );
  });

  it("does nothing where nothing changed", async () => {
    const before = await pids();
    const files = (): number[] =>
      ["nats.conf", "accounts.conf", "server.json"].map(
        (name) => fs.statSync(path.join(folderOf(cluster.inputs()["iad-0"]!), name)).mtimeMs,
      );
    const times = files();
    await cluster.ensure();
    assert.deepEqual(await pids(), before);
    assert.deepEqual(files(), times);
  });

  it("reloads changed accounts under connected clients", async () => {
    const client = await cluster.connect();
    const connection = client.info!.client_id;
    const before = await pids();
    const accounts = defaultAccounts.replace(
      "users: [ { user: app",
      "users: [ { user: second, password: second }, { user: app",
    );
    await cluster.ensure(cluster.inputs({ accounts }));
    assert.deepEqual(await pids(), before);
    const second = await cluster.connect("second");
    await client.flush();
    assert.equal(client.info!.client_id, connection);
    await Promise.all([client.close(), second.close()]);
    await cluster.ensure();
    await assert.rejects(cluster.connect("second", { reconnect: false }), /authorization/i);
  });

  it("goes back to what was declared when a run was killed after a reload, before the engine kept it", async () => {
    const server = cluster.inputs()["iad-0"]!;
    const { id, outs } = await serverProvider.create(server);
    const accounts = defaultAccounts.replace("users: [ {", "users: [ { user: second, password: second }, {");
    await ensure(cluster.inputs({ accounts })["iad-0"]!);
    const { props } = await serverProvider.read(id, outs!);
    assert.deepEqual((props as { drift?: string[] }).drift, ["it was changed by a run that was interrupted"]);
    // The engine's state has the earlier inputs, which are declared again.
    assert.equal((await serverProvider.diff(id, outs!, server)).changes, true);
    const updated = await serverProvider.update(id, outs!, server);
    assert.equal((await serverProvider.diff(id, updated.outs!, server)).changes, undefined);
    await assert.rejects(cluster.connect("second", { reconnect: false }), /authorization/i);
  });

  it("serves a renewed certificate without a restart", async () => {
    const before = await pids();
    const { clientCa, server } = await makeIdentity();
    await cluster.ensure(cluster.inputs({ identity: { ...cluster.identity, clientCa, server } }));
    assert.deepEqual(await pids(), before);
    await (await cluster.connect("app", { tls: { ca: clientCa } })).close();
    await cluster.ensure();
  });

  it("keeps the old configuration, and serves on, when the new one is broken", async () => {
    const before = await pids();
    const accounts = "accounts { app { users: [ {";
    await assert.rejects(
      ensure(cluster.inputs({ accounts })["iad-0"]!),
      /iad-0 keeps its configuration, because nats-server rejects the new one/,
    );
    assert.equal(
      fs.readFileSync(path.join(folderOf(cluster.inputs()["iad-0"]!), "accounts.conf"), "utf8"),
      defaultAccounts,
    );
    assert.deepEqual(await pids(), before);
  });

  it("restores files that were changed on disk and reloaded by hand", async () => {
    const server = cluster.inputs()["iad-0"]!;
    const { props } = await serverProvider.create(server).then(({ id, outs }) => ({ id, props: outs! }));
    assert.equal((await serverProvider.diff("", props, server)).changes, undefined);
    const pid = await pidOf(server);
    fs.appendFileSync(path.join(folderOf(server), "nats.conf"), "max_connections: 5\n");
    process.kill(pid, "SIGHUP");
    // The server has read the file some time after the signal.
    const drift = async () => ((await serverProvider.read("id", props)).props as { drift?: string[] }).drift;
    await pollUntil(async () => (await drift())?.length === 2, waitMs);
    assert.deepEqual(await drift(), ["changed on disk: nats.conf", "it runs with another configuration"]);
    assert.equal((await serverProvider.diff("", props, server)).changes, true);
    await ensure(server);
    assert.equal(((await serverProvider.read("id", props)).props as { drift?: string[] }).drift, undefined);
    const response = await fetch(`${monitorUrl(server.config)}/varz`);
    assert.notEqual(((await response.json()) as { max_connections: number }).max_connections, 5);
  });

  it("starts a dead server again, its data still there", async () => {
    await cluster.ready();
    const client = await cluster.connect();
    await addStream(client, { name: "KEPT", subjects: ["kept"], num_replicas: 1, placement: { cluster: "syd" } });
    // Other regions learn of the subjects a moment after the creation was answered.
    const publish = () => jetstream(client).publish("kept", "one", { msgID: "one" });
    assert.ok(await pollUntil(() => publish().then(Boolean, () => undefined), waitMs));
    const server = cluster.inputs()["syd-0"]!;
    const { outs } = await serverProvider.create(server);
    await crash("syd-0");
    assert.deepEqual(await serverProvider.read("id", outs!), {});
    assert.equal((await serverProvider.diff("", outs!, server)).changes, true);
    await ensure(server);
    await cluster.ready();
    assert.equal(await messagesOf(client, "KEPT"), 1);
    await client.close();
  });

  it("comes back from a reboot: no process left, a stranger with the number of one", async () => {
    const stranger = spawn("sleep", ["3600"]);
    try {
      for (const name of Object.keys(cluster.inputs())) await crash(name);
      const server = cluster.inputs()["ams-0"]!;
      const record = (await readRecord(server))!;
      await writeRecord(server, { ...record, process: { ...record.process!, pid: stranger.pid! } });
      fs.writeFileSync(inFolder(server, "pid"), String(stranger.pid));
      assert.equal(await observe(server), undefined);
      await cluster.ensure();
      await cluster.ready();
      assert.equal(stranger.exitCode, null);
      const client = await cluster.connect();
      assert.equal(await messagesOf(client, "KEPT"), 1);
      await client.close();
    } finally {
      stranger.kill();
    }
  });

  it("ends no process that it did not start, even where the record names it", async () => {
    const stranger = spawn("sleep", ["3600"]);
    try {
      const server = cluster.inputs()["ams-0"]!;
      const record = (await readRecord(server))!;
      await writeRecord(server, {
        ...record,
        process: { pid: stranger.pid!, startTime: startOf(stranger.pid!) },
      });
      assert.equal(await observe(server), undefined);
      await assert.rejects(ensure(server), new RegExp(`is taken by process ${record.process!.pid} `));
      assert.equal(stranger.exitCode, null);
      await writeRecord(server, record);
    } finally {
      stranger.kill();
    }
  });

  it("knows its server again when a run was killed before it could write down what it had started", async () => {
    const server = cluster.inputs()["ams-0"]!;
    const { process: before, ...record } = (await readRecord(server))!;
    await writeRecord(server, { applied: record.applied });
    await ensure(server);
    assert.deepEqual((await readRecord(server))!.process, before);
  });

  it("finishes a restart that a killed run had begun", async () => {
    const server = cluster.inputs()["ams-0"]!;
    const record = (await readRecord(server))!;
    await writeRecord(server, { ...record, stopping: true });
    await ensure(server);
    const after = (await readRecord(server))!;
    assert.notDeepEqual(after.process, record.process);
    assert.equal(after.stopping, undefined);
  });

  it("names who has a port that it needs, and the setting", async () => {
    await crash("ams-0");
    const server = cluster.inputs()["ams-0"]!;
    const port = Number(server.config.listen.split(":")[1]);
    const other = net.createServer().listen(port, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    try {
      await assert.rejects(ensure(server), (error: Error) => {
        assert.ok(
          error.message.includes(`port ${port} (client of ams-0) is taken by process ${process.pid} (`),
          error.message,
        );
        assert.ok(
          error.message.includes(`supercluster:environments.${cluster.environment}.basePort in Pulumi.yaml`),
          error.message,
        );
        return true;
      });
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
    await ensure(server);
  });

  it("refuses another JetStream key over existing data, running or not, and at preview", async () => {
    const before = await pidOf(cluster.inputs()["ams-0"]!);
    const wrong = cluster.inputs({ identity: { ...cluster.identity, jetstreamKey: "wrong" } })["ams-0"]!;
    const message =
      /encrypted with another JetStream key \([0-9a-f]{16}\) than the one given \([0-9a-f]{16}\).*remove .*data to start empty/;
    await assert.rejects(ensure(wrong), message);
    assert.equal(await pidOf(wrong), before);
    const { failures } = await serverProvider.check({}, wrong);
    assert.equal(failures?.[0]?.property, "secrets");
    assert.match(failures?.[0]?.reason ?? "", message);
    assert.equal(wrong.jetstreamKeyFingerprint, keyFingerprint("wrong"));
  });

  it("shows the end of the log when a server does not come up, and leaves no process", async () => {
    await crash("ams-0");
    const server = cluster.inputs()["ams-0"]!;
    const broken = { ...server, config: { ...server.config, system_account: "nobody" } };
    await assert.rejects(ensure(broken), /ams-0 ended while it started; fix what its log reports[^]*account missing/);
    assert.equal(await observe(server), undefined);
    await ensure(server);
    await cluster.ready();
  });

  it("runs another program only after a restart", async () => {
    const server = cluster.inputs()["ams-0"]!;
    const binary = path.join(cacheDir(), "bin", "nats-server");
    const real = fs.realpathSync(binary);
    fs.rmSync(binary);
    fs.writeFileSync(
      binary,
      `#!/bin/sh\n[ "$1" = --version ] && echo "nats-server: v9.9.9" && exit\nexec "${real}" "$@"\n`,
      { mode: 0o755 },
    );
    const before = await pidOf(server);
    const { id, outs } = await serverProvider.create(server);
    assert.equal(outs!.version, "9.9.9");
    assert.notEqual(await pidOf(server), before);
    fs.rmSync(binary);
    fs.symlinkSync(real, binary);
    assert.equal((await serverProvider.diff(id, outs!, server)).changes, true);
    await ensure(server);
  });

  it("is replaced, data kept, when its addresses change: old and new ones could not find each other", async () => {
    const server = cluster.inputs()["iad-0"]!;
    const { id, outs } = await serverProvider.create(server);
    assert.deepEqual(await serverProvider.diff(id, outs!, server), {
      changes: undefined,
      replaces: [],
      deleteBeforeReplace: true,
    });
    const moved = cluster.inputs({ basePort: await claimPorts() })["iad-0"]!;
    assert.deepEqual((await serverProvider.diff(id, outs!, moved)).replaces, ["config"]);
  });

  it("outlives the run that started it, and holds none of its pipes", async () => {
    const server = cluster.inputs()["syd-0"]!;
    await crash("syd-0");
    const code =
      'require("./tools/runtime.cjs"); ' +
      `require("./components/local/provider/ensure.ts").ensure(${JSON.stringify(server)})`;
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ["-e", code], {
      cwd: path.join(__dirname, "../.."),
      timeout: waitMs,
    });
    assert.deepEqual([stdout, stderr], ["", ""]);
    assert.ok(await pollUntil(async () => (await metaState(server)).peers === 3, waitMs));
  });

  it("leaves no process and no secret when it is deleted, but the data", async () => {
    const server = cluster.inputs()["syd-0"]!;
    const { id, outs } = await serverProvider.create(server);
    const pid = await pidOf(server);
    await serverProvider.delete(id, outs!);
    assert.equal(startOf(pid), "");
    assert.deepEqual(fs.readdirSync(folderOf(server)).sort(), ["data", "server.log", "server.log.1"]);
    await serverProvider.delete(id, outs!);
  });
});
