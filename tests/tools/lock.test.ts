import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { withLock } from "../../tools/lock.mjs";
import { recordingLog, temporaryFolder } from "./support";

describe("tools: lock", () => {
  const folder = temporaryFolder();
  const lock = (name: string) => join(folder, name);
  const rowOf = (file: string) =>
    readdirSync(folder)
      .filter((name) => name.startsWith(`${basename(file)}.`))
      .map((name) => [name, readFileSync(join(folder, name), "utf8")]);

  it("is held during the action and free after it, also when it fails", async () => {
    const file = lock("a");
    const log = recordingLog();
    await assert.rejects(
      withLock(file, { log, what: "testing" }, async () => {
        assert.equal((JSON.parse(readFileSync(`${file}.1`, "utf8")) as { pid: number }).pid, process.pid);
        throw new Error("failed");
      }),
      /failed/,
    );
    assert.deepEqual(rowOf(file), [["a.1", ""]]);
    assert.deepEqual(log.lines, []);
  });

  it("lets one in at a time, and the other says for whom it waits", async () => {
    const file = lock("b");
    const log = recordingLog();
    let inside = 0;
    const visit = () =>
      withLock(file, { log, what: "testing", pollMs: 5 }, async () => {
        assert.equal(++inside, 1);
        await new Promise((resolve) => setTimeout(resolve, 30));
        inside--;
      });
    await Promise.all([visit(), visit(), visit()]);
    assert.deepEqual(
      new Set(log.lines),
      new Set([`lock: waiting for process ${process.pid} on ${hostname()} (testing)`]),
    );
  });

  it("of a process that is gone is taken over, by one of several that wait", async () => {
    const file = lock("c");
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    writeFileSync(`${file}.1`, JSON.stringify({ pid: child.pid, started: "1", host: hostname(), what: "dead" }));
    const log = recordingLog();
    let inside = 0;
    const visit = () =>
      withLock(file, { log, what: "testing", pollMs: 5 }, async () => {
        assert.equal(++inside, 1);
        await new Promise((resolve) => setTimeout(resolve, 10));
        inside--;
      });
    await Promise.all([visit(), visit(), visit()]);
    assert.ok(log.lines.includes(`lock: taken over from process ${child.pid}, which is gone`));
    assert.deepEqual(rowOf(file), [["c.4", ""]]);
  });

  it("of a process whose id now belongs to another is taken over", async () => {
    const file = lock("d");
    const dead = { pid: process.pid, started: "long ago", host: hostname(), what: "dead" };
    writeFileSync(`${file}.1`, JSON.stringify(dead));
    await withLock(file, { log: recordingLog(), what: "testing" }, async () => undefined);
  });

  it("of another machine is never taken over: the error names it and the file", async () => {
    const file = lock("e");
    writeFileSync(`${file}.1`, JSON.stringify({ pid: 1, started: "1", host: "elsewhere", what: "installing tools" }));
    await assert.rejects(
      withLock(file, { log: recordingLog(), what: "testing", pollMs: 5, patienceMs: 20 }, async () => undefined),
      new RegExp(`process 1 on elsewhere \\(installing tools\\) still holds ${file}\\.1; .*delete that file`),
    );
    assert.ok(existsSync(`${file}.1`));
  });
});
