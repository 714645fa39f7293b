import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { hostname, userInfo } from "node:os";
import * as path from "node:path";
import { pollUntil } from "../../config/poll-until";
import { hasPendingOperations, isEmpty, locksOf } from "../../engine/backend";
import type { LockHolder } from "../../engine/stack-locks";
import { engineMs, serversMs } from "../support/limits";
import { copyProject } from "../support/project-copy";

const project = "supercluster";
const stacks = ["identity", "iad", "ams", "syd", "jetstream"];

/** One protected resource a stack, as production has them; its create takes as long as the file `slow` exists. */
const program = `
import * as pulumi from "@pulumi/pulumi";
const __provider = 'exports.handler=()=>require(process.cwd()+"/components/slow/entry.js")';
const Slow = class extends pulumi.CustomResource {};
new Slow("pulumi-nodejs:dynamic/test:Slow", "slow", { __provider }, { protect: true });
`;
const provider = `
require("../provider-process");
const { existsSync, writeFileSync } = require("node:fs");
exports.create = async (inputs) => {
  writeFileSync("creating", "");
  while (existsSync("slow")) await new Promise((resolve) => setTimeout(resolve, 100));
  return { id: "slow", outs: inputs };
};
`;

/** The real engine on the stacks of production, whose programs are the test's own, in a backend of files. */
describe("a lock of production that a killed run left", function () {
  this.timeout(engineMs);
  const copy = copyProject();
  const state = path.join(copy.cache, "production-state");
  const env = {
    ...copy.env,
    PULUMI_BACKEND_URL: `file://${state}`,
    PULUMI_CONFIG_PASSPHRASE: "of a test",
    NO_COLOR: "1",
  };
  const file = (name: string) => path.join(copy.folder, name);

  before(() => {
    fs.mkdirSync(state);
    fs.writeFileSync(file("index.ts"), program);
    fs.mkdirSync(file("components/slow"));
    fs.writeFileSync(file("components/slow/entry.js"), provider);
  });
  after(() => copy.remove());

  function start(...args: string[]) {
    const command = ["-r", "./tools/runtime.cjs", "cli/index.ts", ...args, "--env", "production"];
    const child = spawn(process.execPath, command, { cwd: copy.folder, env, stdio: ["ignore", "pipe", "pipe"] });
    let text = "";
    for (const output of [child.stdout, child.stderr]) output.on("data", (chunk) => (text += chunk));
    const ended = new Promise<{ status: number | null; text: string }>((resolve) =>
      child.once("close", (status) => resolve({ status, text })),
    );
    return { child, ended, text: () => text };
  }
  const deploy = () => start("deploy", "--allow-local-state");
  const lockOf = (stack: string): LockHolder | undefined => locksOf(state, project, stack)[0];

  /** Starts a deployment and waits until it is creating the resource of the identity stack. */
  async function startSlow() {
    fs.writeFileSync(file("slow"), "");
    fs.rmSync(file("creating"), { force: true });
    const run = deploy();
    const isCreating = () =>
      (fs.existsSync(file("creating")) && hasPendingOperations(state, project, "identity")) || undefined;
    assert.ok(await pollUntil(isCreating, serversMs, 100), run.text());
    return run;
  }

  /** Above the largest process id. */
  const noProcess = 2 ** 22 + 1;
  const foreign = { hostname: "runner-3", username: "ann", pid: 77 };
  const isHeld = (stack: string) =>
    new RegExp(`stack ${stack} is locked by ann on runner-3 \\(process 77, since 2026-01-01T00:00:00Z\\)`);

  const lock = (stack: string, holder: Partial<LockHolder>): string => {
    const folder = path.join(state, ".pulumi/locks/organization", project, stack);
    fs.mkdirSync(folder, { recursive: true });
    const own = { pid: 1, username: userInfo().username, hostname: hostname(), timestamp: "2026-01-01T00:00:00Z" };
    fs.writeFileSync(path.join(folder, "of-the-test.json"), JSON.stringify({ ...own, ...holder }));
    return path.join(folder, "of-the-test.json");
  };

  it("is named with its file where the stack does not exist yet", async () => {
    const left = lock("identity", { pid: noProcess });
    const { status, text } = await deploy().ended;
    assert.equal(status, 1, text);
    assert.match(text, /stack identity does not exist, but is locked: [^]*\n {2}file:\/\/\S+of-the-test\.json/);
    fs.rmSync(left);
  });

  it("is named with its holder and what to run where that is on another machine", async () => {
    const left = lock("identity", foreign);
    const { status, text } = await deploy().ended;
    assert.equal(status, 1, text);
    assert.match(text, isHeld("identity"));
    assert.match(text, /^ {2}pulumi cancel --stack identity --yes$/m);
    assert.ok(fs.existsSync(left));
    fs.rmSync(left);
  });

  it("is released by the next run, which clears what was pending and goes on", async () => {
    const killed = await startSlow();
    process.kill(lockOf("identity")!.pid, "SIGKILL");
    killed.child.kill("SIGKILL");
    await killed.ended;
    assert.ok(lockOf("identity"));

    fs.rmSync(file("slow"));
    const { text } = await deploy().ended;
    assert.match(text, /identity: an earlier run was killed; releasing its lock/);
    assert.match(text, /identity: an earlier run was interrupted during an operation; refreshing the state/);
    for (const stack of stacks) {
      assert.match(text, new RegExp(`^ {2}${stack} +\\d+ created`, "m"), text);
      assert.equal(lockOf(stack), undefined);
      assert.ok(!hasPendingOperations(state, project, stack));
    }
    // The others were created by this run.
    assert.match(
      text,
      /^Pulumi writes what the secrets [^]*: Pulumi\.iad\.yaml, Pulumi\.ams\.yaml, Pulumi\.syd\.yaml, /m,
    );
    assert.match(text, /git add Pulumi\.iad\.yaml Pulumi\.ams\.yaml Pulumi\.syd\.yaml Pulumi\.jetstream\.yaml && /);
    assert.doesNotMatch(text, /from \$PATH/);
    // The test's programs have no outputs.
    assert.match(text, /environment production is not deployed \(stack iad has no outputs\)/);
  });

  it("is named by stop too, which changes nothing then", async () => {
    lock("jetstream", foreign);
    const { status, text } = await start("stop", "--yes-destroy", "production").ended;
    assert.equal(status, 1, text);
    assert.match(text, isHeld("jetstream"));
    assert.ok(!isEmpty(state, project, "jetstream"));
  });
});
