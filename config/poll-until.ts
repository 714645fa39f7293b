import { setTimeout as sleep } from "node:timers/promises";

/**
 * Calls `find` at once, and `everyMs` milliseconds after each answer again, until it returns something other than
 * `undefined` or `false`; returns that, or `undefined` when `withinMs` milliseconds have passed. There is always a call
 * after a pause, so what came true while this process was suspended is not missed. What `find` throws ends the wait: a
 * caller for which an error means "not yet" catches it inside.
 */
export async function pollUntil<T>(
  find: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs: number,
  everyMs = 50,
): Promise<T | undefined> {
  for (const deadline = Date.now() + withinMs; ; await sleep(everyMs)) {
    const found = await find();
    if (found !== undefined && found !== false) return found;
    if (Date.now() >= deadline) return undefined;
  }
}
