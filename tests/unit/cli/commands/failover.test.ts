import assert from "node:assert/strict";
import { failover } from "../../../../cli/commands/failover";
import { BadUsage } from "../../../../engine/failure";

describe("npm run failover", () => {
  it("refuses a --start that is none, before anything else", () =>
    assert.rejects(
      failover({ env: "local", account: "arrakis", stream: "ELIGIBILITY", to: "ams", start: "first", yes: true }),
      (error) => error instanceof BadUsage && /^--start first: write "all", "new", a sequence/.test(error.message),
    ));

  it("refuses anything but a region, or an account with a stream", async () => {
    for (const choice of [{}, { account: "arrakis" }, { region: "iad", account: "arrakis", stream: "ELIGIBILITY" }])
      await assert.rejects(
        failover({ env: "local", start: "all", ...choice }),
        (error) => error instanceof BadUsage && /^write --region <region>, or/.test(error.message),
      );
  });
});
