import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir, userInfo } from "node:os";
import * as path from "node:path";
import { hasPendingOperations, isEmpty, locksOf, stackExists } from "../../../engine/backend";
import { Failure } from "../../../engine/failure";
import { enginesOn, isEngine, orphansOf } from "../../../engine/processes";
import { runRecovering } from "../../../engine/recovery";
import { PulumiFailure, type Result } from "../../../engine/run";
import { holderOf } from "../../../engine/stack-locks";
import { type Process, processes } from "../../../tools/processes.mjs";

const backend = "file:///cache/state";
const proc = (pid: number, parent: number, command: string, url = backend): Process => ({
  pid,
  parent,
  args: command.split(" "),
  env: { PULUMI_BACKEND_URL: url },
});

describe("what a killed run leaves behind", () => {
  it("is ended, but nothing of a run that lives, and no server", () => {
    const all = [
      proc(10, 1, "/cache/bin/pulumi up --stack local-iad"),
      proc(11, 10, "/cache/bin/pulumi-language-nodejs 127.0.0.1:1"),
      proc(12, 11, "node /p/node_modules/@pulumi/pulumi/cmd/run/index.js"),
      proc(20, 1, "/cache/bin/pulumi-language-nodejs 127.0.0.1:2"),
      proc(21, 20, "node --require=./tools/runtime.cjs /p/node_modules/@pulumi/pulumi/cmd/run/index.js"),
      proc(22, 1, "/bin/sh /cache/bin/pulumi-resource-pulumi-nodejs 127.0.0.1:2"),
      proc(23, 22, "node /p/node_modules/@pulumi/pulumi/cmd/dynamic-provider/index.js"),
      proc(30, 1, "/cache/bin/nats-server -c /cache/environments/local/iad/iad-0/nats.conf"),
      proc(31, 1, "/bin/bash"),
      proc(32, 31, "node repl.js"),
      proc(40, 1, "/usr/bin/pulumi-language-nodejs 127.0.0.1:3", "file:///elsewhere"),
    ];
    assert.deepEqual(
      orphansOf(all, backend).map(({ pid }) => pid),
      [20, 21, 22, 23],
    );
  });

  it("tells a run that has no lock yet by its command", () => {
    const all = [
      proc(10, 1, "/cache/bin/pulumi up --stack local-iad"),
      proc(11, 10, "/cache/bin/pulumi-language-nodejs 127.0.0.1:1"),
      proc(12, 1, "/cache/bin/pulumi up --stack local-iad", "file:///elsewhere"),
      proc(13, 1, "/cache/bin/pulumi up --stack local-ams"),
    ];
    assert.deepEqual(
      enginesOn(all, backend, "local-iad").map(({ pid }) => pid),
      [10],
    );
  });

  it("is found among the processes of this machine", () => {
    const own = processes().find(({ pid }) => pid === process.pid)!;
    assert.equal(own.parent, process.ppid);
    assert.ok(own.args.length > 0);
    assert.ok(own.env.PATH);
  });
});

describe("the file backend", () => {
  const state = mkdtempSync(path.join(tmpdir(), "state-"));
  after(() => rmSync(state, { recursive: true }));
  const stacks = path.join(state, ".pulumi", "stacks", "p");
  const locks = path.join(state, ".pulumi", "locks", "organization", "p", "s");

  before(() => {
    mkdirSync(stacks, { recursive: true });
    mkdirSync(locks, { recursive: true });
    writeFileSync(
      path.join(stacks, "s.json"),
      JSON.stringify({ checkpoint: { latest: { resources: [{}], pending_operations: [{}] } } }),
    );
    writeFileSync(path.join(stacks, "new.json"), JSON.stringify({ checkpoint: { latest: null } }));
    writeFileSync(
      path.join(locks, "1.json"),
      JSON.stringify({ pid: 7, username: "u", hostname: "here", timestamp: "2026-01-01T00:00:00Z" }),
    );
    writeFileSync(path.join(locks, "1.json.attrs"), "{}");
  });

  it("says which stacks there are, whether they are empty, and were cut off", () => {
    assert.deepEqual([stackExists(state, "p", "s"), stackExists(state, "p", "x")], [true, false]);
    assert.deepEqual(
      [isEmpty(state, "p", "s"), isEmpty(state, "p", "new"), isEmpty(state, "p", "x")],
      [false, true, true],
    );
    assert.deepEqual([hasPendingOperations(state, "p", "s"), hasPendingOperations(state, "p", "new")], [true, false]);
  });

  it("tells a lock whose process is gone from one that is held, and from another machine's", () => {
    const [lock] = locksOf(state, "p", "s");
    assert.equal(lock!.pid, 7);
    const here = { hostname: "here", username: "u" };
    assert.equal(holderOf(lock!, [proc(7, 1, "/bin/pulumi up")], here), "alive");
    assert.equal(holderOf(lock!, [proc(7, 1, "/bin/other")], here), "dead");
    assert.equal(holderOf(lock!, [], here), "dead");
    assert.equal(holderOf(lock!, [], { ...here, hostname: "there" }), "foreign");
    assert.equal(holderOf(lock!, [], { ...here, username: "another" }), "foreign");
    assert.deepEqual(locksOf(state, "p", "new"), []);
  });

  it("knows Pulumi's own command from its plugins", () => {
    assert.ok(isEngine(["/x/pulumi", "up"]));
    assert.ok(!isEngine(["/x/pulumi-language-nodejs"]));
  });
});

const result = (output: string, stdout = ""): Result => ({
  ...{ summary: "", isUnchanged: false, diagnostics: output, events: [], log: "", milliseconds: 0, exitCode: 0 },
  output,
  stdout,
});
const failing = (output: string) => new PulumiFailure({ stack: "iad", args: ["up"], env: {} }, result(output));
/** Above the largest process id. */
const noProcess = 2 ** 22 + 1;
const locked = failing(
  "error: the stack is currently locked by 1 lock(s). Either wait ...\n" +
    `  s3://b/1.json: created by ${userInfo().username}@${hostname()} (pid ${noProcess}) at 2026-01-01T00:00:00Z`,
);
const state = (pending: object[]) => JSON.stringify({ deployment: { pending_operations: pending } });
const creating = (type: string) => ({ type: "creating", resource: { urn: `urn:pulumi:iad::p::${type}::it`, type } });

/** What is run on a stack, and how it ends: `up` fails in these ways, in their order, and then succeeds. */
async function ran(failures: Error[], answers: Record<string, string> = {}) {
  const left = [...failures];
  const commands: string[] = [];
  const command = ([name, sub, ...rest]: string[]): Promise<Result> => {
    const what = name === "stack" ? `stack ${[sub, ...rest].includes("--json") ? "--json" : sub}` : name!;
    commands.push(what);
    const failure = what === "up" ? left.shift() : undefined;
    return failure ? Promise.reject(failure) : Promise.resolve(result("", answers[what] ?? ""));
  };
  const ended = await runRecovering("iad", command, ["up", "--stack", "iad"]).then(
    () => undefined,
    (error: Error) => error,
  );
  return { commands, ended };
}

describe("a run on a stack that is locked", () => {
  it("releases the lock of a process that has ended, once it is reported again, and goes on", async () => {
    const { commands, ended } = await ran([locked, locked], { "stack export": state([]) });
    assert.equal(ended, undefined);
    assert.deepEqual(commands, ["up", "up", "stack export", "cancel", "up"]);
  });

  it("releases nothing where the lock was gone at the second try: its run had just ended", async () => {
    assert.deepEqual((await ran([locked])).commands, ["up", "up"]);
  });

  it("clears what was pending where creating it again makes no second one", async () => {
    const answers = { "stack export": state([creating("kubernetes:core/v1:Secret")]) };
    assert.deepEqual((await ran([locked, locked], answers)).commands, [
      ...["up", "up", "stack export", "cancel"],
      ...["refresh", "up"],
    ]);
  });

  it("is left to an operator where the killed run may have created what is not in the state", async () => {
    const { commands, ended } = await ran([locked, locked], { "stack export": state([creating("aws:kms/key:Key")]) });
    assert.deepEqual(commands, ["up", "up", "stack export"]);
    assert.ok(ended instanceof Failure);
    assert.match(ended.message, /aws:kms\/key:Key it\n.*Nothing was done to this stack/);
  });

  it("is told who has an update in progress in Pulumi Cloud", async () => {
    const conflict = failing("error: [409] Conflict: Another update is currently in progress.");
    const currentOperation = { kind: "update", author: "ann", started: "2026-01-01T00:00:00Z" };
    const { commands, ended } = await ran([conflict], { "stack --json": JSON.stringify({ currentOperation }) });
    assert.deepEqual(commands, ["up", "stack --json"]);
    assert.match(ended!.message, /another update in progress: update by ann, started 2026-01-01T00:00:00Z/);
  });

  it("fails as it did for any other reason", async () => {
    const other = failing("error: update failed");
    const { commands, ended } = await ran([other]);
    assert.deepEqual([commands, ended], [["up"], other]);
  });
});
