import { strict as assert } from "node:assert";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { pollUntil } from "../../config/poll-until";
import { startOf } from "../../tools/processes.mjs";
import { waitMs } from "../support/limits";

interface Held {
  /** Marked as one command of the run. */
  command: number;
  /** Marked as part of the run. */
  other: number;
  /** With a clean environment, as local servers are started. */
  server: number;
}

describe("tools: the guard of a run", function () {
  this.timeout(waitMs);
  const started: number[] = [];
  after(() => {
    for (const pid of started) if (startOf(pid)) process.kill(pid, "SIGKILL");
  });

  async function begin(...what: string[]): Promise<{ run: ChildProcess; held: Held }> {
    const run = fork(join(__dirname, "../support/guarded-run.ts"), what, {
      execArgv: ["-r", "./tools/runtime.cjs"],
    });
    const [held] = (await once(run, "message")) as [Held];
    started.push(held.command, held.other, held.server);
    return { run, held };
  }
  const running = ({ command, other, server }: Held) => [command, other, server].map((pid) => startOf(pid) !== "");
  async function become(held: Held, expected: [command: boolean, other: boolean, server: boolean]): Promise<void> {
    await pollUntil(() => isDeepStrictEqual(running(held), expected) || undefined, waitMs, 50);
    assert.deepEqual(running(held), expected);
  }

  it("ends all that the run has started when it is killed, apart from servers", async () => {
    const { run, held } = await begin();
    assert.deepEqual(running(held), [true, true, true]);
    run.kill("SIGKILL");
    await become(held, [false, false, true]);
  });

  it("ends what is left of one command, and nothing else", async () => {
    const { run, held } = await begin("end the command");
    await become(held, [false, true, true]);
    run.kill("SIGKILL");
    await become(held, [false, false, true]);
  });

  it("ends nothing when the run has succeeded", async () => {
    const { run, held } = await begin();
    run.send("exit");
    assert.deepEqual(await once(run, "exit"), [0, null]);
    assert.deepEqual(running(held), [true, true, true]);
  });
});
