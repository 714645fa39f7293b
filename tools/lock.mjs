// One process at a time, across processes; the lock of a process that is gone is free.
//
// A lock is a row of numbered files, `<file>.<n>`; the highest counts. Taking it is making the next number, which the
// file system lets only one process do, with its content already in it. So two processes that find a dead holder at
// once cannot both remove its file; the highest number is never removed at all, only emptied.
import { randomUUID } from "node:crypto";
import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ToolchainError } from "./log.mjs";
import { startOf } from "./processes.mjs";

const PATIENCE_MS = 20 * 60_000;

export async function withLock(file, { log, what, pollMs = 250, patienceMs = PATIENCE_MS }, action) {
  const mine = JSON.stringify({ pid: process.pid, started: startOf(process.pid), host: hostname(), what });
  const deadline = Date.now() + patienceMs;
  let logged = false;
  let lock;
  for (;;) {
    const last = highest(file);
    const text = read(`${file}.${last}`);
    const holder = text ? parse(text) : undefined;
    if (!holder || !isAlive(holder)) {
      lock = take(file, last + 1, mine);
      if (lock && holder) log?.step("lock", `taken over from process ${holder.pid}, which is gone`);
      if (lock) break;
      continue;
    }
    if (!logged) log?.step("lock", `waiting for process ${holder.pid} on ${holder.host} (${holder.what})`);
    logged = true;
    if (Date.now() > deadline) {
      throw new ToolchainError(
        `process ${holder.pid} on ${holder.host} (${holder.what}) still holds ${file}.${last}; ` +
          "end that process or, if it is gone, delete that file; then run this again",
      );
    }
    await sleep(pollMs);
  }
  const release = () => read(lock) === mine && writeFileSync(lock, "");
  process.once("exit", release);
  try {
    return await action();
  } finally {
    process.removeListener("exit", release);
    release();
  }
}

/** Makes a number of the row; returns its file, or undefined if another process was quicker. */
function take(file, number, content) {
  const lock = `${file}.${number}`;
  const draft = `${lock}.${randomUUID()}`;
  writeFileSync(draft, content, { mode: 0o600 });
  try {
    linkSync(draft, lock);
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return undefined;
  } finally {
    rmSync(draft, { force: true });
  }
  // A number that others have already taken, released and cleared away can be made again: then a higher one is there.
  if (highest(file) > number) {
    rmSync(lock, { force: true });
    return undefined;
  }
  for (const old of numbers(file)) if (old < number) rmSync(`${file}.${old}`, { force: true });
  return lock;
}

const highest = (file) => Math.max(0, ...numbers(file));

function numbers(file) {
  const prefix = `${basename(file)}.`;
  return readdirSync(dirname(file))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)))
    .map((name) => Number(name.slice(prefix.length)));
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
  // Another machine's processes cannot be seen from here.
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
