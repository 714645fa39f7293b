import assert from "node:assert/strict";
import { runsWith } from "../../../../components/supercluster/pod-parts";
import { serversIn } from "../../../../config/sizes";
import type { Environment } from "../../../../config/schema/settings";
import { restartingRegions, restartLines } from "../../../../operations/supercluster/restarting-regions";
import type { RegionOutputs } from "../../../../stacks/outputs";
import { localEnvironment, regionOf } from "../../../support/accounts";
import { kubernetesEnvironment, kubernetesSettings } from "../../../support/kubernetes";

/** Outputs of regions that were deployed with these settings. */
const deployedWith = (settings: Environment, regions = settings.regions) =>
  new Map(
    regions.map((name): [string, Partial<RegionOutputs>] => [
      name,
      {
        region: {
          name,
          servers: Array.from({ length: serversIn(settings, name) }, (_, server) => `${name}-${server}`),
          clientUrls: [],
          monitorUrls: [],
          gatewayUrls: [],
        },
        runsWith: runsWith(regionOf(settings, name)),
      },
    ]),
  );
const lines = (environment: Environment, deployed: ReturnType<typeof deployedWith>) =>
  restartLines(restartingRegions({ name: "test", environment }, deployed));
const kubernetes = (change: object) => kubernetesEnvironment({ kubernetes: kubernetesSettings(change) });

describe("servers that a deployment restarts", () => {
  it("are none where nothing changes, and none where servers reload", () => {
    for (const settings of [kubernetesEnvironment(), localEnvironment()]) {
      assert.deepEqual(lines(settings, deployedWith(settings)), []);
      assert.deepEqual(lines({ ...settings, maxPayload: "4MiB" }, deployedWith(settings)), []);
    }
    assert.deepEqual(lines(kubernetes({ natsBox: { enabled: true } }), deployedWith(kubernetesEnvironment())), []);
  });

  it("are counted, with their regions and what changed", () => {
    assert.deepEqual(lines(kubernetes({ resources: { memory: "4GiB" } }), deployedWith(kubernetesEnvironment())), [
      "9 servers in 3 regions (iad, ams, syd): kubernetes.resources changed, restarted one after another",
    ]);
    assert.deepEqual(lines(localEnvironment({ syncInterval: "1m" }), deployedWith(localEnvironment())), [
      "9 servers in 3 regions (iad, ams, syd): jetstream changed, restarted one after another",
    ]);
  });

  it("are those of a new region, and with it all others", () => {
    const known = localEnvironment({ regions: ["iad"] });
    assert.deepEqual(lines(localEnvironment({ regions: ["iad", "ams"] }), deployedWith(known)), [
      "3 servers in 1 region (iad): gateway changed, restarted one after another",
      "3 servers in 1 region (ams): new, started at the same time",
    ]);
  });

  it("are as many as each region has", () => {
    const byRegion = { ams: { servers: 1 as const } };
    const known = localEnvironment({ regions: ["iad"] });
    assert.deepEqual(lines(localEnvironment({ regions: ["iad", "ams"], byRegion }), deployedWith(known)), [
      "3 servers in 1 region (iad): gateway changed, restarted one after another",
      "1 server in 1 region (ams): new, started at the same time",
    ]);
  });

  it("are those that give JetStream less than before; not those that give it more", () => {
    const of = (file: "50GiB" | "90GiB") => localEnvironment({ storage: { file, memory: "1GiB" } });
    assert.deepEqual(lines(of("50GiB"), deployedWith(of("90GiB"))), [
      "9 servers in 3 regions (iad, ams, syd): storage (lowered) changed, restarted one after another",
    ]);
    assert.deepEqual(lines(of("90GiB"), deployedWith(of("50GiB"))), []);
  });

  it("are those that stay where there are to be fewer or more", () => {
    const of = (servers: 3 | 5) => localEnvironment({ servers });
    assert.match(lines(of(5), deployedWith(of(3)))[0]!, /^9 servers in 3 regions .*: gateway changed/);
    assert.match(lines(of(3), deployedWith(of(5)))[0]!, /^9 servers in 3 regions/);
  });

  it("are as many as each region has", () => {
    const of = (syncInterval: "1m" | "2m") => localEnvironment({ syncInterval, byRegion: { ams: { servers: 1 } } });
    assert.match(lines(of("1m"), deployedWith(of("2m")))[0]!, /^7 servers in 3 regions/);
    const memory = { kubernetes: { resources: { memory: "4GiB" as const } } };
    assert.deepEqual(
      lines(kubernetesEnvironment({ byRegion: { ams: memory } }), deployedWith(kubernetesEnvironment())),
      ["3 servers in 1 region (ams): kubernetes.resources changed, restarted one after another"],
    );
  });

  it("are left to the preview where an earlier release did not record what they run with", () => {
    const deployed = deployedWith(localEnvironment());
    for (const outputs of deployed.values()) delete outputs.runsWith;
    assert.deepEqual(lines(localEnvironment({ syncInterval: "1m" }), deployed), []);
  });
});
