import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { pollUntil } from "../../config/poll-until";
import { isAtLeast } from "../../config/versions";
import { restoreSnapshot, takeSnapshot } from "../../jetstream/snapshot";
import { tenants } from "../../tenants";
import { accountsText, addStream, ask, localEnvironment } from "../support/accounts";
import { connectionTo, Deployed } from "../support/deployed";
import { requestMs, serversMs, waitMs } from "../support/limits";
import { requestUntilHeard } from "../support/messages";
import { startSupercluster, type Supercluster } from "../support/nats";
import { ProviderProcess, stream } from "../support/provider-process";

describe("snapshots, taken and restored with a provisioner's own permissions", function () {
  this.timeout(serversMs);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "snapshots-"));
  const inboxPrefix = "_INBOX_provisioner";
  let cluster: Supercluster;
  let provisioner: NatsConnection;
  let api: NatsConnection;

  before(async () => {
    cluster = await startSupercluster({
      regions: ["iad"],
      servers: 3,
      accounts: accountsText(localEnvironment(), tenants),
    });
    provisioner = await cluster.connect("irisx-provisioner", { inboxPrefix });
    api = await cluster.connect("irisx-api", { inboxPrefix: "_INBOX_api" });
    const stream = {
      name: "SMS",
      subjects: ["sms.>"],
      num_replicas: 3,
      max_bytes: 64 * 1024 ** 2,
      metadata: { mine: "yes" },
    };
    await addStream(provisioner, stream);
    const durable = { durable_name: "sms-worker", ack_policy: "explicit", filter_subject: "sms.send" };
    await ask(provisioner, "CONSUMER.CREATE.SMS.sms-worker.sms.send", {
      stream_name: "SMS",
      config: { ...durable, name: "sms-worker" },
      action: "create",
    });
    // More than one window of the transfer.
    for (let index = 0; index < 200; index++)
      await requestUntilHeard(api, "sms.send", new Uint8Array(64 * 1024).fill(index));
  });

  after(async () => {
    await provisioner?.close();
    await api?.close();
    await cluster?.stop();
    fs.rmSync(folder, { recursive: true });
  });

  it("bring back every message, and consumers where they were, after the stream was deleted", async () => {
    const worker = await cluster.connect("irisx-sms-worker", { inboxPrefix: "_INBOX_sms-worker" });
    const consumer = await jetstream(worker, { timeout: requestMs }).consumers.get("SMS", "sms-worker");
    for (let index = 0; index < 5; index++) await (await consumer.next())!.ackAck();
    await worker.close();
    const taken = await takeSnapshot(provisioner, "irisx", "SMS", folder, inboxPrefix);
    assert.deepEqual(fs.readdirSync(folder), [path.basename(taken)], "no unfinished folder is left");
    assert.equal(
      fs.statSync(path.join(taken, "stream.tar.s2")).mode & 0o077,
      0,
      "messages are not for everybody to read",
    );
    await assert.rejects(restoreSnapshot(provisioner, taken), /10130/, "a stream that is there is never touched");

    const before = await ask(provisioner, "STREAM.INFO.SMS");
    await ask(provisioner, "STREAM.DELETE.SMS");
    const state = await restoreSnapshot(provisioner, taken);
    assert.equal(state.messages, 200);
    const after = await ask(provisioner, "STREAM.INFO.SMS");
    const { first_seq, last_seq, messages, bytes } = after.state as Record<string, unknown>;
    assert.deepEqual({ first_seq, last_seq, messages, bytes }, pick(before.state as Record<string, unknown>));
    assert.deepEqual((after.config as { metadata: Record<string, string> }).metadata.mine, "yes");
    // Servers hear of it one after another.
    const pending = () =>
      ask(provisioner, "CONSUMER.INFO.SMS.sms-worker").then(
        ({ num_pending }) => num_pending,
        () => undefined,
      );
    assert.ok(
      await pollUntil(async () => (await pending()) === 195 || undefined, waitMs, 100),
      String(await pending()),
    );
  });

  it("are taken by the provider before messages go, and without one none goes", async () => {
    const provisioners = { irisx: { login: "irisx-provisioner", password: "irisx-provisioner", inboxPrefix } };
    const system = { login: "sys-admin", password: "sys-admin", inboxPrefix: "_INBOX_admin" };
    const provider = await ProviderProcess.start(connectionTo(cluster, { provisioners, system }));
    const kept = path.join(folder, "kept");
    const args = {
      account: "irisx",
      name: "WEBHOOKS",
      region: "iad",
      subjects: ["webhooks.>"],
      maxBytes: "16MiB",
      snapshotTo: kept,
      deletionPolicy: "delete",
    };
    const messages = async () =>
      ((await ask(provisioner, "STREAM.INFO.WEBHOOKS")).state as { messages: number }).messages;
    try {
      const asset = await Deployed.create(provider, stream, args);
      for (let index = 0; index < 20; index++) await requestUntilHeard(api, "webhooks.deliver", "x");
      await asset.up({ ...args, description: "costs nothing" });
      assert.equal(fs.existsSync(kept), false, "no snapshot where nothing goes");

      const lowered = { ...args, maxMsgs: 5, allowDataLoss: [{ change: "maxMsgs", maxMessages: 15 }] };
      const nowhere = path.join(folder, "file");
      fs.writeFileSync(nowhere, "");
      await assert.rejects(
        asset.up({ ...lowered, snapshotTo: nowhere }),
        /irisx\/WEBHOOKS: no snapshot could be taken .*Nothing was changed/,
      );
      assert.equal(await messages(), 20);
      await asset.up(lowered);
      assert.equal(await messages(), 5);
      await asset.delete();

      const [beforeLowering, beforeDeletion] = fs.readdirSync(kept).sort();
      for (const [taken, expected] of [
        [beforeDeletion!, 5],
        [beforeLowering!, 20],
      ] as const) {
        assert.equal((await restoreSnapshot(provisioner, path.join(kept, taken))).messages, expected);
        assert.equal(await messages(), expected);
        await ask(provisioner, "STREAM.DELETE.WEBHOOKS");
      }
    } finally {
      await provider.stop();
      for (const name of ["kept", "file"]) fs.rmSync(path.join(folder, name), { recursive: true, force: true });
    }
  });

  it("of a stream in memory are refused by servers before 2.15, and leave nothing behind", async () => {
    await addStream(provisioner, {
      name: "EMAIL",
      subjects: ["email.>"],
      storage: "memory",
      max_bytes: 1024 ** 2,
    });
    const taking = takeSnapshot(provisioner, "irisx", "EMAIL", folder, inboxPrefix);
    if (isAtLeast(provisioner.info!.version, "2.15.0")) {
      const taken = await taking;
      await ask(provisioner, "STREAM.DELETE.EMAIL");
      assert.equal((await restoreSnapshot(provisioner, taken)).messages, 0);
    } else {
      await assert.rejects(taking, /EMAIL/);
      assert.equal(fs.readdirSync(folder).length, 1);
    }
  });
});

const pick = ({ first_seq, last_seq, messages, bytes }: Record<string, unknown>) => ({
  first_seq,
  last_seq,
  messages,
  bytes,
});
