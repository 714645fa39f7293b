import assert from "node:assert/strict";
import { assetsOf } from "../../../../config/assets/assets";
import { droppedAccounts, refusalOfDropping } from "../../../../config/assets/dropped-accounts";
import { lossAllowed, presentTenants } from "../../../../config/assets/leaving";
import type { TenantSpec } from "../../../../config/schema/tenant";
import { tenants } from "../../../../tenants";
import { localEnvironment } from "../../../support/accounts";

describe("a tenant that is leaving", () => {
  const leaving: TenantSpec = {
    ...tenants.covenant!,
    state: "leaving",
    allowDataLoss: [{ change: "delete", maxMessages: 7 }],
  };
  const allowedOf = (tenant: TenantSpec, name: string) => {
    const asset = assetsOf(localEnvironment(), { covenant: tenant }).streams.find((stream) => stream.name === name)!;
    return lossAllowed(tenant, asset);
  };

  it("is none of those whose streams are to be there", () => {
    assert.deepEqual(
      Object.keys(
        presentTenants({
          covenant: leaving,
          irisx: { ...tenants.irisx!, state: "present" },
          arrakis: tenants.arrakis!,
        }),
      ),
      ["irisx", "arrakis"],
    );
  });

  it("allows each stream and mirror what it says of all, or what that says itself, and else nothing", () => {
    const own: TenantSpec["streams"] = {
      ...leaving.streams,
      COVENANT_USERS: {
        ...leaving.streams.COVENANT_USERS!,
        allowDataLoss: [
          { change: "maxAge", maxMessages: 1 },
          { change: "delete", maxMessages: 0 },
        ],
      },
    };
    const tenant = { ...leaving, streams: own };
    assert.deepEqual(allowedOf(tenant, "COVENANT_USERS"), [{ change: "delete", maxMessages: 0 }]);
    for (const name of ["COVENANT_USERS-ams", "ALERTS_INCIDENTS"])
      assert.deepEqual(allowedOf(tenant, name), [{ change: "delete", maxMessages: 7 }]);
    assert.equal(allowedOf({ ...tenant, allowDataLoss: undefined }, "ALERTS_INCIDENTS"), undefined);
  });

  it("allows any number where its specification lets a stream go with its messages, as the canary's", () => {
    assert.deepEqual(allowedOf({ ...leaving, allowDataLoss: undefined }, "CANARY"), [
      { change: "delete", maxMessages: Number.MAX_SAFE_INTEGER },
    ]);
  });
});

describe("an account that is taken out", () => {
  const owned = (account: string, ...streams: string[]) => new Map([[account, streams]]);

  it("is one that was there, and is no longer specified", () => {
    assert.deepEqual(droppedAccounts(["sys", "covenant", "irisx"], ["sys", "irisx", "new"]), ["covenant"]);
  });

  it("may go where it owns no stream, whatever others own", () => {
    assert.equal(refusalOfDropping(["covenant"], owned("irisx", "SMS"), owned("covenant")), undefined);
  });

  it("is refused with its streams, from whatever source, and what to do", () => {
    const refusal = refusalOfDropping(
      ["covenant", "irisx"],
      owned("covenant", "USERS", "BY_HAND"),
      owned("covenant", "USERS", "ALERTS"),
    );
    assert.match(refusal!, /^account covenant was taken out, and still owns ALERTS, BY_HAND, USERS\n/);
    assert.match(refusal!, /Nothing was done\.\n.*state: "leaving".*\n.*docs\/runbooks\/remove-a-tenant\.md$/);
    assert.doesNotMatch(refusal!, /irisx/);
  });

  it("names ten streams, and counts the others", () => {
    const many = Array.from({ length: 12 }, (_, index) => `S${10 + index}`);
    assert.match(refusalOfDropping(["covenant"], owned("covenant", ...many))!, /S19 and 2 more\n/);
  });
});
