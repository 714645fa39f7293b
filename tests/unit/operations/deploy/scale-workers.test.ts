import assert from "node:assert/strict";
import { stacksToScale } from "../../../../operations/deploy/scale-workers";
import type { RegionOutputs } from "../../../../stacks/outputs";
import { kubernetesEnvironment, kubernetesSettings } from "../../../support/kubernetes";

const outputs: Record<string, Partial<RegionOutputs>> = {
  iad: { workers: { "irisx/sms-worker": { waitsFor: ["SMS/sms-worker"] }, "irisx/api": {} } },
  ams: { workers: { "irisx/sms-worker": {} } },
};

const checked = (by: "keda" | "metric") => ({
  environment: kubernetesEnvironment({
    kubernetes: kubernetesSettings({ workers: { image: { repository: "workers", tag: "1" }, scaling: { by } } }),
  }),
  project: { name: "supercluster", declared: [], environments: {}, stacks: {} },
  stacks: { identity: "identity", regions: ["iad", "ams", "syd"], jetstream: ["jetstream"] },
});

describe("region stacks that are run again to scale workers", () => {
  const asked: string[] = [];
  const outputsOf = (stack: string) => {
    asked.push(stack);
    return outputs[stack] ? Promise.resolve(outputs[stack]) : Promise.reject(new Error("no such stack"));
  };
  beforeEach(() => asked.splice(0));

  it("are those whose workers waited for durables", async () => {
    assert.deepEqual(await stacksToScale(checked("keda"), outputsOf), ["iad"]);
    assert.deepEqual(asked, ["iad", "ams", "syd"]);
  });

  it("are none, and none is asked, where KEDA scales nothing", async () => {
    assert.deepEqual(await stacksToScale(checked("metric"), outputsOf), []);
    assert.deepEqual(asked, []);
  });
});
