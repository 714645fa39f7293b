import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { toolchainEnv } from "../../tools/toolchain.mjs";
import { engineMs } from "../support/limits";

const run = promisify(execFile);
const project = path.join(__dirname, "..", "..");
const packFolder = path.join(project, "tools", "offline", "policy-pack");
// Now: other tests put the cache elsewhere while they run.
const tools = toolchainEnv({ local: true });

/** Registers a stream and its consumer; their provider only says what it was given. */
const files = {
  "Pulumi.yaml": "name: supercluster\nruntime: nodejs\n",
  "package.json": JSON.stringify({ name: "policies-under-test", version: "1.0.0", main: "index.js" }),
  "settings.json": JSON.stringify({ "store-holds-what-is-reserved": { headroom: 90 } }),
  "index.js": `
    const pulumi = require("@pulumi/pulumi");
    const { MAX_AGE, FILTER = "orders.>" } = process.env;
    const environment = { target: "kubernetes", servers: 3, storage: { file: "10GiB", memory: "1GiB" } };
    const config = { "supercluster:environment": JSON.stringify(environment) };
    const provider = new pulumi.ProviderResource("pulumi-nodejs", "jetstream", config);
    const __provider = "exports.handler=()=>({create:async(outs)=>({id:outs.name,outs})})";
    const Resource = class extends pulumi.CustomResource {};
    const made = (type, name, args, opts) =>
      new Resource(
        "pulumi-nodejs:dynamic/nats:" + type,
        name,
        { ...args, name, account: "shop", __provider },
        { provider, ...opts },
      );
    const first = made("First", "first", { told: undefined });
    const limits = MAX_AGE ? { maxAge: MAX_AGE, maxBytes: "2GiB" } : {};
    const placed = { region: "iad", storage: "file", replicas: 3 };
    const args = { ...placed, subjects: ["orders.>"], retention: "limits", description: first.told, ...limits };
    made("Stream", "ORDERS", args, { protect: true });
    made("Consumer", "billing", { stream: "ORDERS", ackPolicy: "explicit", maxDeliver: 5, filterSubject: FILTER });
  `,
};

describe("the policy pack in the real engine", function () {
  this.timeout(engineMs);
  let folder: string;

  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-policies-"));
    fs.mkdirSync(path.join(folder, "state"));
    for (const [name, content] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), content);
    for (const shared of ["node_modules", "tools"])
      fs.symlinkSync(path.join(project, shared), path.join(folder, shared));
    const { failed, text } = await pulumi({}, "stack", "init");
    assert.ok(!failed, text);
  });

  after(() => fs.rmSync(folder, { recursive: true, force: true }));

  async function pulumi(env: NodeJS.ProcessEnv, ...args: string[]): Promise<{ failed: boolean; text: string }> {
    const options = {
      cwd: folder,
      env: {
        ...process.env,
        ...tools,
        PATH: [tools.PATH, packFolder].join(path.delimiter),
        PULUMI_BACKEND_URL: `file://${folder}/state`,
        PULUMI_CONFIG_PASSPHRASE: "test",
        ...env,
      },
      timeout: engineMs,
    };
    try {
      const { stdout, stderr } = await run("pulumi", [...args, "--stack", "test", "--non-interactive"], options);
      return { failed: false, text: stdout + stderr };
    } catch (error) {
      const { stdout, stderr, message } = error as Error & { stdout: string; stderr: string };
      return { failed: true, text: message + stdout + stderr };
    }
  }

  const withPack = ["--policy-pack", packFolder];
  const good = { MAX_AGE: "7d" };

  it("stops a preview for each violated mandatory rule; an unknown value makes none of them advice", async () => {
    const { failed, text } = await pulumi({ FILTER: "orders" }, "preview", ...withPack);
    assert.ok(failed, text);
    assert.match(text, /\[mandatory\].*stream-is-bounded/);
    assert.match(text, /Give it maxAge, maxBytes or maxMsgs/);
    assert.match(text, /\[mandatory\].*consumer-filters-are-of-its-stream/);
    assert.doesNotMatch(text, /can't run policy/);
  });

  it("lets a good stack up", async () => {
    const { failed, text } = await pulumi(good, "up", "--yes", "--skip-preview", ...withPack);
    assert.ok(!failed, text);
    assert.match(text, /✅ supercluster@v/);
  });

  it("judges what changes beside what does not", async () => {
    const { failed, text } = await pulumi({ ...good, FILTER: "orders" }, "preview", ...withPack);
    assert.ok(failed, text);
    assert.match(text, /filter orders of shop\/ORDERS\/billing matches nothing of orders\.>/);
  });

  it("is started by Pulumi's own runner too, which must not check all types first", async () => {
    const runner = path.join(project, "node_modules", "@pulumi", "pulumi", "cmd", "run-policy-pack");
    const pack = spawn(process.execPath, [runner, "unused", "."], {
      cwd: path.join(project, "policies"),
      stdio: ["ignore", "pipe", "pipe"],
    });
    try {
      const [first] = (await Promise.race([once(pack.stdout, "data"), once(pack.stderr, "data")])) as [Buffer];
      assert.match(String(first), /^\d+\n$/, "the port it listens on");
    } finally {
      pack.kill();
    }
  });

  it("takes settings from a file", async () => {
    const { failed, text } = await pulumi(good, "preview", ...withPack, "--policy-pack-config", "settings.json");
    assert.ok(failed, text);
    assert.match(text, /\[mandatory\].*store-holds-what-is-reserved/);
    assert.match(text, /reserve 2\.0GiB of file on each server, of 10GiB less 90%/);
  });
});
