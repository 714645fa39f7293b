// No process of a run outlives it, whatever kills it (docs/adr/0021). All that a run starts inherits a mark in its
// environment; a guard outside the run holds one end of a pipe that closes when the run's first process dies, and then
// ends all that carry the mark. Servers of local environments get a clean environment: they are not part of a run.
import { spawn } from "node:child_process";
import { basename } from "node:path";
import { realpathSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { end, processes, processOf, startOf } from "./processes.mjs";

/** The environment variable that holds the mark: `<pid>-<start time>`, for each command of a run with `/<number>`. */
const MARK = "SUPERCLUSTER_RUN";

const own = () => `${process.pid}-${startOf(process.pid).replace(/\W+/g, "-")}`;
let commands = 0;

/** The environment for one command, with a mark of its own to end what is left of it with `endMarked`. */
export function markCommand(env) {
  const mark = `${own()}/${++commands}`;
  return { env: { ...env, [MARK]: mark }, mark };
}

/** Marks all that this process starts, and ends it with this process, which itself ends with its npm. */
export function guardRun() {
  const mark = own();
  const { [MARK]: _, ...env } = process.env;
  guard([process.execPath, fileURLToPath(import.meta.url), mark], env);
  process.env[MARK] = mark;
  exitWithNpm();
}

/** Exits when the npm that runs this process as a script is killed: npm cannot end its scripts then. */
export function exitWithNpm() {
  const npm = npmAbove();
  if (npm === undefined) return;
  const started = startOf(npm);
  setInterval(() => startOf(npm) === started || process.exit(1), process.platform === "linux" ? 1_000 : 3_000).unref();
}

/** Runs a command when this process has ended, by itself or killed, unless it ended with exit code 0. */
export function guard(command, env) {
  // A shell costs next to nothing while it waits. It reads until the other end of the pipe is closed.
  const child = spawn("sh", ["-c", 'read -r _; exec "$0" "$@"', ...command], {
    env,
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  child.on("error", () => undefined);
  child.unref();
  child.stdin.unref();
  process.once("exit", (code) => code === 0 && child.kill("SIGKILL"));
}

/** The npm that runs this process as a script, past the shell that it starts scripts with. */
function npmAbove() {
  if (!process.env.npm_lifecycle_event) return undefined;
  const parent = processOf(process.ppid);
  return /^\w*sh$/.test(basename(parent?.args[0] ?? "")) ? parent.parent : parent?.pid;
}

/** Ends all processes with a mark, and with those that it begins; their children too, however late they appear. */
export async function endMarked(mark, patienceMs = 10_000) {
  const marked = () =>
    processes().flatMap(({ pid, env }) =>
      pid !== process.pid && (env[MARK] === mark || env[MARK]?.startsWith(`${mark}/`)) ? [pid] : [],
    );
  const deadline = Date.now() + patienceMs;
  for (let left = marked(); left.length > 0 && Date.now() < deadline; left = marked()) {
    await end(left);
    await sleep(50);
  }
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  void endMarked(process.argv[2]);
}
