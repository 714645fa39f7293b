import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { hasPendingOperations, isEmpty, locksOf, stackExists } from "../../../engine/backend";
import { enginesOn, isEngine, orphansOf } from "../../../engine/processes";
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
