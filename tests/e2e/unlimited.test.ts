import assert from "node:assert/strict";
import * as fs from "node:fs";
import { jetstream } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import type { NatsConnection } from "@nats-io/transport-node";
import { pollUntil } from "../../config/poll-until";
import type { StreamSpec, TenantSpec } from "../../config/schema/tenant";
import { ask } from "../support/accounts";
import { inSteps } from "../support/in-steps";
import { engineMs, requestMs, waitMs } from "../support/limits";
import { type Publisher, untilAnswered } from "../support/publisher";
import { Regions } from "../support/regions";

const mebibyte = 1024 ** 2;
const stream = (subject: string, more: Partial<StreamSpec> = {}): StreamSpec => ({
  subjects: [subject],
  retention: "limits",
  storage: "file",
  maxAge: "1d",
  maxBytes: "64MiB",
  discard: "old",
  replicas: 3,
  ...more,
});
const bucket = stream("$KV.settings.>", {
  maxMsgsPerSubject: 5,
  discard: "new",
  allowRollupHdrs: true,
  denyDelete: true,
  allowDirect: true,
});
const unlimited = { maxAge: "unlimited", maxBytes: "unlimited" } as const;
const worker = (more: object) => ({
  worker: { mode: "pull", streams: ["ORDERS"], ackPolicy: "explicit", deliverPolicy: "all", ...more },
});

const tenant = (streams: Record<string, StreamSpec>, consumers: object = worker({})) =>
  ({
    name: "shop",
    home: "iad",
    streams: { ORDERS: stream("orders.>"), KV_settings: bucket, NEIGHBOUR: stream("neighbour"), ...streams },
    consumers,
    users: {
      api: { publishes: ["orders.>", "neighbour", "*.telemetry.up"], keyValues: { settings: ["get", "put"] } },
      device: { subscribes: ["*.telemetry.up"], keyValues: { settings: "watch" } },
    },
  }) as TenantSpec;

/** Limits that are lifted and come back, and servers that get tags, with a publisher on a neighbouring stream. */
describe("what has no limit, and servers with tags", function () {
  this.timeout(engineMs);
  inSteps();
  let regions: Regions;
  let provisioner: NatsConnection;
  let neighbour: Publisher;

  const declare = (spec: TenantSpec) =>
    fs.writeFileSync(
      regions.deployment.path("tenants/shop.ts"),
      `export const shop = ${JSON.stringify(spec)} as const;\n`,
    );
  const limit = async () =>
    ((await ask(provisioner, "INFO")) as { limits: { max_storage: number } }).limits.max_storage / mebibyte;
  /** Plans, brings it up as planned, and reports which servers restarted. */
  async function up(spec: TenantSpec): Promise<{ plan: string; restarted: string[] }> {
    declare(spec);
    const { status, text: plan } = regions.deployment.cli("plan");
    assert.equal(status, 0, plan);
    const started = await regions.start();
    assert.equal(started.status, 0, started.text);
    return { plan, restarted: started.restarted };
  }

  before(async () => {
    regions = await Regions.prepare(["shop"], { regions: ["iad"], servers: 3 });
    declare(tenant({}));
    const { status, text } = await regions.start();
    assert.equal(status, 0, text);
    provisioner = await regions.deployment.client("iad", "shop", "provisioner");
    neighbour = await regions.publish("shop", "api", "NEIGHBOUR", "neighbour", 10);
  });
  after(async () => {
    await neighbour?.stop();
    await regions?.remove();
  });

  it("users have their wildcard, and the words of their buckets", async () => {
    const [api, device] = await Promise.all(
      ["api", "device"].map((user) => regions.deployment.client("iad", "shop", user)),
    );
    const heard: string[] = [];
    device!.subscribe("*.telemetry.up", { callback: (_error, message) => void heard.push(message.subject) });
    await device!.flush();
    // Other servers learn of a subscription a moment later.
    const isHeard = () => (api!.publish("device-7.telemetry.up"), heard.length > 0);
    assert.ok(await pollUntil(isHeard, waitMs));
    assert.equal(heard[0], "device-7.telemetry.up");
    const settings = (nc: NatsConnection) => new Kvm(jetstream(nc, { timeout: requestMs })).open("settings");
    await (await settings(api!)).put("theme", "dark");
    const seen = await settings(device!);
    const deadline = Date.now() + waitMs;
    // Asks for a durable, which servers do not answer while they elect a meta leader.
    for await (const entry of await untilAnswered(
      () => seen.watch(),
      () => Date.now() >= deadline,
    )) {
      assert.equal(entry.string(), "dark");
      break;
    }
  });

  it("lifting every limit is a change in place, and lifts the account's; no publisher is refused", async () => {
    assert.equal(await limit(), Math.ceil(3 * 3 * 64 * 1.2));
    const { plan, restarted } = await up(
      tenant(
        { ORDERS: stream("orders.>", unlimited), KV_settings: { ...bucket, ...unlimited } },
        worker({ maxAckPending: "unlimited" }),
      ),
    );
    assert.match(plan, /in place +shop\/ORDERS\n +maxBytes: 64MiB -> not set\n +maxAge: 1d -> not set/);
    assert.match(plan, /in place +shop\/ORDERS\/worker\n +maxAckPending: 1,000 -> unlimited/);
    assert.deepEqual([restarted, neighbour.refused, await limit()], [[], [], -1 / mebibyte]);
    const { config } = (await ask(provisioner, "STREAM.INFO.ORDERS")) as { config: Record<string, number> };
    assert.deepEqual([config.max_age, config.max_bytes], [0, -1]);
    const { text } = regions.deployment.cli("plan");
    assert.match(text, /nothing to change/);
  });

  it("limits come back with the account's, which are lowered after the streams", async () => {
    const { restarted } = await up(tenant({}));
    assert.deepEqual([restarted, neighbour.refused, await limit()], [[], [], Math.ceil(3 * 3 * 64 * 1.2)]);
  });

  it("a stream is placed by tags: refused while no server has them, placed by the release with the tags", async () => {
    const fast = { FAST: stream("orders-fast", { replicas: 1, placementTags: ["disk:ssd", "!az:b"] }) };
    declare(tenant(fast));
    const refused = regions.deployment.cli("start");
    assert.equal(refused.status, 2, refused.text);
    assert.match(
      refused.text,
      /FAST\.placementTags: "disk:ssd", "!az:b" fits 0 of the 3 servers of iad, and 1 must have/,
    );
    regions.deployment.set({ serverTags: { iad: [["disk:hdd"], ["disk:ssd", "az:b"], ["disk:ssd", "az:c"]] } });
    const { restarted } = await up(tenant(fast));
    assert.deepEqual(restarted, ["iad-0", "iad-1", "iad-2"]);
    const { cluster } = (await ask(provisioner, "STREAM.INFO.FAST")) as { cluster: { leader: string } };
    assert.equal(cluster.leader, "iad-2");
    await regions.nothingLost();
    const api = await regions.deployment.client("iad", "shop", "api");
    await api.request("neighbour", "x", { timeout: requestMs });
  });
});
