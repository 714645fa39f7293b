import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import type { NatsConnection } from "@nats-io/transport-node";
import { parse } from "yaml";
import { testedServers } from "../../config/versions";
import type { Deployment } from "../support/deployment";
import { engineMs, waitMs } from "../support/limits";
import { Publisher } from "../support/publisher";
import { Regions } from "../support/regions";

const { oldest, previous, newest } = testedServers;

/** `npm run upgrade` on the local environment: up from the oldest server to the newest, and a line back, under load. */
describe("an upgrade of a whole environment under publishers", function () {
  this.timeout(3 * engineMs);
  let deployment: Deployment;
  let publisher: Publisher;
  let reader: NatsConnection;
  before(async () => {
    ({ deployment } = await Regions.prepare(["irisx"], { regions: ["iad", "ams"], servers: 1 }));
    deployment.set({ serverVersion: oldest });
    deployment.succeeds("deploy");
    const api = await deployment.client("ams", "irisx", "api");
    reader = await deployment.client("ams", "irisx", "provisioner");
    publisher = new Publisher(api, reader);
    await publisher.start("SMS", "sms.send", { timeoutMs: waitMs, pauseMs: 500 });
  });
  after(async () => {
    await publisher?.stop();
    await deployment?.remove();
  });

  const running = () => {
    for (let attempt = 1; ; attempt++) {
      const { regions } = JSON.parse(deployment.succeeds("status", "--json").replace(/^[^{]*/, "")) as {
        regions: { version?: string }[];
      };
      const versions = regions.map(({ version }) => version);
      // A server that answers late has none.
      if (attempt === 10 || !versions.includes(undefined)) return versions;
    }
  };
  const setting = () => {
    const text = readFileSync(deployment.path("Pulumi.yaml"), "utf8");
    return (parse(text) as { config: { environments: { default: { local: { serverVersion?: string } } } } }).config
      .environments.default.local.serverVersion;
  };

  /** Regions with the version that each got, in the order in which it says so. */
  const doneIn = (text: string) =>
    [...text.matchAll(/^local-(\w+): nats-server (\S+), all current$/gm)].map(([, ...of]) => of.join(" "));
  /** A run that gets a signal as soon as it says something. */
  const stopped = (signal: NodeJS.Signals, when: RegExp, to: string) => {
    let isSent = false;
    const { child, ended } = deployment.begin(["upgrade", "--to", to, "--yes"], (text) => {
      if (isSent || !when.test(text)) return;
      isSent = true;
      child.kill(signal);
    });
    return ended;
  };

  it("is said in advance, and refused where it must not be done; nothing is changed", () => {
    const before = readFileSync(deployment.path("Pulumi.yaml"), "utf8");
    const text = deployment.succeeds("upgrade", "--to", newest, "--dry-run");
    assert.match(text, new RegExp(`^local: ${oldest} to ${newest}, in 2 steps$`, "m"));
    assert.match(text, new RegExp(`^Step 1: nats-server ${previous}$`, "m"));
    assert.match(text, /JetStream API level: 2 -> 4, with the last server$/m);
    assert.match(text, /known problem \(risk\)|cannot be undone: no way back/);
    for (const [to, status, message] of [
      ["2.14.4", 1, /2\.14\.4 is known to lose data/],
      ["latest", 2, /--to latest is no version/],
    ] as const) {
      const refused = deployment.cli("upgrade", "--to", to, "--yes");
      assert.equal(refused.status, status, refused.text);
      assert.match(refused.text, message);
    }
    assert.equal(readFileSync(deployment.path("Pulumi.yaml"), "utf8"), before);
    assert.deepEqual(running(), [oldest, oldest]);
  });

  it("waits for other changes to be deployed first", () => {
    const file = deployment.path("Pulumi.yaml");
    const before = readFileSync(file, "utf8");
    writeFileSync(file, before.replaceAll("syncInterval: 2m", "syncInterval: 1m"));
    const { status, text } = deployment.cli("upgrade", "--to", newest, "--yes");
    writeFileSync(file, before);
    assert.equal(status, 1, text);
    assert.match(text, /iad: settings wait for a deployment: jetstream; deploy first: npm start/);
  });

  it("says how to go on and back where it is stopped", async () => {
    const { status, text } = await stopped("SIGINT", /: Pulumi\.yaml is changed/, newest);
    assert.equal(status, 130, text);
    assert.match(text, new RegExp(`This continues: npm run upgrade -- --to ${newest}$`, "m"));
    assert.match(text, new RegExp(`The way back, where there is one: npm run upgrade -- --to ${oldest}$`, "m"));
    assert.match(text, /Commit Pulumi\.yaml only after one of them/);
    assert.equal(setting(), previous);
    assert.deepEqual(running(), [oldest, oldest]);
  });

  it("goes on region by region, by way of the line between, and verifies", async () => {
    const { status, text } = await deployment.meanwhile("upgrade", "--to", newest, "--yes");
    assert.equal(status, 0, text);
    assert.deepEqual(
      doneIn(text),
      [previous, newest].flatMap((version) => ["iad", "ams"].map((region) => `${region} ${version}`)),
    );
    assert.match(text, new RegExp(`local runs nats-server ${newest}\\. Commit Pulumi\\.yaml`));
    assert.deepEqual(running(), [newest, newest]);
    assert.equal(setting(), undefined, "the newest is the default");
    assert.match(deployment.succeeds("upgrade", "--to", newest, "--yes"), /nothing to do/);
  });

  it("goes a line back, from where it was killed, and no further", async () => {
    const killed = await stopped("SIGKILL", /^local-iad: nats-server \S+, all current$/m, previous);
    assert.equal(killed.status, null, killed.text);
    assert.deepEqual(running(), [previous, newest]);
    const { status, text } = await deployment.meanwhile("upgrade", "--to", previous, "--yes");
    assert.equal(status, 0, text);
    assert.deepEqual(doneIn(text), [`ams ${previous}`]);
    assert.deepEqual(running(), [previous, previous]);
    const further = deployment.cli("upgrade", "--to", oldest, "--yes");
    assert.equal(further.status, 1, further.text);
    assert.match(further.text, new RegExp(`${previous} cannot go back to ${oldest}`));
  });

  it("loses no acknowledged message on the way", async () => {
    await publisher.stop();
    assert.ok(publisher.count("SMS") > 10, `${publisher.count("SMS")} messages`);
    assert.deepEqual(await publisher.lost("SMS"), []);
  });
});
