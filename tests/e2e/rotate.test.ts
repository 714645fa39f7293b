import assert from "node:assert/strict";
import * as fs from "node:fs";
import type { NatsConnection } from "@nats-io/transport-node";
import { inSteps } from "../support/in-steps";
import { engineMs } from "../support/limits";
import { Regions } from "../support/regions";

/** The commands, with the real engine and servers, under a publisher; tests/local/rotation.test.ts has the rest. */
describe("npm run rotate", function () {
  this.timeout(engineMs);
  inSteps();
  let regions: Regions;
  let old: NatsConnection;
  const rotate = (...options: string[]) => regions.deployment.meanwhile("rotate", "--user", "irisx/api", ...options);
  const setting = () => fs.readFileSync(regions.deployment.path("Pulumi.local-identity.yaml"), "utf8");

  before(async () => {
    regions = await Regions.prepare(["irisx"], { regions: ["iad", "ams"], servers: 1 });
    regions.deployment.succeeds("start");
    await regions.publish("irisx", "api", "SMS", "sms.send");
    old = await regions.deployment.client("ams", "irisx", "api");
  });
  after(() => regions?.remove());

  it("names what is not a user, and asks before it does anything", async () => {
    const unknown = regions.deployment.cli("rotate", "--user", "irisx/apy", "--yes");
    assert.equal(unknown.status, 2, unknown.text);
    assert.match(unknown.text, /irisx\/apy is not a user with a password .*did you mean "irisx\/api"/);
    const unasked = await rotate();
    assert.match(unasked.text, /no terminal to confirm on; pass --yes/);
    assert.doesNotMatch(setting(), /passwords/);
  });

  it("gives out a second password, and says who uses the first", async () => {
    const { status, text } = await rotate("--yes");
    assert.equal(status, 0, text);
    assert.match(text, /1\. every server accepts a new password beside the old one\n2\. clients are given the new/);
    assert.match(text, /irisx\/api logs in as irisx-api\.2/);
    assert.match(
      text,
      /these clients still use the old one, irisx-api; give them the new one:\n.* on ams-0, since .*\n.* on iad-0, since/,
    );
    assert.match(setting(), /supercluster:passwords:\s+irisx\/api:/);
    await regions.nothingLost();
    assert.equal(old.isClosed(), false);
  });

  it("does not take the first away while a client uses it, and names the client", async () => {
    const { status, text } = await rotate("--finish", "--yes");
    assert.equal(status, 1, text);
    assert.match(text, /2 clients of irisx\/api still logged in as irisx-api:\n(.* on (iad|ams)-0, since .*\n){2}/);
    await regions.nothingLost();
  });

  it("takes it away when told to, and later runs change nothing", async () => {
    const { status, text } = await rotate("--finish", "--disconnect", "--yes");
    assert.equal(status, 0, text);
    assert.match((await old.closed())?.message ?? "", /authorization/i);
    regions.deployment.pulumi("preview", "--stack", "local-identity", "--expect-no-changes");
    for (const region of ["iad", "ams"])
      regions.deployment.pulumi("preview", "--stack", `local-${region}`, "--expect-no-changes");
  });
});
