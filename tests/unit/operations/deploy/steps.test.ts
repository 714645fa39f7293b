import assert from "node:assert/strict";
import { stepsOf } from "../../../../operations/deploy/steps";

const stacks = {
  identity: "identity",
  regions: ["iad", "ams", "syd", "sin"],
  jetstream: ["jetstream", "jetstream--irisx"],
};
const order = (target: "kubernetes" | "local", deployed: string[]) =>
  stepsOf({ target }, stacks, new Set(deployed)).map(
    ({ stacks: some, isGated }) => `${some.join("+")}${isGated ? " then look" : ""}`,
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

  it("leaves it to local servers to take turns", () => {
    assert.deepEqual(order("local", ["local-iad", "iad"]), [
      "identity",
      "iad+ams+syd+sin",
      "jetstream+jetstream--irisx",
    ]);
  });
});
