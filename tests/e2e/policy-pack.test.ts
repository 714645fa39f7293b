import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { promisify } from "node:util";
import { toolchainEnv } from "../../tools/toolchain.mjs";

const run = promisify(execFile);
const project = path.join(__dirname, "..", "..");
const packFolder = path.join(project, "tools", "policy-pack");
// Now: other tests put the cache elsewhere while they run.
const tools = toolchainEnv({ local: true });

/** Registers one stream; its provider does nothing, because a preview asks it only for `check`. */
const files = {
  "Pulumi.yaml": "name: supercluster\nruntime: nodejs\n",
  "package.json": JSON.stringify({ name: "policies-under-test", version: "1.0.0", main: "index.js" }),
  "index.js": `
    const pulumi = require("@pulumi/pulumi");
    const limit = process.env.MAX_AGE ? { maxAge: process.env.MAX_AGE } : {};
    const __provider = "exports.handler=()=>({create:async()=>({id:'one'})})";
    new (class extends pulumi.CustomResource {})("pulumi-nodejs:dynamic/nats:Stream", "one", { account: "a", name: "ONE", ...limit, __provider });
  `,
};

describe("the policy pack in the real engine", function () {
  this.timeout(60_000);
  let folder: string;

  before(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-policies-"));
    fs.mkdirSync(path.join(folder, "state"));
    for (const [name, content] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), content);
    fs.symlinkSync(path.join(project, "node_modules"), path.join(folder, "node_modules"));
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
      timeout: 30_000,
    };
    try {
      const { stdout, stderr } = await run("pulumi", [...args, "--stack", "test", "--non-interactive"], options);
      return { failed: false, text: stdout + stderr };
    } catch (error) {
      const { stdout, stderr, message } = error as Error & { stdout: string; stderr: string };
      return { failed: true, text: message + stdout + stderr };
    }
  }

  const preview = (env: NodeJS.ProcessEnv) => pulumi(env, "preview", "--policy-pack", packFolder);

  it("stops the preview of a stream without a limit, and says what to do", async () => {
    const { failed, text } = await preview({});
    assert.ok(failed, text);
    assert.match(text, /\[mandatory\].*stream-is-bounded/);
    assert.match(text, /Give it maxAge, maxBytes or maxMsgs/);
  });

  it("lets a stream with a limit through", async () => {
    const { failed, text } = await preview({ MAX_AGE: "7d" });
    assert.ok(!failed, text);
    assert.match(text, /✅ supercluster@v/);
  });
});
