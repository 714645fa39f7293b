import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hasPendingOperations, locksOf } from "../../engine/backend";
import { pollUntil } from "../../config/poll-until";
import { backendUrlOf, pulumiEnvironment } from "../../engine/environment";
import { orphansOf } from "../../engine/processes";
import { endOrphans, recover } from "../../engine/recovery";
import { processes } from "../../tools/processes.mjs";
import { engineMs, waitMs } from "../support/limits";
import { projectFolder } from "../support/project-copy";

const project = "tiny";
const stack = "local-iad";
const up = ["up", "--stack", stack, "--yes", "--skip-preview", "--non-interactive", "--color", "never"];

/** The real engine on a project of one slow resource: killed, interrupted, and run again. */
describe("a run that does not come to its end", function () {
  this.timeout(engineMs);
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "supercluster-tiny-")));
  const state = path.join(folder, "state");
  const backend = backendUrlOf(state);
  const env = {
    ...pulumiEnvironment({ target: "local" }),
    PULUMI_BACKEND_URL: backend,
    SUPERCLUSTER_CACHE: path.join(folder, "cache"),
  };
  const command = (...args: string[]) =>
    [
      process.execPath,
      ["-r", "./tools/runtime.cjs", path.join(__dirname, "run-stack.ts"), folder, stack, ...args],
    ] as const;
  const run = async (args: string[]): Promise<void> => {
    const { status, stderr } = spawnSync(...command(...args), { cwd: projectFolder, env, encoding: "utf8" });
    assert.equal(status, 0, stderr);
  };
  const creating = path.join(folder, "creating");
  const slow = (seconds: number) => writeFileSync(path.join(folder, "seconds"), String(seconds));
  const lockHolder = () => locksOf(state, project, stack)[0]?.pid;
  const orphans = () => orphansOf(processes(), backend);

  /**
   * Starts an update and waits until it is in the middle of creating the resource. That the engine has noted the
   * operation is not enough: interrupted before its provider is called, it just ends.
   */
  async function startSlowUpdate() {
    slow(300);
    rmSync(creating, { force: true });
    const child = spawn(...command(...up), { cwd: projectFolder, env, stdio: ["ignore", "ignore", "pipe"] });
    let text = "";
    child.stderr.on("data", (chunk) => (text += chunk));
    const ended = new Promise<{ code: number | null; text: string }>((resolve) =>
      child.once("close", (code) => resolve({ code, text })),
    );
    await pollUntil(() => existsSync(creating) && hasPendingOperations(state, project, stack), waitMs, 100);
    assert.ok(existsSync(creating) && hasPendingOperations(state, project, stack), text);
    return { child, ended };
  }

  before(async () => {
    for (const made of [state, env.SUPERCLUSTER_CACHE]) mkdirSync(made);
    for (const shared of ["node_modules", "tools"])
      symlinkSync(path.join(projectFolder, shared), path.join(folder, shared));
    writeFileSync(
      path.join(folder, "Pulumi.yaml"),
      [
        `name: ${project}`,
        "runtime:",
        "  name: nodejs",
        "  options: { typescript: false, nodeargs: --require=./tools/runtime.cjs }\n",
      ].join("\n"),
    );
    writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name: project, main: "index.js" }));
    writeFileSync(
      path.join(folder, "index.js"),
      `const { CustomResource } = require("@pulumi/pulumi");
       const __provider = 'exports.handler=()=>require(process.cwd()+"/provider.js")';
       new CustomResource("pulumi-nodejs:dynamic/tiny:Slow", "slow", { __provider });`,
    );
    writeFileSync(
      path.join(folder, "provider.js"),
      `const seconds = () => Number(require("node:fs").readFileSync("seconds", "utf8"));
       exports.create = (inputs) => {
         require("node:fs").writeFileSync("creating", "");
         return new Promise((resolve) => setTimeout(() => resolve({ id: "slow", outs: inputs }), seconds() * 1000));
       };`,
    );
    await run(["stack", "init", stack, "--no-select", "--non-interactive"]);
  });

  afterEach(() => endOrphans(state));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("because Pulumi was killed: the next ends its orphans, releases its lock, clears what was pending", async () => {
    const { ended } = await startSlowUpdate();
    process.kill(lockHolder()!, "SIGKILL");
    const { code, text } = await ended;
    assert.equal(code, 1);
    assert.match(text, /pulumi was killed \(SIGKILL\); run the same command again/);

    slow(0);
    await endOrphans(state);
    assert.deepEqual(orphans(), []);
    await recover(project, stack, run, state);
    assert.deepEqual(locksOf(state, project, stack), []);
    assert.ok(!hasPendingOperations(state, project, stack));
    await run(up);
    assert.match(readFileSync(path.join(env.SUPERCLUSTER_CACHE, "logs", `${stack}.up.log`), "utf8"), /\+ \d created/);
    await run(["destroy", "--stack", stack, "--yes", "--skip-preview", "--non-interactive"]);
  });

  it("because Pulumi was killed while the next one waited: what it leaves behind only then is ended too", async () => {
    const { child } = await startSlowUpdate();
    const engine = lockHolder()!;
    const recovered = recover(project, stack, run, state);
    await sleep(600);
    assert.equal(lockHolder(), engine, "it is waited for");
    child.kill("SIGKILL");
    process.kill(engine, "SIGKILL");
    await recovered;
    assert.deepEqual(orphans(), []);
    assert.deepEqual(locksOf(state, project, stack), []);

    slow(0);
    await run(up);
    await run(["destroy", "--stack", stack, "--yes", "--skip-preview", "--non-interactive"]);
  });

  it("because of Ctrl-C: pulumi is asked once and finishes, a second press kills it, the code is 130", async () => {
    const { child, ended } = await startSlowUpdate();
    child.kill("SIGINT");
    await sleep(1_500);
    // The resource takes minutes, and Pulumi waits for it.
    assert.equal(child.exitCode, null);
    child.kill("SIGINT");
    const { code, text } = await ended;
    assert.equal(code, 130);
    assert.match(text, /operations in progress finish first/);

    slow(0);
    await endOrphans(state);
    await recover(project, stack, run, state);
    await run(up);
    assert.deepEqual(locksOf(state, project, stack), []);
    assert.deepEqual(orphans(), []);
  });
});
