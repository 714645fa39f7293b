import assert from "node:assert/strict";
import { engineMs } from "../support/limits";
import { Regions } from "../support/regions";

describe("regions of different sizes", function () {
  this.timeout(engineMs);
  let regions: Regions;

  before(async () => {
    regions = await Regions.prepare(["irisx"], { regions: ["iad", "ams", "syd"], servers: 1 });
    regions.deployment.set({ byRegion: { iad: { servers: 3, storage: { file: "60GiB" } } } });
  });
  after(() => regions?.remove());

  it("are one supercluster, with as many replicas as the region of each stream has servers", async () => {
    const { status, text } = await regions.start();
    assert.equal(status, 0, text);
    assert.match(text, /servers +ok +5 of 5 answer/);
    await regions.meshIsComplete();
    const stored = async (name: string) => {
      const { monitor } = regions.servers().find((server) => server.name === name)!;
      const { config } = (await (await fetch(`${monitor}/jsz`)).json()) as { config: { max_storage: number } };
      return config.max_storage / 1024 ** 3;
    };
    assert.deepEqual([await stored("iad-2"), await stored("ams-0")], [60, 90]);
    const { status: verified, text: checks } = regions.deployment.cli("verify");
    assert.equal(verified, 0, checks);
    assert.match(checks, /routes +ok +every server to the others of its region/);
  });
});
