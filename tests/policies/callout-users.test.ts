import assert from "node:assert/strict";
import { accountsOf } from "../../components/security/accounts";
import { calloutUsers } from "../../components/security/callout-users";
import { encoded } from "../../components/workers/secret-data";
import { environmentCallout, gallery } from "../../docs/examples/tenants/auth-callout";
import { userMayNotDoEverything } from "../../policies/rules/user-may-not-do-everything";
import { usersOf as usersIn } from "../../policies/users";
import { localEnvironment, usersOf } from "../support/accounts";

describe("users about whom servers ask the auth callout", () => {
  const environment = localEnvironment({ jetstream: { jetstream: ["gallery"] }, authCallout: environmentCallout });
  const secretOf = (publishes: string[]) => {
    const scanner = { ...gallery.users.scanner!, allow: { publish: publishes } };
    const accounts = accountsOf(environment, { gallery: { ...gallery, users: { scanner } } });
    const data = encoded({ NATS_URL: "tls://a:4222", AUTH_USERS: calloutUsers(accounts, usersOf(accounts)) });
    return { type: "kubernetes:core/v1:Secret", name: "nats-auth-callout", inputs: { data } } as unknown as Parameters<
      typeof usersIn
    >[0];
  };

  it("are seen by policies, in the Secret of the service, as those of the accounts file", () => {
    assert.deepEqual(
      usersIn(secretOf([])).map(({ account, login }) => [account, login]),
      [["gallery", "gallery-scanner"]],
    );
    const found = (publishes: string[]) => userMayNotDoEverything.violations(secretOf(publishes), [] as never);
    assert.deepEqual(found([]), []);
    assert.match(found(["$JS.API.>"]).join(), /^user gallery-scanner may publish \$JS\.API\.>/);
  });
});
