import assert from "node:assert/strict";
import { systemAccount } from "../../config/assets/standard";
import { peersAmong, possibleServers } from "../../operations/remove-peers/peers";
import { removePeer } from "../../operations/remove-peers/remove";
import { snapshotUntil, takeSnapshot } from "../../operations/supercluster/snapshot";
import { KubeEnvironment } from "./environment";

const founders = ["iad", "ams", "syd"];
const later = ["sin", "sfo", "jnb"];

const permutations = (items: string[]): string[][] =>
  items.length < 2
    ? [items]
    : items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));

// One server each: regions, not replicas, are what this is about.
describe("three regions on a real Kubernetes, through load balancers, founded from nothing", function () {
  this.timeout(600_000);
  let kube: KubeEnvironment;
  afterEach(() => kube.stop());

  for (const [index, order] of permutations(founders).entries()) {
    it(`in the order ${order.join(", ")}`, async () => {
      kube = KubeEnvironment.create({ name: `founded-${index}`, regions: founders, servers: 1, jetstream: {} }, {});
      for (const region of order) await kube.up(region);
      await kube.isWhole({ regions: founders });
    });
  }
});

describe("regions on a real Kubernetes that come and go", function () {
  this.timeout(600_000);
  let kube: KubeEnvironment;
  before(() => {
    kube = KubeEnvironment.create({ name: "six", regions: [...founders, ...later], servers: 1, jetstream: {} }, {});
  });
  after(() => kube.stop());
  const only = (regions: string[]) => ({ settings: { ...kube.settings, regions } });

  it("become six: new ones come up side by side, then the others are restarted one after another", async () => {
    for (const region of founders) await kube.up(region, only(founders));
    await kube.isWhole({ regions: founders });
    await Promise.all(later.map((region) => kube.up(region)));
    for (const region of founders) await kube.up(region);
    await kube.isWhole({ regions: [...founders, ...later] }, "jnb");
  });

  it("become five, by docs/runbooks/remove-a-region.md: one stops, its peer is removed, others drop it", async () => {
    const left = [...founders, "sin", "sfo"];
    await kube.remove(["jnb"]);
    const system = await kube.connect("iad", systemAccount.name, systemAccount.user);
    const take = () => takeSnapshot(system, left.length);
    const { meta } = await snapshotUntil(
      take,
      (snapshot) => snapshot.meta !== undefined && !snapshot.servers["jnb-0"],
      120_000,
    );
    assert.equal(meta?.cluster_size, 6);
    for (const peer of peersAmong(possibleServers("jnb"), await take())) await removePeer(system, take, peer);
    for (const region of left) await kube.up(region, only(left));
    await kube.isWhole({ regions: left });
  });
});
