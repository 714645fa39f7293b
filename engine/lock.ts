import { mkdirSync } from "node:fs";
import * as path from "node:path";
import { cacheDir } from "../config/cache";
import { withLock } from "../tools/lock.mjs";
import { logProgress } from "./terminal";

/**
 * One command at a time changes an environment; a second one waits and prints for which. A dead process loses its lock.
 */
export function withEnvironmentLock<T>(environment: string, what: string, action: () => Promise<T>): Promise<T> {
  const folder = path.join(cacheDir(), "locks");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const line = (_: string, text: string) => logProgress(`${environment}: ${text}`);
  const log = { step: line, warn: line, progress: line };
  return withLock(path.join(folder, `${environment}.json`), { log, what }, action);
}
