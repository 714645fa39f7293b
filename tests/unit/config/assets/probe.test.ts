import assert from "node:assert/strict";
import { accountsOf } from "../../../../components/security/accounts";
import { connections } from "../../../../components/security/connections";
import { assetsOf } from "../../../../config/assets/assets";
import { asksServers, withProbe } from "../../../../config/assets/probe";
import { workersOf } from "../../../../config/assets/workers";
import { validateTenants } from "../../../../config/rules/validate";
import { localEnvironment, usersOf } from "../../../support/accounts";

const environment = localEnvironment({ jetstream: { jetstream: ["probe"] } });
const tenants = validateTenants({}, environment);

describe("the probe of an environment", () => {
  it("is there where a jetstream stack names it, and nowhere else", () => {
    assert.deepEqual(Object.keys(tenants), ["probe"]);
    assert.deepEqual(withProbe({}, localEnvironment()), {});
  });

  it("has a stream with a durable in each region, whose probe publishes to all of them", () => {
    const { streams, consumers } = assetsOf(environment, tenants);
    const own = streams.filter(({ name }) => name !== "CANARY");
    assert.deepEqual(
      own.map(({ name, region, spec }) => [name, region, spec.subjects]),
      environment.regions.map((region) => [`PROBE_${region}`, region, [`probe.${region}.*`]]),
    );
    assert.deepEqual(
      consumers.filter(({ name }) => name === "probe").map(({ stream }) => stream),
      own.map(({ name }) => name),
    );
    const [worker] = workersOf(tenants.probe!);
    assert.deepEqual([worker!.regions, worker!.replicas, worker!.system], [environment.regions, 1, "probe"]);
    assert.equal(worker!.environment.PROBE_REGIONS, "iad,ams,syd");
  });

  it("follows the regions: one that is new has a stream, too", () => {
    const grown = validateTenants({}, { ...environment, regions: [...environment.regions, "sin"] });
    assert.deepEqual(Object.keys(grown.probe!.streams), ["PROBE_iad", "PROBE_ams", "PROBE_syd", "PROBE_sin"]);
  });

  it("is a tenant that was written, where there is one of its name", () => {
    const own = { ...tenants.probe!, description: "ours" };
    assert.equal(validateTenants({ probe: own }, environment).probe!.description, "ours");
  });

  it("leaves as any tenant does", () => {
    const leaving = validateTenants({}, { ...environment, probe: { state: "leaving" } });
    assert.deepEqual(workersOf(leaving.probe!), []);
  });

  it("alone gets the login with which servers are asked about themselves", () => {
    const accounts = accountsOf(environment, tenants);
    const spec = { name: "iad", environment: "test", settings: environment, accounts };
    const identity = {
      ...{ clientCa: "ca", peerCa: "ca", server: { cert: "", key: "" }, peer: { cert: "", key: "" } },
      ...{ jetstreamKey: "key", users: usersOf(accounts) },
    };
    const { "probe-probe": found, ...others } = connections(spec, identity);
    assert.deepEqual(
      [found!.NATS_USER, found!.NATS_SYSTEM_USER, found!.NATS_SYSTEM_PASSWORD, found!.NATS_SYSTEM_INBOX_PREFIX],
      ["probe-probe", "sys-probe", "sys-probe", "_INBOX_probe"],
    );
    assert.deepEqual(others, {});
    assert.equal(asksServers(tenants.probe!, "canary"), false);
  });
});
