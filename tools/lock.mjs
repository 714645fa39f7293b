// One process at a time, across processes; the lock of a process that is gone is taken over.
import { execFileSync } from "node:child_process";
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { ToolchainError } from "./log.mjs";

const PATIENCE_MS = 20 * 60_000;

/** Runs `action` while holding the lock `file`; logs when it has to wait for another process. */
export async function withLock(file, { log, what, pollMs = 250, patienceMs = PATIENCE_MS }, action) {
  const mine = JSON.stringify({ pid: process.pid, started: startOf(process.pid), host: hostname(), what });
  const deadline = Date.now() + patienceMs;
  let logged = false;
  while (!take(file, mine)) {
    const text = read(file);
    if (text === undefined) continue;
    const holder = parse(text);
    if (!isAlive(holder)) {
      log.step("lock", `taken over from process ${holder.pid}, which is gone`);
      discard(file, text);
      continue;
    }
    if (!logged) log.step("lock", `waiting for process ${holder.pid} on ${holder.host} (${holder.what})`);
    logged = true;
    if (Date.now() > deadline) {
      throw new ToolchainError(
        `process ${holder.pid} on ${holder.host} (${holder.what}) still holds ${file}; ` +
          `when it is done or gone, delete that file and start again`,
      );
    }
    await sleep(pollMs);
  }
  const release = () => read(file) === mine && rmSync(file, { force: true });
  process.once("exit", release);
  try {
    return await action();
  } finally {
    process.removeListener("exit", release);
    release();
  }
}

/** Linking a finished file makes the lock and its content appear in one step. */
function take(file, content) {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, content);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Removes a dead holder's lock, and only that: another process may have been quicker. */
function discard(file, expected) {
  const aside = `${file}.${process.pid}.dead`;
  try {
    renameSync(file, aside);
    if (read(aside) !== expected) linkSync(aside, file);
  } catch (error) {
    if (error.code !== "ENOENT" && error.code !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return { pid: 0 };
  }
}

function isAlive({ pid, started, host }) {
  // Another machine's processes cannot be looked at: only its owner can say.
  if (host !== undefined && host !== hostname()) return true;
  if (!pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code === "ESRCH") return false;
  }
  // A process id is used again after a while; the start time tells the two apart.
  return startOf(pid) === started;
}

/** When a process started, in the words of the operating system; empty when there is none, or only its remains. */
export function startOf(pid) {
  try {
    if (process.platform === "linux") {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      // The command, in parentheses, may hold anything: what counts comes after it. State is field 3, start time field 22.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      // One that waits to be reaped is gone, unless other threads of it still hold its ports.
      const gone = fields[0] === "Z" && readdirSync(`/proc/${pid}/task`).length <= 1;
      return gone ? "" : fields[19];
    }
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
  } catch {
    return "";
  }
}
