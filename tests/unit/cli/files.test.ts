import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { Access } from "../../../operations/access/access";
import { writeContexts } from "../../../cli/commands/context";
import { quoted } from "../../../cli/commands/env";
import { pulumiEnvironment, pulumiVariables } from "../../../engine/environment";
import { Leftovers } from "../../../operations/verify/leftovers";
import { checkedEnvironment } from "../../../operations/settings/checked-environment";

const { environment } = checkedEnvironment("local");
const before = process.env.SUPERCLUSTER_CACHE;
let cache: string;

/** Called within a describe: outside, these would be hooks of every test of every file. */
function inOwnCache(): void {
  beforeEach(() => {
    cache = mkdtempSync(path.join(tmpdir(), "cache-"));
    process.env.SUPERCLUSTER_CACHE = cache;
  });
  afterEach(() => {
    rmSync(cache, { recursive: true });
    if (before === undefined) delete process.env.SUPERCLUSTER_CACHE;
    else process.env.SUPERCLUSTER_CACHE = before;
  });
}

describe("the variables pulumi runs in", () => {
  inOwnCache();

  it("keep a local environment in the project's own cache", () => {
    const variables = pulumiVariables(environment);
    assert.equal(variables.PULUMI_BACKEND_URL, `file://${cache}/state?metadata=skip`);
    assert.equal(variables.PULUMI_CONFIG_PASSPHRASE, "local");
    assert.equal(variables.PULUMI_HOME, path.join(cache, "pulumi-home"));
    assert.ok(variables.PATH!.startsWith(path.join(cache, "bin")));
  });

  it("leave backend and passphrase of every other to the caller", () => {
    const variables = pulumiVariables({ target: "kubernetes" });
    assert.deepEqual([variables.PULUMI_BACKEND_URL, variables.PULUMI_CONFIG_PASSPHRASE], [undefined, undefined]);
  });

  it("skip checkpoints in jetstream stacks only", () => {
    assert.equal(pulumiEnvironment(environment, "jetstream").PULUMI_SKIP_CHECKPOINTS, "true");
    assert.equal(pulumiEnvironment(environment, "region").PULUMI_SKIP_CHECKPOINTS, undefined);
    assert.equal(pulumiEnvironment(environment, "identity").PULUMI_SKIP_CHECKPOINTS, undefined);
  });

  it("are quoted for a shell", () => assert.equal(quoted("a'b $c"), `'a'\\''b $c'`));
});

describe("contexts of the nats CLI", () => {
  inOwnCache();

  const access = (users: string[]): Access => ({
    name: "local",
    environment,
    ca: "PEM",
    accounts: {
      covenant: {
        users: Object.fromEntries(
          users.map((user) => [user, { login: `covenant-${user}`, password: "secret", inboxPrefix: `_INBOX_${user}` }]),
        ),
      },
    },
  });

  it("are one a user and region, readable by their owner only", () => {
    const names = writeContexts(access(["api"]), cache);
    assert.deepEqual(names, ["covenant-api-iad", "covenant-api-ams", "covenant-api-syd"]);
    const file = path.join(cache, "nats", "context", "covenant-api-ams.json");
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(path.dirname(file)).mode & 0o777, 0o700);
    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), {
      description: "api of account covenant in ams",
      url: "tls://127.0.0.1:14240,tls://127.0.0.1:14241,tls://127.0.0.1:14242",
      user: "covenant-api",
      password: "secret",
      ca: path.join(cache, "nats", "ca.crt"),
      inbox_prefix: "_INBOX_api",
    });
  });

  it("go with their user", () => {
    writeContexts(access(["api", "mobile"]), cache);
    writeContexts(access(["api"]), cache);
    assert.equal(readdirSync(path.join(cache, "nats", "context")).length, 3);
  });
});

describe("what a proof that was cut off left", () => {
  inOwnCache();

  it("is remembered, and forgotten once it is taken or gone", () => {
    const first = new Leftovers("local");
    first.add("irisx/SMS/sms-worker", 2);
    first.save();
    const second = new Leftovers("local");
    assert.equal(second.of("irisx/SMS/sms-worker"), 2);
    second.limit("irisx/SMS/sms-worker", 1);
    assert.equal(second.of("irisx/SMS/sms-worker"), 1);
    second.add("irisx/SMS/sms-worker", -1);
    second.save();
    assert.equal(new Leftovers("local").of("irisx/SMS/sms-worker"), 0);
  });
});
