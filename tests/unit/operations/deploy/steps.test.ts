import assert from "node:assert/strict";
import { stepsOf } from "../../../../operations/deploy/steps";

const stacks = {
  identity: "identity",
  regions: ["iad", "ams", "syd", "sin"],
  jetstream: ["jetstream", "jetstream--irisx"],
};
const order = (target: "kubernetes" | "local", deployed: string[], canary?: string) =>
  stepsOf({ target }, stacks, new Set(deployed), canary).map(
    ({ stacks: some, isGated, isCanary }) =>
      `${some.join("+")}${isGated ? " then look" : ""}${isCanary ? " and pause" : ""}`,
  );

describe("the order of a deployment", () => {
  it("is identity, regions, jetstream; a new environment's regions come up side by side", () => {
    assert.deepEqual(order("kubernetes", []), ["identity", "iad+ams+syd+sin", "jetstream+jetstream--irisx"]);
  });

  it("changes existing regions after the new ones, one after another, with a health check in between", () => {
    assert.deepEqual(order("kubernetes", ["identity", "iad", "ams", "syd"]), [
      "identity",
      "sin",
      "iad then look",
      "ams then look",
      "syd then look",
      "jetstream+jetstream--irisx",
    ]);
    assert.deepEqual(order("kubernetes", ["identity", ...stacks.regions, "jetstream"])[1], "iad then look");
  });

  it("begins with a canary region, alone, wherever it stands in the settings, before new regions too", () => {
    assert.deepEqual(order("kubernetes", ["identity", "iad", "ams", "syd"], "syd"), [
      "identity",
      "syd then look and pause",
      "sin",
      "iad then look",
      "ams then look",
      "jetstream+jetstream--irisx",
    ]);
    for (const target of ["kubernetes", "local"] as const)
      assert.deepEqual(order(target, [], "ams"), [
        "identity",
        "ams then look and pause",
        "iad+syd+sin",
        "jetstream+jetstream--irisx",
      ]);
  });

  it("leaves it to local servers to take turns", () => {
    assert.deepEqual(order("local", ["local-iad", "iad"]), [
      "identity",
      "iad+ams+syd+sin",
      "jetstream+jetstream--irisx",
    ]);
  });

  it("takes local regions one after another too, where each is looked at", () => {
    assert.deepEqual(
      stepsOf({ target: "local" }, stacks, new Set(stacks.regions), undefined, true).map((step) => step.stacks),
      [["identity"], ...stacks.regions.map((stack) => [stack]), stacks.jetstream],
    );
  });
});
