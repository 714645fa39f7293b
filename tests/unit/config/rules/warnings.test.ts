import assert from "node:assert/strict";
import { warningsOf } from "../../../../config/rules/warnings";
import type { KubernetesEnvironment } from "../../../../config/schema/settings";
import { tenants } from "../../../../tenants";
import { kubernetesEnvironment, kubernetesSettings } from "../../../support/kubernetes";

describe("an environment of two regions", () => {
  it("is warned about: each needs the other for every change; one, three and six are not", () => {
    const warnings = (regions: string[], byRegion?: KubernetesEnvironment["byRegion"]) =>
      warningsOf({ environment: { ...kubernetesEnvironment(), regions, byRegion }, tenants: {} });
    assert.match(
      warnings(["iad", "ams"]).join(),
      /^iad and ams do not survive each other's loss: .*Add a third region .* or accept/,
    );
    assert.match(
      warnings(["iad", "ams"], { ams: { servers: 1 } }).join(),
      /^ams does not survive the loss of iad, which has 3 of the meta group's 4 servers, .*Add a third region/,
    );
    for (const regions of [["iad"], ["iad", "ams", "syd"], ["iad", "ams", "syd", "sin", "sfo", "jnb"]])
      assert.deepEqual(warnings(regions), []);
  });
});

describe("an environment with an auth callout", () => {
  it("is warned about where nothing runs its service", () => {
    const image = { repository: "example/workers", tag: "1.4.0" };
    const warnings = (kubernetes: object) =>
      warningsOf({
        environment: kubernetesEnvironment({ authCallout: {}, kubernetes: kubernetesSettings(kubernetes) }),
        tenants: {},
      });
    assert.match(warnings({}).join(), /^authCallout: .* has kubernetes\.workers/);
    assert.deepEqual(warnings({ workers: { image } }), []);
  });
});

describe("the four systems", () => {
  it("are far from what servers, files and runs hold", () =>
    assert.deepEqual(warningsOf({ environment: kubernetesEnvironment(), tenants }), []));
});
