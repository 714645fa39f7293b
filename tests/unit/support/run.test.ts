import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { pollUntil } from "../../../config/poll-until";
import { startOf } from "../../../tools/processes.mjs";
import { isOwnerAlive, ownerName } from "../../support/run";

/** What a run has started and made, for `tests/support/run-holder.ts` to report. */
interface Held {
  run: string;
  ports: number;
  /** Started with the environment of the run. */
  child: number;
  /** With a clean environment, and recorded as servers are. */
  server: number;
  /** The same, and recorded with another start time: the id of another process now. */
  stranger: number;
}

describe("a test run", () => {
  const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), "runs-"));
  const started: number[] = [];
  after(() => {
    for (const pid of started) if (startOf(pid)) process.kill(pid, "SIGKILL");
    // What was just killed may still write there for a moment.
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });

  /** Another run, with a temporary folder of this test's own in place of the user's. */
  async function begin(): Promise<{ holder: ChildProcess; held: Held }> {
    const { SUPERCLUSTER_TEST_RUN: _, ...env } = process.env;
    const holder = fork(path.join(__dirname, "../../support/run-holder.ts"), {
      execArgv: ["-r", "./tools/runtime.cjs"],
      env: { ...env, TMPDIR: folder },
    });
    const [held] = (await once(holder, "message")) as [Held];
    started.push(holder.pid!, held.child, held.server, held.stranger);
    return { holder, held };
  }
  const runs = ({ child, server, stranger }: Held) => [child, server, stranger].map((pid) => startOf(pid) !== "");
  /** Signals take a moment to arrive. */
  const become = (held: Held, expected: [child: boolean, server: boolean, stranger: boolean]) =>
    pollUntil(async () => (isDeepStrictEqual(runs(held), expected) ? true : undefined), 60_000);
  const claim = ({ run, ports }: Held) => path.join(path.dirname(run), "ports", String(ports));

  it("that was killed leaves no process and no folder behind; only what is recorded is ended", async () => {
    const killed = await begin();
    const alive = await begin();
    assert.notEqual(alive.held.ports, killed.held.ports);
    killed.holder.kill("SIGKILL");
    await once(killed.holder, "exit");
    await become(killed.held, [false, false, true]);
    await pollUntil(() => !fs.existsSync(killed.held.run) || undefined, 60_000);
    assert.deepEqual([runs(killed.held), fs.existsSync(killed.held.run)], [[false, false, true], false]);
    assert.deepEqual([runs(alive.held), fs.existsSync(alive.held.run)], [[true, true, true], true]);
    assert.equal(isOwnerAlive(fs.readFileSync(claim(alive.held), "utf8")), true);

    const next = await begin();
    assert.equal(isOwnerAlive(fs.readFileSync(claim(killed.held), "utf8")), next.held.ports === killed.held.ports);

    for (const { holder, held } of [alive, next]) {
      holder.disconnect();
      await once(holder, "exit");
      await become(held, [false, false, true]);
      assert.deepEqual([runs(held), fs.existsSync(held.run)], [[false, false, true], false]);
      assert.equal(fs.existsSync(claim(held)), false);
    }
  });

  it("is known by host, process id and start time", () => {
    assert.equal(isOwnerAlive(ownerName()), true);
    assert.equal(isOwnerAlive(ownerName().replace(/_[^_]+$/, "_1")), false);
    assert.equal(isOwnerAlive("another-host_1_1"), true, "that cannot be known, so nothing of it is touched");
  });
});
