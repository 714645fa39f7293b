import assert from "node:assert/strict";
import { InvalidInput } from "../../../../config/problems";
import { BadUsage } from "../../../../engine/failure";
import { failBack, failOver } from "../../../../operations/failover/commands";
import type { CheckedEnvironment } from "../../../../operations/settings/checked-environment";
import { tenants } from "../../../../tenants";
import { localEnvironment } from "../../../support/accounts";

describe("a failover or failback that cannot be meant", () => {
  const checked = {
    name: "local",
    environment: localEnvironment(),
    tenants: { arrakis: tenants.arrakis },
  } as unknown as CheckedEnvironment;

  for (const [what, account, stream, expected] of [
    ["an unknown account", "arakis", "ELIGIBILITY", /arakis is not an account of environment local; .*"arrakis"/],
    ["an unknown stream", "arrakis", "ELIGIBILTY", /ELIGIBILTY is not a stream of arrakis; .*"ELIGIBILITY"/],
  ] as const) {
    it(`is refused before any server is asked: failback of ${what}`, () =>
      assert.rejects(
        failBack(checked, { account, stream }, { maxLoss: 0 }),
        (error) => error instanceof BadUsage && expected.test(error.message),
      ));
  }

  it("is refused before any server is asked: an unknown region", () =>
    assert.rejects(
      failBack(checked, { region: "iat" }, { maxLoss: 0 }),
      (error) => error instanceof BadUsage && /iat is not a region of environment local; .*"iad"/.test(error.message),
    ));

  it("is refused before any server is asked: a stream, or a region, without mirrors", async () => {
    const refused = (selection: Parameters<typeof failOver>[1], text: RegExp) =>
      assert.rejects(
        failOver(checked, selection, { start: "all" }, () => Promise.resolve()),
        text,
      );
    await refused({ account: "arrakis", stream: "COMMANDS" }, /nothing to fail over: COMMANDS has no mirror/);
    await refused({ region: "syd" }, /nothing to fail over: syd has no streams/);
  });

  it("is refused before any server is asked: failover to a region without a mirror", () =>
    assert.rejects(
      failOver(checked, { account: "arrakis", stream: "ELIGIBILITY" }, { to: "syd", start: "all" }, () =>
        Promise.resolve(),
      ),
      (error) => error instanceof InvalidInput && /has no mirror in "syd"/.test(error.message),
    ));
});
