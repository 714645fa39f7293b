import assert from "node:assert/strict";
import * as fs from "node:fs";
import type { NatsConnection } from "@nats-io/transport-node";
import { addStream, ask } from "../support/accounts";
import { engineMs } from "../support/limits";
import { Regions } from "../support/regions";

describe("three regions that become five, and one that leaves", function () {
  this.timeout(engineMs);
  const five = ["iad", "ams", "syd", "sfo", "jnb"];
  let regions: Regions;
  let irisx: NatsConnection;

  const irisxWith = (changes: string) =>
    fs.writeFileSync(
      regions.deployment.path("tenants/index.ts"),
      `import { irisx as declared } from "./irisx";
const { SMS, EMAIL, WEBHOOKS } = declared.streams as any;
export const tenants = { irisx: { ...declared, streams: { SMS, EMAIL, WEBHOOKS${changes} } } };
`,
    );
  const home = async (stream: string) => ((await ask(irisx, `STREAM.INFO.${stream}`)).cluster as { name: string }).name;
  const removePeers = (...args: string[]) => regions.deployment.cli("remove-peers", "--region", "jnb", ...args);
  const file = () => regions.deployment.path("Pulumi.local-jnb.yaml");

  before(async () => {
    regions = await Regions.prepare(["irisx"], { regions: ["iad", "ams", "syd"], servers: 1 });
    const { status, text } = await regions.start();
    assert.equal(status, 0, text);
    irisx = await regions.deployment.client("iad", "irisx", "provisioner");
    for (const [stream, subject] of [
      ["SMS", "sms.send"],
      ["WEBHOOKS", "webhooks.deliver"],
    ])
      await regions.publish("irisx", "api", stream!, subject!);
  });
  after(() => regions?.remove());

  it("grows by one entry and a file each, as it says; a stream moves into a new region", async () => {
    irisxWith(`: { ...WEBHOOKS, home: "jnb" }, SMS: { ...SMS, mirrors: { jnb: { maxAge: "1d", maxBytes: "64MiB" } } }`);
    const { text, restarted } = await regions.grow(five);
    assert.match(text, /gateways out +ok +every server to 4 other regions/);
    assert.deepEqual(restarted, ["ams-0", "iad-0", "syd-0"]);
    await regions.meshIsComplete();
    assert.equal(await home("WEBHOOKS"), "jnb");
    await regions.nothingLost();
  });

  it("does not let go of a region that streams are in: the settings are refused, and say what comes first", () => {
    const refusedByRegion = removePeers("--yes");
    assert.equal(refusedByRegion.status, 2, refusedByRegion.text);
    assert.match(refusedByRegion.text, /jnb is a region of environment local; take it out of Pulumi\.yaml first/);
    regions.deployment.set({ regions: five.slice(0, 4) });
    const { status, text } = regions.deployment.cli("start");
    assert.equal(status, 2, text);
    for (const path of ["streams.WEBHOOKS.home", "streams.SMS.mirrors.jnb"]) {
      assert.match(
        text,
        new RegExp(
          `tenants\\.irisx\\.${path}: "jnb" is not a region .*streams and mirrors first, while it is still in regions`,
        ),
      );
    }
    regions.deployment.set({ regions: five });
  });

  it("has its streams moved off first, and nothing acknowledged is lost", async () => {
    irisxWith("");
    regions.deployment.pulumi("up", "--stack", "local-jetstream", "--yes", "--skip-preview", "--refresh");
    assert.equal(await home("WEBHOOKS"), "iad");
    await assert.rejects(ask(irisx, "STREAM.INFO.SMS-jnb"), /10059/);
    await regions.nothingLost();
  });

  it("refuses to remove peers of a region with a stack, a server or a stream, with what to do", async () => {
    await addStream(irisx, { name: "LEFT", subjects: ["left"], placement: { cluster: "jnb" } });
    regions.deployment.set({ regions: five.slice(0, 4) });
    const content = fs.readFileSync(file());
    fs.rmSync(file());
    const { status, text } = removePeers("--yes");
    assert.equal(status, 1, text);
    assert.match(text, /stack local-jnb still has resources; destroy it first: pulumi destroy --stack local-jnb/);
    assert.match(text, /jnb-0 still running/);
    assert.match(text, /stream irisx\/LEFT has a copy on jnb-0/);
    fs.writeFileSync(file(), content);
  });

  it("does not forget servers that may have the only copy of a stream", async () => {
    regions.deployment.pulumi("destroy", "--stack", "local-jnb", "--yes", "--skip-preview");
    fs.rmSync(file());
    const { status, text } = removePeers("--yes");
    assert.equal(status, 1, text);
    assert.match(text, /no server answers for irisx\/LEFT: all copies may be on the servers to remove/);
    assert.doesNotMatch(text, /still/);
    // Carried out by the meta leader; no server is left to answer.
    await ask(irisx, "STREAM.DELETE.LEFT").catch(() => undefined);
  });

  it("is forgotten: the meta group is one smaller, and asking again does nothing", async () => {
    const text = regions.deployment.succeeds("remove-peers", "--region", "jnb", "--yes");
    assert.match(text, /jnb-0 is removed: 4 peers left, \d current/);
    assert.match(removePeers().text, /no terminal to confirm on; pass --yes/);
    assert.match(
      regions.deployment.succeeds("remove-peers", "--region", "jnb", "--yes"),
      /no server of jnb is a peer of the meta group; nothing to do/,
    );
  });

  it("leaves four regions without it, restarted one after another; publishers lose nothing", async () => {
    const { status, text, restarted } = await regions.start();
    assert.equal(status, 0, text);
    assert.deepEqual(restarted, ["ams-0", "iad-0", "sfo-0", "syd-0"]);
    await regions.meshIsComplete();
    await regions.nothingLost();
  });

  it("forgets a region that is lost for good, disks and all, wherever the leader was", async () => {
    await regions.deployment.end("sfo", "SIGKILL");
    fs.rmSync(`${regions.deployment.copy.cache}/environments/local/sfo`, { recursive: true });
    regions.deployment.pulumi("stack", "rm", "local-sfo", "--yes", "--force");
    fs.rmSync(regions.deployment.path("Pulumi.local-sfo.yaml"), { force: true });
    regions.deployment.set({ regions: five.slice(0, 3) });
    assert.match(
      regions.deployment.succeeds("remove-peers", "--region", "sfo", "--yes"),
      /sfo-0 is removed: 3 peers left, \d current/,
    );
    await regions.nothingLost();
  });
});
