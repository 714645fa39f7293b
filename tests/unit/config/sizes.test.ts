import assert from "node:assert/strict";
import { resourcesIn, serversIn, serversInAll, storageIn, volumeSizeIn } from "../../../config/sizes";
import { serverNames, serversOf } from "../../../config/topology";
import { kubernetesEnvironment } from "../../support/kubernetes";

describe("sizes by region", () => {
  const environment = kubernetesEnvironment({
    byRegion: {
      syd: { servers: 5, storage: { file: "200GiB" }, kubernetes: { resources: { memory: "4GiB" } } },
      ams: { servers: 1, kubernetes: { volume: { size: "20GiB" } } },
    },
  });

  it("are those of all, but for what a region has of its own", () => {
    assert.deepEqual(
      environment.regions.map((region) => serversIn(environment, region)),
      [3, 1, 5],
    );
    assert.equal(serversInAll(environment), 9);
    assert.deepEqual(storageIn(environment, "syd"), { file: "200GiB", memory: "1GiB" });
    assert.deepEqual(storageIn(environment, "iad"), environment.storage);
    assert.deepEqual(resourcesIn(environment, "syd"), { ...environment.kubernetes.resources, memory: "4GiB" });
    assert.deepEqual(
      environment.regions.map((region) => volumeSizeIn(environment, region)),
      ["100GiB", "20GiB", "100GiB"],
    );
  });

  it("make names and addresses of as many servers", () => {
    assert.deepEqual(serverNames(environment), [
      "iad-0",
      "iad-1",
      "iad-2",
      "ams-0",
      ...[0, 1, 2, 3, 4].map((n) => `syd-${n}`),
    ]);
    assert.equal(serversOf(environment, "ams").length, 1);
  });
});
