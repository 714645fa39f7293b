import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { lockFolder } from "../../../../workers/database/folder-lock";
import { waitMs } from "../../../support/limits";

describe("the lock of a database's folder", function () {
  this.timeout(2 * waitMs);
  let parent: string;
  let folder: string;
  let lock: string;
  beforeEach(() => {
    parent = fs.mkdtempSync(path.join(os.tmpdir(), "folder-lock-"));
    folder = path.join(parent, "state");
    lock = `${folder}.lock`;
  });
  afterEach(() => fs.rmSync(parent, { recursive: true, force: true }));

  /** A process that has locked the folder. */
  async function owner(): Promise<ChildProcess> {
    const program = 'require("./workers/database/folder-lock").lockFolder(process.argv[1]); console.log("locked");';
    const child = spawn(
      process.execPath,
      ["-r", "./tools/runtime.cjs", "-e", `${program} setInterval(() => {}, 1_000)`, folder],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    await once(child.stdout, "data");
    return child;
  }

  it("is one process's at a time, this one's included, until it is released", () => {
    const release = lockFolder(folder);
    assert.throws(() => lockFolder(`${folder}/`), /is in use by process/);
    release();
    lockFolder(folder)();
    assert.ok(!fs.existsSync(lock));
  });

  it("is another's while that runs, and is taken over once it was killed", async () => {
    const child = await owner();
    try {
      assert.throws(() => lockFolder(folder), new RegExp(`is in use by process ${child.pid}\\b.*delete ${lock}`));
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    lockFolder(folder)();
  });

  it("of a process with this one's id, as a container's first has after each restart, is taken over", () => {
    fs.writeFileSync(lock, `${process.pid} 1 ${os.hostname()}`);
    lockFolder(folder)();
    // As it was written before.
    fs.writeFileSync(lock, String(process.pid));
    lockFolder(folder)();
  });

  it("of another host or container is kept: whether that runs cannot be seen from here", () => {
    fs.writeFileSync(lock, `${process.pid} 1 another-host`);
    assert.throws(() => lockFolder(folder), /is in use by process \d+ of another-host/);
  });
});
