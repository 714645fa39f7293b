// The record of what was installed: .cache/toolchain.json. Reading it is all that a second start costs.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { projectFolder } from "./pins.mjs";

/** The project's own cache folder: `SUPERCLUSTER_CACHE`, or `.cache` in the project. */
export function cacheFolder(env = process.env) {
  return resolve(projectFolder, env.SUPERCLUSTER_CACHE || ".cache");
}

/** Makes a folder that only this user can read: keys and state lie below the cache. */
export function makePrivateFolder(folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** What was installed, by the executable's name; empty where nothing is. */
export function readRecord(cache = cacheFolder()) {
  try {
    return JSON.parse(readFileSync(`${cache}/toolchain.json`, "utf8")).tools ?? {};
  } catch {
    return {};
  }
}

/** Replaces the record in one step, so that no reader sees half of it. */
export function writeRecord(cache, tools) {
  const file = `${cache}/toolchain.json`;
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify({ tools }, null, 2)}\n`);
  renameSync(`${file}.${process.pid}`, file);
}

/** A record's entry for a file as it is now. */
export function entryFor(name, file, facts) {
  const { size, mtimeMs } = statSync(file);
  return { name, path: file, sha256: sha256(file), size, mtimeMs, ...facts };
}

/** Whether the file is still the recorded one. It is read only where its size or time has changed. */
export function isUnchanged(entry) {
  try {
    const { size, mtimeMs } = statSync(entry.path);
    return size === entry.size && (mtimeMs === entry.mtimeMs || sha256(entry.path) === entry.sha256);
  } catch {
    return false;
  }
}

/** The SHA-256 of a file, in hexadecimal. */
function sha256(file) {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
