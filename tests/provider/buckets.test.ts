import assert from "node:assert/strict";
import { jetstream } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { Objm } from "@nats-io/obj";
import type { NatsConnection } from "@nats-io/transport-node";
import { keyValueStream, objectStoreStream } from "../../config/schema/bucket";
import { pollUntil } from "../../config/poll-until";
import { requestMs, serversMs, waitMs } from "../support/limits";
import { ProviderProcess, stream } from "../support/provider-process";
import { startSupercluster, type Supercluster } from "../support/nats";

describe("buckets, made by the provider and used by the clients' own libraries", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let provider: ProviderProcess;
  let app: NatsConnection;

  const create = (name: string, args: object) =>
    provider.create(stream, { account: "app", region: "iad", name, ...args });

  /** What is stored right after a bucket was made is refused by a server that does not yet know of it. */
  async function untilStored(store: () => Promise<unknown>): Promise<void> {
    let refusal: unknown;
    const isStored = () =>
      store().then(
        () => true,
        (error: unknown) => {
          refusal = error;
          return false;
        },
      );
    assert.ok(await pollUntil(isStored, waitMs), String(refusal));
  }

  before(async () => {
    cluster = await startSupercluster({ regions: ["iad", "ams"] });
    app = await cluster.connect("app");
    provider = await ProviderProcess.start({
      "supercluster:connection": JSON.stringify({
        owner: "supercluster/test-buckets",
        regions: ["iad", "ams"].map((name) => ({
          name,
          servers: [`${name}-0`],
          clientUrls: cluster.urls(name),
          degraded: false,
        })),
        ca: cluster.identity.clientCa,
        provisioners: { app: { login: "app", password: "app", inboxPrefix: "_INBOX_app" } },
        system: { login: "admin", password: "admin", inboxPrefix: "_INBOX_admin" },
      }),
    });
  });

  after(async () => {
    await provider?.stop();
    await app?.close();
    await cluster?.stop();
  });

  it("of keys keep the values asked for, lose old ones by age, refuse when full", async () => {
    const made = await create(
      "KV_settings",
      keyValueStream("settings", { history: 3, ttl: "1h", maxBytes: "1MiB", compression: true, limitMarkerTtl: "1m" }),
    );
    const bucket = await new Kvm(jetstream(app, { timeout: requestMs })).open("settings");
    await untilStored(() => bucket.put("another", "first"));
    for (const value of ["1", "2", "3", "4"]) await bucket.put("theme", value);
    const history: string[] = [];
    for await (const entry of await bucket.history({ key: "theme" })) history.push(entry.string());
    assert.deepEqual(history, ["2", "3", "4"]);
    await bucket.create("once", "first");
    await assert.rejects(bucket.create("once", "second"));
    await bucket.delete("theme");
    assert.equal((await bucket.get("theme"))?.operation, "DEL");
    const status = await bucket.status();
    assert.deepEqual([status.history, status.ttl, status.compression], [3, 3_600_000, true]);
    const { inputs } = await provider.read(stream, made.id, made.props);
    const { nonce: _, ...args } = made.props;
    assert.deepEqual(inputs, args, "and a refresh finds nothing to change");
  });

  it("of keys have mirrors that answer for them in other regions", async () => {
    await create("KV_flags", keyValueStream("flags", {}));
    await create("KV_flags-ams", {
      region: "ams",
      mirror: "KV_flags",
      maxMsgsPerSubject: 1,
      allowDirect: true,
      mirrorDirect: true,
    });
    const bucket = await new Kvm(jetstream(app, { timeout: requestMs })).open("flags");
    await untilStored(() => bucket.put("on", "yes"));
    const read = () => app.request("$JS.API.DIRECT.GET.KV_flags-ams.$KV.flags.on", undefined, { timeout: 2_000 });
    const isThere = async () => (await read().catch(() => undefined))?.string() === "yes";
    assert.ok(await pollUntil(isThere, waitMs), "the value is in the mirror");
  });

  it("of objects store what is larger than a message", async () => {
    await create("OBJ_reports", objectStoreStream("reports", { maxBytes: "16MiB", description: "Reports" }));
    const store = await new Objm(jetstream(app, { timeout: requestMs })).open("reports");
    const report = new Uint8Array(1_000_000).fill(7);
    await untilStored(() => store.putBlob({ name: "2026" }, report));
    assert.deepEqual(Buffer.from((await store.getBlob("2026"))!), Buffer.from(report));
    await store.delete("2026");
    assert.equal((await store.info("2026"))?.deleted, true);
  });
});
