import * as assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { RegionIdentity, RegionSpec } from "../../config/assets/region";
import { workersOf } from "../../config/assets/workers";
import { LocalRegion } from "../../components/local/region";
import { accountsOf } from "../../components/security/accounts";
import { identityOutputs } from "../support/identity";
import { isSecret, record, settled, unsecret } from "../support/mocks";
import { stackSettings } from "../support/stack-settings";

const { name: environment, environment: settings, tenants } = stackSettings("local-ams");
const region: RegionSpec = { name: "ams", environment, settings, accounts: accountsOf(settings, tenants) };
const identity = identityOutputs(settings, tenants).ams as RegionIdentity;

const recorded = () => record(() => new LocalRegion("ams", { region, identity: pulumi.secret(identity) }));

describe("LocalRegion", () => {
  it("has as many servers as the environment sets, named after it", async () => {
    const { registrations, of } = await recorded();
    const servers = of("pulumi-nodejs:dynamic/local:Server");
    assert.deepEqual(
      servers.map(({ name, options, inputs }) => [name, options.parent, inputs.name]),
      [0, 1, 2].map((index) => [`ams-${index}`, "ams", `ams-${index}`]),
    );
    assert.equal(registrations.length, 1 + servers.length);
  });

  it("gives each server keys and accounts as secrets, and keeps the rest readable in a plan", async () => {
    for (const { inputs } of (await recorded()).of("pulumi-nodejs:dynamic/local:Server")) {
      const secrets = Object.keys(inputs).filter((key) => isSecret(inputs[key]));
      assert.deepEqual(secrets, ["secrets"]);
      assert.deepEqual(Object.keys(unsecret(inputs.secrets) as object).sort(), [
        "accounts.conf",
        "jetstream.conf",
        "tls/client.key",
        "tls/peer.key",
      ]);
    }
  });

  it("leaves no password, hash or key outside the secrets", async () => {
    const hidden = [
      identity.server.key,
      identity.peer.key,
      identity.jetstreamKey,
      ...Object.values(identity.users).flatMap(({ password, hash }) => [password, hash]),
    ];
    const { registrations } = await recorded();
    const open = JSON.stringify(registrations.map((one) => unsecret(one, () => "[secret]")));
    assert.deepEqual(
      hidden.filter((secret) => open.includes(secret)),
      [],
    );
    const all = JSON.stringify(registrations);
    assert.ok(all.includes(identity.jetstreamKey), "they were there to be found");
  });

  it("knows its addresses when its servers serve", async () => {
    const { result, of } = await recorded();
    const { value, secret } = await settled(result.addresses);
    assert.deepEqual([value.map(({ name }) => name), secret], [["ams-0", "ams-1", "ams-2"], false]);
    assert.deepEqual(of("supercluster:local:Region")[0]!.outputs, { addresses: value });
  });

  it("runs workers beside its servers, with connections and databases as secrets", async () => {
    const { result, of, registrations } = await record(
      () =>
        new LocalRegion("ams", {
          region,
          identity: pulumi.secret(identity),
          workers: workersOf(tenants.irisx!),
        }),
    );
    const workers = of("pulumi-nodejs:dynamic/local:Worker");
    assert.deepEqual(
      Object.keys(result.workers),
      Object.keys(tenants.irisx!.workers!).map((name) => `irisx/${name}`),
    );
    const sms = workers.find(({ name }) => name === "ams-irisx-sms-worker")!;
    assert.deepEqual(
      Object.keys(sms.inputs).filter((key) => isSecret(sms.inputs[key])),
      ["connection", "database"],
    );
    const { NATS_URL, NATS_USER } = unsecret(sms.inputs.connection) as Record<string, string>;
    assert.deepEqual(
      [NATS_USER, NATS_URL!.split(",").length, sms.inputs.system, sms.inputs.worker],
      ["irisx-sms-worker", 3, "irisx", "sms-worker"],
    );
    // Stopped before them.
    assert.deepEqual(sms.options.dependencies, [
      ...["ams-0", "ams-1", "ams-2"],
      ...["ams-database", "ams-database-irisx"],
    ]);
    const password = "password of ams-database-irisx";
    assert.equal(unsecret(sms.inputs.database), `postgres://irisx:${password}@127.0.0.1:40001/irisx`);
    const [database, ...others] = of("pulumi-nodejs:dynamic/local:Database");
    assert.deepEqual([database!.name, others], ["ams-database", []]);
    assert.deepEqual(
      Object.keys(database!.inputs).filter((key) => isSecret(database!.inputs[key])),
      ["passwords"],
    );
    assert.deepEqual(unsecret(database!.inputs.passwords), { irisx: password });
    assert.deepEqual((await settled(result.database!.urls)).secret, true);
    const collector = workers.find(({ name }) => name === "ams-irisx-dead-letters")!;
    assert.ok(!("database" in collector.inputs), "the collector keeps no state");
    const open = JSON.stringify(registrations.map((one) => unsecret(one, () => "[secret]")));
    for (const secret of [identity.users["irisx-sms-worker"]!.password, `:${password}@`])
      assert.ok(!open.includes(secret));
  });
});
