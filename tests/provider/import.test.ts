import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { jetstream } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { Objm } from "@nats-io/obj";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Place } from "../../operations/import/draft";
import { readLive } from "../../operations/import/live";
import { tenantOf } from "../../operations/import/tenant";
import { tenantFile } from "../../operations/import/typescript";
import { consumerArgs, streamArgs } from "../../jetstream/asset-args";
import { pollUntil } from "../../config/poll-until";
import { withBuckets } from "../../config/assets/buckets";
import { assetsOf } from "../../config/assets/assets";
import type { TenantSpec } from "../../config/schema/tenant";
import { validateTenants } from "../../config/rules/validate";
import { addStream, ask, localEnvironment } from "../support/accounts";
import { ConfigurationWrites } from "../support/configuration-writes";
import { connectionTo, Deployed } from "../support/deployed";
import { requestMs, serversMs, waitMs } from "../support/limits";
import { startSupercluster, type Supercluster } from "../support/nats";
import { consumer, ProviderProcess, stream } from "../support/provider-process";

const regions = ["iad", "ams"];
const environment = localEnvironment({ regions, servers: 1, jetstream: { jetstream: ["app"] } });
const declared: Place["declared"] = { users: { worker: { consumes: ["pusher"] } } };
const place: Place = { account: "app", owner: "supercluster/one", environment, declared };

const seconds = 1e9;
const iad = { cluster: "iad" };
const bounded = { max_age: 7 * 86_400 * seconds, max_bytes: 16 * 1024 ** 2, placement: iad };
/** What was made by hand, as the API takes it. */
const streams = [
  {
    ...bounded,
    name: "ORDERS",
    description: 'Orders, "paid" or not',
    subjects: ["orders.*", "orders.archive.>"],
    max_msgs: 1_000_000,
    max_msgs_per_subject: 5_000,
    max_msg_size: 65_536,
    max_consumers: 20,
    duplicate_window: 30 * seconds,
    compression: "s2",
    allow_direct: true,
    deny_delete: true,
    allow_rollup_hdrs: true,
    allow_msg_ttl: true,
    subject_delete_marker_ttl: 60 * seconds,
    allow_atomic: true,
    republish: { src: "orders.*", dest: "again.{{wildcard(1)}}", headers_only: true },
    consumer_limits: { inactive_threshold: 86_400 * seconds },
    metadata: { team: "billing", "cost centre": "42" },
  },
  {
    ...bounded,
    name: "ORDERS-ams",
    mirror: { name: "ORDERS" },
    mirror_direct: true,
    placement: { cluster: "ams" },
    max_age: 86_400 * seconds,
  },
  {
    ...bounded,
    name: "TASKS",
    subjects: ["tasks.>"],
    retention: "workqueue",
    storage: "memory",
    max_bytes: 1024 ** 2,
    discard: "new",
    consumer_limits: { max_ack_pending: 500 },
  },
  {
    ...bounded,
    name: "INTEREST",
    subjects: ["interest"],
    retention: "interest",
    discard: "new",
    discard_new_per_subject: true,
    max_msgs_per_subject: 10,
    placement: { cluster: "ams" },
  },
  { ...bounded, name: "BY_DEFAULT", subject_transform: { src: "BY_DEFAULT", dest: "renamed" } },
  {
    ...bounded,
    name: "COLLECTED",
    sources: [
      { name: "ORDERS", filter_subject: "orders.paid" },
      { name: "INTEREST", opt_start_seq: 3 },
    ],
    max_age: 1.5 * seconds,
  },
  { ...bounded, name: "COUNTED", subjects: ["counted.*"], allow_msg_counter: true, allow_direct: true },
  // A key-value bucket as clients make it, and what was made without any limit.
  {
    name: "KV_settings",
    subjects: ["$KV.settings.>"],
    max_msgs_per_subject: 5,
    discard: "new",
    allow_rollup_hdrs: true,
    deny_delete: true,
    allow_direct: true,
    placement: iad,
  },
  { name: "ENDLESS", subjects: ["endless.>"], placement: iad },
  { name: "ENDLESS-ams", mirror: { name: "ENDLESS" }, placement: { cluster: "ams" } },
  {
    ...bounded,
    name: "ODD",
    subjects: ["odd"],
    // A nanosecond more than a week.
    max_age: 7 * 86_400 * seconds + 1,
  },
  {
    ...bounded,
    name: "LATE",
    subjects: ["late"],
    first_seq: 1_000,
    persist_mode: "async",
    allow_msg_schedules: true,
    allow_rollup_hdrs: true,
  },
];
const billing = {
  durable_name: "billing",
  ack_policy: "explicit",
  filter_subject: "orders.paid",
  ack_wait: 45 * seconds,
  max_deliver: 7,
  max_ack_pending: 100,
  inactive_threshold: 3_600 * seconds,
};
const consumers: [stream: string, config: { durable_name: string } & Record<string, unknown>][] = [
  [
    "ORDERS",
    {
      ...billing,
      description: "Bills",
      metadata: { team: "billing" },
      sample_freq: "25%",
      headers_only: true,
      max_batch: 10,
      max_expires: 5 * seconds,
      max_bytes: 65_536,
    },
  ],
  [
    "ENDLESS",
    {
      durable_name: "greedy",
      ack_policy: "explicit",
      max_ack_pending: -1,
      filter_subjects: ["endless.a", "endless.b"],
    },
  ],
  // One durable on three streams, one of them the mirror.
  [
    "ORDERS",
    {
      durable_name: "audit",
      ack_policy: "all",
      deliver_policy: "last_per_subject",
      filter_subjects: ["orders.*", "orders.archive.2025"],
      inactive_threshold: 3_600 * seconds,
      max_ack_pending: 500,
    },
  ],
  [
    "ORDERS-ams",
    {
      durable_name: "audit",
      ack_policy: "all",
      deliver_policy: "last_per_subject",
      filter_subjects: ["orders.archive.2025", "orders.*"],
      inactive_threshold: 3_600 * seconds,
      max_ack_pending: 500,
    },
  ],
  [
    "INTEREST",
    {
      durable_name: "audit",
      ack_policy: "all",
      deliver_policy: "last_per_subject",
      filter_subject: "interest",
      inactive_threshold: 3_600 * seconds,
      max_ack_pending: 500,
    },
  ],
  [
    "TASKS",
    {
      durable_name: "worker",
      ack_policy: "explicit",
      backoff: [1, 5, 30].map((wait) => wait * seconds),
      max_deliver: 5,
      max_ack_pending: 500,
      max_waiting: 64,
      priority_groups: ["main"],
      priority_policy: "pinned_client",
      priority_timeout: 60 * seconds,
    },
  ],
  [
    "INTEREST",
    {
      durable_name: "pusher",
      ack_policy: "explicit",
      deliver_subject: "deliver.here",
      deliver_group: "workers",
      flow_control: true,
      idle_heartbeat: 5 * seconds,
      deliver_policy: "by_start_sequence",
      opt_start_seq: 7,
      rate_limit_bps: 1_000_000,
    },
  ],
  [
    "COUNTED",
    {
      durable_name: "paused",
      ack_policy: "none",
      pause_until: "2099-01-01T00:00:00Z",
      deliver_policy: "by_start_time",
      opt_start_time: "2026-01-31T00:00:00.5Z",
      replay_policy: "original",
      mem_storage: true,
    },
  ],
];

describe("an account that was filled by hand, taken under management", function () {
  this.timeout(serversMs);
  let cluster: Supercluster;
  let app: NatsConnection;
  let provider: ProviderProcess;
  let writes: ConfigurationWrites;
  let tenant: TenantSpec;
  let deployed: Deployed[];
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-import-"));

  /** What servers do for copies of their own is left out. */
  const written = () =>
    writes.of().filter(({ asset, config }) => !asset.includes(".JS_SRC_") && !config?.includes('"sourcing":true'));

  /** Brings up what a tenant declares, as its stack does: streams, then mirrors and durables. */
  async function up(spec: TenantSpec): Promise<Deployed[]> {
    const assets = assetsOf(environment, { app: withBuckets(spec) });
    const made: Deployed[] = [];
    for (const asset of assets.streams) made.push(await Deployed.create(provider, stream, streamArgs(asset)));
    for (const asset of assets.consumers) made.push(await Deployed.create(provider, consumer, consumerArgs(asset)));
    return made;
  }

  before(async () => {
    cluster = await startSupercluster({ regions });
    app = await cluster.connect("app");
    provider = await ProviderProcess.start(connectionTo(cluster));
    // Every deployed account has its canary.
    await up({ name: "app", home: "iad", streams: {}, consumers: {}, users: {} });
    for (const config of streams) await addStream(app, config);
    await new Kvm(jetstream(app, { timeout: requestMs })).create("profiles", {
      ...{ history: 3, ttl: 3_600_000, markerTTL: 60_000, max_bytes: 1024 ** 2, maxValueSize: 65_536 },
      ...{ compression: true, description: "Profiles", placement: { cluster: "iad", tags: [] } },
    });
    await new Kvm(jetstream(app, { timeout: requestMs })).create("usual", { placement: { cluster: "iad", tags: [] } });
    await new Objm(jetstream(app, { timeout: requestMs })).create("documents", {
      ...{ ttl: 3_600_000_000_000, max_bytes: 1024 ** 2, description: "Documents", compression: true },
      ...{ placement: { cluster: "ams", tags: [] }, metadata: { team: "files" } },
    });
    for (const [name, config] of consumers)
      await ask(app, `CONSUMER.CREATE.${name}.${config.durable_name}`, { stream_name: name, config, action: "create" });
    await ask(app, "CONSUMER.CREATE.ORDERS.visitor", {
      stream_name: "ORDERS",
      config: { name: "visitor", ack_policy: "none", inactive_threshold: 600 * seconds },
    });
    const copier = await pollUntil(
      async () => (await readLive(app)).streams.flatMap((live) => live.consumers).find(({ config }) => config.sourcing),
      waitMs,
    );
    assert.ok(copier, "a server copies an interest stream by a durable of its own");
    writes = await ConfigurationWrites.watch(cluster);
  });

  after(async () => {
    fs.rmSync(folder, { recursive: true, force: true });
    await writes?.stop();
    await provider?.stop();
    await app?.close();
    await cluster?.stop();
  });

  it("is a valid tenant; only what clients and servers create for themselves is left out, and listed", async () => {
    const imported = tenantOf(await readLive(app), place);
    assert.deepEqual([imported.toDecide, imported.changes], [[], []]);
    assert.match(
      imported.leftOut
        .map(({ at, message }) => `${at}: ${message}`)
        .sort()
        .join("\n"),
      /^INTEREST\/JS_SRC_.*: .*COLLECTED copies by it\nORDERS\/visitor: is not a durable/,
    );
    const file = path.join(folder, "app.ts");
    fs.writeFileSync(file, tenantFile(imported, "../config/schema/tenant"));
    tenant = (require(file) as { app: TenantSpec }).app;
    assert.deepEqual(validateTenants({ app: tenant }, environment), { app: withBuckets(tenant) });
    assert.deepEqual(
      Object.keys(tenant.streams).sort(),
      streams
        .map(({ name }) => name)
        .filter((name) => !name.endsWith("-ams") && !name.startsWith("KV_"))
        .sort(),
    );
    const { profiles, settings, usual } = tenant.keyValues!;
    assert.deepEqual(profiles, {
      ...{ description: "Profiles", replicas: 1, compression: true, ttl: "1h", maxBytes: "1MiB" },
      ...{ history: 3, maxValueSize: "64KiB", limitMarkerTtl: "1m", denyDelete: false, adopt: true },
    });
    assert.deepEqual(settings, { replicas: 1, maxBytes: "unlimited", history: 5, adopt: true });
    assert.deepEqual(usual!.denyDelete, false, "as clients of JavaScript make them");
    assert.deepEqual(tenant.objectStores, {
      documents: {
        ...{ description: "Documents", home: "ams", replicas: 1, compression: true, ttl: "1h", maxBytes: "1MiB" },
        ...{ metadata: { team: "files" }, adopt: true },
      },
    });
    assert.deepEqual(Object.keys(tenant.streams.ORDERS!.mirrors!), ["ams"]);
    assert.deepEqual(tenant.consumers.audit!.streams.toSorted(), ["INTEREST", "ORDERS", "ORDERS-ams"]);
    assert.deepEqual(Object.keys(tenant.consumers).sort(), [
      "audit",
      "billing",
      "greedy",
      "paused",
      "pusher",
      "worker",
    ]);
    const { maxAge, maxBytes, mirrors } = tenant.streams.ENDLESS!;
    assert.deepEqual(
      [maxAge, maxBytes, mirrors!.ams!.maxAge, mirrors!.ams!.maxBytes, tenant.consumers.greedy!.maxAckPending],
      Array.from({ length: 5 }, () => "unlimited"),
    );
    assert.deepEqual(
      [tenant.keyValues!.settings!.maxBytes, tenant.streams.ODD!.maxAge],
      ["unlimited", "604800000000001ns"],
    );
  });

  it("is reconciled for the first time without a write on any server", async () => {
    deployed = await up(tenant);
    await ask(app, "INFO");
    assert.deepEqual(written(), []);
  });

  it("plans nothing the second time, refreshed or not", async () => {
    for (const asset of deployed) {
      assert.deepEqual([asset.id, await asset.check(asset.inputs), await asset.hasChanges()], [asset.id, [], false]);
      const before = asset.inputs;
      await asset.refresh();
      assert.deepEqual([asset.inputs, await asset.hasChanges(before)], [before, false], asset.id);
    }
    assert.deepEqual(written(), []);
  });

  it("is a tenant's in full from its next change on: the mark is put on with it", async () => {
    const billed = deployed.find(({ id }) => id === "app/ORDERS/billing")!;
    await billed.up({ ...billed.inputs, maxDeliver: 8 });
    const { metadata, max_deliver: maxDeliver } = (await ask(app, "CONSUMER.INFO.ORDERS.billing")).config as {
      metadata: Record<string, string>;
      max_deliver: number;
    };
    assert.deepEqual([metadata["supercluster.owner"], metadata.team, maxDeliver], ["supercluster/one", "billing", 8]);
    await pollUntil(async () => written()[0], waitMs);
    assert.deepEqual(
      written().map(({ request, asset }) => [request, asset]),
      [["CONSUMER.CREATE", "ORDERS.billing"]],
    );
  });
});
