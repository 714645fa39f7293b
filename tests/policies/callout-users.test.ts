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
  const connectionOf = (publishes: string[]) => {
    const scanner = { ...gallery.users.scanner!, allow: { publish: publishes } };
    const accounts = accountsOf(environment, { gallery: { ...gallery, users: { scanner } } });
    return { NATS_URL: "tls://a:4222", AUTH_USERS: calloutUsers(accounts, usersOf(accounts)) };
  };
  const places = [
    ["kubernetes:core/v1:Secret", (publishes: string[]) => ({ data: encoded(connectionOf(publishes)) })],
    ["pulumi-nodejs:dynamic/local:Worker", (publishes: string[]) => ({ connection: connectionOf(publishes) })],
  ] as const;

  for (const [type, inputs] of places)
    it(`are seen by policies as those of the accounts file, in the service's ${type}`, () => {
      assert.ok(userMayNotDoEverything.types?.includes(type));
      const service = (publishes: string[]) =>
        ({ type, name: "auth-callout", inputs: inputs(publishes) }) as unknown as Parameters<typeof usersIn>[0];
      assert.deepEqual(
        usersIn(service([])).map(({ account, login }) => [account, login]),
        [["gallery", "gallery-scanner"]],
      );
      const found = (publishes: string[]) => userMayNotDoEverything.violations(service(publishes), [] as never);
      assert.deepEqual(found([]), []);
      assert.match(found(["$JS.API.>"]).join(), /^user gallery-scanner may publish \$JS\.API\.>/);
    });
});
