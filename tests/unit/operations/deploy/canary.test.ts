import assert from "node:assert/strict";
import { canaryReport, canaryStack, howToContinue } from "../../../../operations/deploy/canary";
import { BadUsage } from "../../../../engine/failure";
import { kubernetesEnvironment } from "../../../support/kubernetes";

describe("a canary region", () => {
  const production = { name: "production", environment: kubernetesEnvironment() };

  it("has a stack, or is refused with the regions that there are", () => {
    assert.equal(canaryStack(production, "ams"), "ams");
    assert.throws(
      () => canaryStack(production, "fra"),
      (error) =>
        error instanceof BadUsage &&
        error.message === "--pause-after fra is not a region of production; use one of iad, ams, syd",
    );
  });

  it("is reported with what was compared, and what is left", () => {
    assert.equal(
      canaryReport("iad", ["ams", "syd", "jetstream"], true),
      "iad is deployed, every server, gateway and replica is as healthy as before. Not deployed: ams, syd, jetstream",
    );
    assert.match(canaryReport("iad", ["ams"], false), /its health was not compared/);
  });

  it("is followed by the rest with the same command; plans are saved again first", () => {
    assert.match(
      howToContinue("production", false),
      /^paused\. To deploy the rest: npm run deploy -- --env production\./,
    );
    assert.match(howToContinue("production", true), /--env production, after saving its plans again/);
  });
});
