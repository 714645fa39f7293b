import assert from "node:assert/strict";
import { BadUsage } from "../../../../engine/failure";
import { assertSpecified } from "../../../../operations/migrate/migrate-stream";
import { tenants } from "../../../../tenants/index";

describe("a migration", () => {
  const request = { account: "arrakis", stream: "COMMANDS", retention: "workqueue" };
  const check = (change: object) => () => assertSpecified({ name: "local", tenants }, { ...request, ...change });

  it("leads to what the tenant file specifies", () => assert.doesNotThrow(check({})));

  for (const [what, change, message] of [
    [
      "another retention",
      { retention: "limits" },
      /specified with retention "workqueue"; write "limits" in its tenant/,
    ],
    ["an unknown stream", { stream: "COMMAND" }, /COMMAND is not a stream of arrakis; .*COMMANDS/],
    ["an unknown account", { account: "arakis" }, /arakis is not an account of environment local; .*arrakis/],
  ] as const) {
    it(`is refused for ${what}`, () =>
      assert.throws(check(change), (error) => error instanceof BadUsage && message.test(error.message)));
  }
});
