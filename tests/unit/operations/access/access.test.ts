import assert from "node:assert/strict";
import { type Access, connectToAny, isDeployed, userOf } from "../../../../operations/access/access";
import { Servers } from "../../../../operations/plan/costs";
import { checkedEnvironment } from "../../../../operations/settings/checked-environment";
import { planned } from "../../../support/plans";

describe("access to an environment with a tenant that is not deployed yet", () => {
  const access: Access = {
    name: "local",
    environment: checkedEnvironment("local").environment,
    ca: "PEM",
    accounts: { irisx: { users: { api: { login: "irisx-api", password: "secret", inboxPrefix: "_INBOX_api" } } } },
  };

  it("names the account or the user that is missing, not servers that do not answer", async () => {
    assert.equal(userOf(access, "irisx", "api").login, "irisx-api");
    assert.throws(() => userOf(access, "irisx", "worker"), {
      message: /^user worker of account irisx is not deployed in environment local yet; deploy its current settings: /,
    });
    await assert.rejects(connectToAny(access, "acme", "provisioner"), {
      message: /^account acme is not deployed in environment local yet; /,
    });
    assert.deepEqual([isDeployed(access, "irisx"), isDeployed(access, "acme")], [true, false]);
  });

  it("lets a plan know that its streams are new, without asking a server", async () => {
    const servers = new Servers(access, "supercluster/local-jetstream");
    const [created] = planned("create", undefined, {
      account: "acme",
      name: "ORDERS",
      region: "iad",
      subjects: ["orders.>"],
      adopt: true,
    });
    assert.deepEqual(await servers.answer(created!), { costs: [], differences: [], refusals: [], isForeign: false });
    await servers.close();
  });
});
