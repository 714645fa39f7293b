import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { RegionOutputs } from "../../stacks/outputs";
import type { Deployment } from "../support/deployment";
import { engineMs, requestMs } from "../support/limits";
import { Regions } from "../support/regions";

const stacks = ["local-identity", "local-iad", "local-ams", "local-jetstream"];

/** `npm run deploy` in the local environment: what it would do, and exactly that. */
describe("a deployment that is looked at first", function () {
  this.timeout(engineMs);
  let deployment: Deployment;
  before(async () => {
    ({ deployment } = await Regions.prepare(["irisx"], { regions: ["iad", "ams"], servers: 1 }));
  });
  after(() => deployment?.remove());
  const edit = (from: string, to: string) => {
    const file = deployment.path("Pulumi.yaml");
    writeFileSync(file, readFileSync(file, "utf8").replaceAll(from, to));
  };

  const passwords = (): string[] => {
    const { accounts } = JSON.parse(
      deployment.pulumi("stack", "output", "--stack", "local-iad", "--json", "--show-secrets"),
    ) as RegionOutputs;
    return Object.values(accounts).flatMap(({ users }) => Object.values(users).map(({ password }) => password));
  };

  it("is shown for an environment that is not there, stack by stack, as partial; nothing is made", () => {
    const text = deployment.succeeds("deploy", "--dry-run");
    for (const stack of stacks) assert.match(text, new RegExp(`^${stack}: \\d+ to create$`, "m"));
    assert.match(text, /^ {2}\+ {2}pulumi-nodejs:dynamic\/nats:Stream irisx-SMS$/m);
    assert.match(text, /partial: local-identity, local-iad, local-ams, local-jetstream do not exist yet/);
    assert.ok(!existsSync(deployment.path(".cache/state/.pulumi/stacks")));
  });

  it("saves no plan of stacks that are not there, and applies none that was not saved", () => {
    for (const [args, message] of [
      [["--dry-run"], /plans cannot be saved for stacks that do not exist yet: local-identity/],
      [[], /plans has no plan for local-identity, .*; save them: npm run deploy -- --dry-run --plan plans/],
    ] as const) {
      const { status, text } = deployment.cli("deploy", ...args, "--plan", "plans");
      assert.equal(status, 2, text);
      assert.match(text, message);
    }
  });

  it("says of a preview that fails why, and shows the others", () => {
    const file = deployment.path("stacks/identity.ts");
    const before = readFileSync(file, "utf8");
    writeFileSync(
      file,
      before.replace(
        "  const accounts =",
        '  throw new pulumi.RunError("there is no identity today");\n  const accounts =',
      ),
    );
    const { status, text } = deployment.cli("deploy", "--dry-run");
    writeFileSync(file, before);
    assert.equal(status, 1, text);
    assert.match(text, /^error: local-identity would fail:\n {2}there is no identity today$/m);
    assert.match(text, /^local-iad: \d+ to create$/m);
  });

  it("ends after a canary region, with how to go on, and touches no other", () => {
    const refused = deployment.cli("deploy", "--pause-after", "fra");
    assert.equal(refused.status, 2, refused.text);
    assert.match(refused.text, /--pause-after fra is not a region of local; use one of iad, ams$/m);
    const text = deployment.succeeds("deploy", "--pause-after", "ams");
    assert.match(text, /^local-ams is deployed, .*\. Not deployed: local-iad, local-jetstream$/m);
    assert.match(text, /^paused\. To deploy the rest: npm start\./m);
    assert.doesNotMatch(text, /is up and verified/);
    assert.deepEqual(
      [...text.matchAll(/^\$ pulumi up --stack (\S+)/gm)].map(([, stack]) => stack),
      ["local-identity", "local-ams"],
    );
  });

  it("saves its plans, readable by their owner alone and without a key, and does nothing else than they say", () => {
    deployment.succeeds("deploy");
    edit("syncInterval: 2m", "syncInterval: 1m");
    const text = deployment.succeeds("deploy", "--dry-run", "--plan", "plans");
    assert.match(text, /^local-identity: nothing to change$/m);
    assert.match(text, /^local-iad: 1 to update\n {2}~ {2}\S+local:Server iad-0: config\.jetstream\.sync_interval/m);
    assert.match(text, /iad-0: jetstream\.sync_interval changed: the server is restarted/);
    const total = /^2 servers in 2 regions \(iad, ams\): jetstream changed, restarted one after another$/m;
    assert.match(text, total);
    assert.match(deployment.succeeds("plan"), total);
    assert.equal(statSync(deployment.path("plans")).mode & 0o777, 0o700);
    const secrets = passwords();
    const written = [...globSync(deployment.path("plans/*.json")), ...globSync(deployment.path(".cache/logs/*.log"))];
    assert.ok(secrets.length > 3 && written.length > 9);
    for (const file of written) {
      const content = readFileSync(file, "utf8");
      assert.ok(
        ["PRIVATE KEY", ...secrets].every((secret) => !content.includes(secret)),
        file,
      );
    }

    edit("syncInterval: 1m", "syncInterval: 3m");
    const { status, text: refusal } = deployment.cli("deploy", "--plan", "plans");
    assert.equal(status, 1, refusal);
    assert.match(refusal, /violates plan/);
  });

  it("saves the plans of a release that adds a user too, and applies them: the user can log in", async () => {
    edit("syncInterval: 3m", "syncInterval: 1m");
    const file = deployment.path("tenants/irisx.ts");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace("  users: {\n", '  users: {\n    auditor: { subscribes: ["sms.status"] },\n'));
    const planned = deployment.succeeds("deploy", "--dry-run", "--plan", "plans");
    assert.match(planned, /^local-identity: 1 to create\n.*RandomPassword users-irisx-auditor/m);
    for (const region of ["iad", "ams"]) assert.match(planned, new RegExp(`^local-${region}: 1 to update$`, "m"));
    assert.match(planned, /^local-jetstream: nothing to change$/m);
    assert.match(deployment.succeeds("deploy", "--plan", "plans"), /is up and verified/);
    await deployment.client("iad", "irisx", "auditor");
  });

  it("does the same for a release that adds a tenant, whose streams it creates", async () => {
    const plants = {
      name: "plants",
      home: "iad",
      streams: {
        LEAVES: {
          subjects: ["leaves.>"],
          ...{ retention: "limits", storage: "file", replicas: 3, discard: "old" },
          ...{ maxAge: "1d", maxBytes: "16MiB" },
        },
      },
      consumers: {},
      users: { gardener: { publishes: ["leaves.>"] } },
    };
    writeFileSync(
      deployment.path("tenants/plants.ts"),
      `import type { TenantSpec } from "../config/schema/tenant";\n` +
        `export const plants: TenantSpec = ${JSON.stringify(plants)};\n`,
    );
    writeFileSync(
      deployment.path("tenants/index.ts"),
      `import { irisx } from "./irisx";\nimport { plants } from "./plants";\n` +
        `export const tenants = { irisx, plants };\n`,
    );
    deployment.set({ jetstream: { jetstream: ["irisx", "plants"] } });
    const planned = deployment.succeeds("deploy", "--dry-run", "--plan", "plans");
    assert.match(planned, /^ {2}\+ {2}pulumi-nodejs:dynamic\/nats:Stream plants-LEAVES$/m);
    assert.match(deployment.succeeds("deploy", "--plan", "plans"), /is up and verified/);
    const gardener = await deployment.client("iad", "plants", "gardener");
    await gardener.request("leaves.oak", "one", { timeout: requestMs });
    deployment.pulumi("preview", "--stack", "local-jetstream", "--refresh", "--expect-no-changes");
  });
});
