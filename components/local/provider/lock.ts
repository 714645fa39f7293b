import * as fs from "node:fs/promises";
import * as path from "node:path";
import { withLock } from "../../../tools/lock.mjs";

const patienceMs = 30 * 60_000;
const queues = new Map<string, Promise<unknown>>();

/**
 * Runs a task while no other one runs with the same folder, in this process (in order of arrival) and in all others.
 * The lock of a dead process is free.
 *
 * @param folder where the lock file is
 * @param what what is done, for messages of those that wait
 * @throws when another process holds the lock for 30 minutes
 */
export function exclusively<T>(folder: string, what: string, work: () => Promise<T>): Promise<T> {
  const turn = (queues.get(folder) ?? Promise.resolve()).then(async () => {
    await fs.mkdir(folder, { recursive: true, mode: 0o700 });
    return withLock(path.join(folder, "restart.lock"), { what, pollMs: 100, patienceMs }, work);
  });
  queues.set(
    folder,
    turn.catch(() => undefined),
  );
  return turn;
}
