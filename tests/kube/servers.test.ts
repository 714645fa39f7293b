import assert from "node:assert/strict";
import type { NatsConnection } from "@nats-io/transport-node";
import { provisioner, systemAccount } from "../../config/assets/standard";
import { pollUntil } from "../../config/poll-until";
import type { TenantSpec } from "../../config/schema/tenant";
import { assetsOn, readHoldings } from "../../jetstream/holdings";
import { RegionDrain } from "../../operations/drain-servers/region-drain";
import { addStream, ask } from "../support/accounts";
import { requestMs, waitMs } from "../support/limits";
import { KubeEnvironment } from "./environment";

const users: TenantSpec["users"] = { publisher: { allow: { publish: ["fewer.>"] } } };
/** Without declared streams: its account has no limits. */
const app: TenantSpec = { name: "app", home: "iad", streams: {}, consumers: {}, users };
const names = (...servers: number[]) => servers.map((server) => `iad-${server}`);

describe("a region on a real Kubernetes that gets fewer servers", function () {
  this.timeout(900_000);
  let kube: KubeEnvironment;
  let owner: NatsConnection;
  let system: NatsConnection;
  const three = () => ({ settings: { ...kube.settings, servers: 3 as const } });
  /** One for each server, with one copy, and one with three. */
  const streams = [...Array(5).keys()].map((index) => ({ name: `ONE_${index}`, num_replicas: 1 }));
  const all = [...streams, { name: "THREE", num_replicas: 3 }];
  const messages = 100;

  before(async () => {
    kube = KubeEnvironment.create(
      { name: "fewer", regions: ["iad"], servers: 5, jetstream: { jetstream: ["app"] } },
      { app },
    );
    await kube.up("iad");
    await kube.isWhole();
    [owner, system] = await Promise.all([
      kube.connect("iad", "app", provisioner),
      kube.connect("iad", systemAccount.name, systemAccount.user),
    ]);
    const publisher = await kube.connect("iad", "app", "publisher");
    for (const { name, num_replicas } of all) {
      await addStream(owner, { name, subjects: [`fewer.${name}`], num_replicas });
      await ask(owner, `CONSUMER.CREATE.${name}.reader`, {
        stream_name: name,
        config: { durable_name: "reader", ack_policy: "explicit" },
      });
      for (let message = 0; message < messages; message++)
        assert.ok(
          // A server that does not know the stream's subjects yet answers "no responders".
          await pollUntil(
            () => publisher.request(`fewer.${name}`, "", { timeout: requestMs }).catch(() => undefined),
            waitMs,
          ),
        );
    }
  });
  after(() => kube.stop());

  /** Pods of servers; a box of the chart's runs beside them. */
  const servers = async () =>
    Object.keys(await kube.pods("iad"))
      .filter((pod) => pod.startsWith("iad-"))
      .sort();
  const held = async () => assetsOn(names(4, 3), await readHoldings(system));

  it("stops none while it holds a stream", async () => {
    assert.ok((await held()).some(({ stream }) => stream.startsWith("ONE_")));
    await assert.rejects(kube.up("iad", three()), /iad-4 is not stopped, because it holds .*npm run drain-servers/);
    assert.deepEqual(await servers(), names(0, 1, 2, 3, 4));
  });

  it("is drained while they run", async () => {
    const lines: string[] = [];
    const region = { region: "iad", staying: names(0, 1, 2), leaving: names(4, 3) };
    await new RegionDrain(region, { system, expected: 5, logProgress: (line) => lines.push(line) }).run();
    assert.deepEqual(await held(), []);
    assert.match(lines.join("\n"), /iad-4 is empty.*\n(.*\n)*.*iad-3 is empty/);
  });

  it("stops the last two one by one, keeps their volumes, and is whole with three", async () => {
    await kube.up("iad", three());
    assert.deepEqual(await servers(), names(0, 1, 2));
    await kube.isWhole({ servers: 3 });
    for (const server of [3, 4])
      assert.equal((await kube.claims("iad")).filter((claim) => claim.endsWith(`iad-${server}`)).length, 1);
    for (const { name, num_replicas } of all) {
      const info = (await ask(owner, `STREAM.INFO.${name}`)) as {
        cluster: { replicas?: { current: boolean }[] };
        state: { consumer_count: number; messages: number };
      };
      const copies = info.cluster.replicas ?? [];
      assert.deepEqual([copies.length, copies.every(({ current }) => current)], [num_replicas - 1, true], name);
      assert.deepEqual([info.state.messages, info.state.consumer_count], [messages, 1], name);
    }
  });
});
