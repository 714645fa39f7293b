import * as assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { createLogger, SettingsError, startWorker, workerExitCode } from "../../../../workers/messaging";
import { pollUntil } from "../../../../config/poll-until";
import { waitMs } from "../../../support/limits";

const log = createLogger({ name: "test", level: "silent" });

/** No server listens at port 1. */
const env = { NATS_URL: "nats://127.0.0.1:1", HEALTH_PORT: "0" };

const codeOf = async (port: number, route: string) => (await fetch(`http://127.0.0.1:${port}${route}`)).status;

describe("worker without a server", () => {
  it("reports every mistake in its environment variables at once, before it does anything", async () => {
    const wrong = { NATS_URL: "http://a", HEALTH_PORT: "x", DATABASE_URL: "no" };
    const starting = startWorker({
      name: "test",
      env: wrong,
      log,
      settings: z.object({ DATABASE_URL: z.url("expected a URL") }),
      dependencies: () => assert.fail("made dependencies"),
      parts: () => assert.fail("made parts"),
    });
    await assert.rejects(starting, (error: Error) => {
      assert.ok(error instanceof SettingsError);
      for (const name of Object.keys(wrong))
        assert.ok(
          error.problems.some((problem) => problem.startsWith(name)),
          `${name} in ${error.message}`,
        );
      return true;
    });
  });

  it("is alive and not ready, and stops when asked", async () => {
    const worker = await startWorker({ name: "test", env, log, parts: () => assert.fail("made parts") });
    assert.equal(await codeOf(worker.healthPort, "/healthz"), 200);
    assert.equal(await codeOf(worker.healthPort, "/readyz"), 503);
    worker.stop("test");
    assert.equal(await worker.ended, workerExitCode.stopped);
    await assert.rejects(worker.started, /stopped before it had started/);
    await assert.rejects(codeOf(worker.healthPort, "/healthz"));
  });

  it("waits for its dependencies before it connects, and closes them", async () => {
    const events: string[] = [];
    let reachable = false;
    const worker = await startWorker({
      name: "test",
      env,
      log,
      settings: z.object({ NATS_URL: z.string() }),
      dependencies: ({ NATS_URL }) => ({
        [NATS_URL]: {
          check: async () => {
            events.push("asked");
            if (!reachable) throw new Error("not yet");
          },
          close: async () => events.push("closed"),
        },
      }),
      parts: () => assert.fail("made parts"),
    });
    assert.ok(await pollUntil(() => events.length > 1, waitMs));
    reachable = true;
    worker.stop("test");
    await worker.ended;
    assert.deepEqual([...new Set(events)], ["asked", "closed"]);
  });

  it("ends with an error where it cannot make what it needs", async () => {
    const worker = await startWorker({
      name: "test",
      env,
      log,
      dependencies: () => Promise.reject(new Error("no database")),
      parts: () => [],
    });
    await assert.rejects(worker.started, /no database/);
    assert.equal(await worker.ended, workerExitCode.failed);
  });

  it("fails where its health server cannot listen", async () => {
    const one = await startWorker({ name: "test", env, log, parts: () => [] });
    const other = startWorker({
      name: "test",
      env: { ...env, HEALTH_PORT: `${one.healthPort}` },
      log,
      parts: () => [],
    });
    await assert.rejects(other, { code: "EADDRINUSE" });
    one.stop("test");
    await one.ended;
  });
});

describe("process of a worker without a server", () => {
  const root = path.join(__dirname, "../../../..");

  /** Runs `runWorker` with such a main program. */
  function run(main: string, more: Record<string, string> = {}) {
    const program = `const { runWorker } = require("./workers/messaging"); ${main}`;
    const child = spawn(process.execPath, ["-r", "./tools/runtime.cjs", "-e", program], {
      cwd: root,
      env: { ...process.env, ...env, ...more },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    const ended = once(child, "close").then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as string,
    }));
    const wrote = async (what: string) => assert.ok(await pollUntil(() => output.includes(what), waitMs), output);
    return {
      child,
      ended,
      wrote,
      lines: () =>
        output
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as { msg: string }),
    };
  }
  const idle = 'void runWorker({ name: "test", parts: () => [] });';

  it("ends with 2 and one line with all mistakes where variables are wrong", async () => {
    const { ended, lines } = run(idle, { CONCURRENCY: "many", SHUTDOWN_GRACE: "long" });
    assert.deepEqual(await ended, { code: workerExitCode.settings, signal: null });
    const [line, ...others] = lines() as { msg: string; problems?: string[] }[];
    assert.deepEqual([others.length, line?.msg, line?.problems?.length], [0, "wrong settings", 2]);
  });

  it("ends with 0 after SIGTERM", async () => {
    const { child, ended, wrote, lines } = run(idle);
    await wrote("health server listens");
    child.kill("SIGTERM");
    assert.deepEqual(await ended, { code: workerExitCode.stopped, signal: null });
    assert.equal(lines().at(-1)?.msg, "ended");
  });

  it("ends at once after a second signal", async () => {
    const hanging = "{ db: { check: async () => {}, close: () => new Promise(() => {}) } }";
    // The same signal comes again at once, as if another process had passed it on.
    const again = 'process.once("SIGTERM", () => process.emit("SIGTERM", "SIGTERM", 15));';
    const main = `void runWorker({ name: "test", dependencies: () => (${hanging}), parts: () => [] }); ${again}`;
    const { child, ended, wrote } = run(main, { SHUTDOWN_GRACE: "1h" });
    await wrote("health server listens");
    child.kill("SIGTERM");
    await wrote("stopping");
    await sleep(300);
    assert.equal(child.exitCode, null);
    child.kill("SIGINT");
    assert.deepEqual(await ended, { code: 130, signal: null });
  });

  it("ends with 1 and a line of the log after an error that nothing has caught", async () => {
    const { ended, lines } = run(`${idle} setTimeout(() => Promise.reject(new Error("lost")), 50);`);
    assert.deepEqual(await ended, { code: workerExitCode.failed, signal: null });
    const { msg, err } = lines().at(-1) as { msg: string; err?: { message: string } };
    assert.deepEqual([msg, err?.message], ["uncaught error", "lost"]);
  });
});
