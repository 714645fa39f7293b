import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { exclusively } from "../../components/local/provider/lock";
import { serversMs } from "../support/limits";

describe("lock of an environment", function () {
  this.timeout(serversMs);

  let folder: string;
  const children: ChildProcess[] = [];
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-lock-"));
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    fs.rmSync(folder, { recursive: true, force: true });
  });

  /** Another process that takes the lock `times` times and writes down when it had it; `hold` ms each. */
  function other(times: number, hold: number): ChildProcess {
    const child = fork(path.join(__dirname, "../support/lock-holder.ts"), [folder, String(times), String(hold)], {
      execArgv: ["-r", "./tools/runtime.cjs"],
    });
    children.push(child);
    return child;
  }

  const ended = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.once("exit", resolve));
  const held = (child: ChildProcess): Promise<unknown> => new Promise((resolve) => child.once("message", resolve));

  it("is held by one task at a time, within a process in the order of arrival", async () => {
    const order: string[] = [];
    const task = (name: string) =>
      exclusively(folder, name, async () => {
        order.push(`${name} begins`);
        await sleep(20);
        order.push(`${name} ends`);
        if (name === "b") throw new Error("a failed task lets the next one go on");
      });
    await Promise.allSettled(["a", "b", "c"].map(task));
    assert.deepEqual(order, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  });

  it("is held by one process at a time, also where holders are killed", async () => {
    const lucky = [other(5, 20), other(5, 20), other(5, 20)].map(ended);
    const killed = other(1, 60_000);
    await held(killed);
    killed.kill("SIGKILL");
    await Promise.all(lucky);
    const log = fs.readFileSync(path.join(folder, "log"), "utf8").trim().split("\n");
    const whole = log.filter((line) => !line.endsWith(String(killed.pid)));
    assert.equal(whole.length, 30);
    assert.match(whole.join(" "), /^(\+(\d+) -\2 ?)+$/);
  });

  it("leaves one file behind, however often it was held", async () => {
    for (let turn = 0; turn < 5; turn++) await exclusively(folder, "turn", async () => undefined);
    assert.equal(fs.readdirSync(folder).length, 1);
  });
});
