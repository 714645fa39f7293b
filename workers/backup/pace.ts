import { setTimeout as sleep } from "node:timers/promises";

/** The least rate, in bytes a second: slower, servers would end a snapshot before its next chunk is acknowledged. */
export const slowest = 256 * 1024;

/**
 * Holds back so that not more than `rate` bytes a second pass, counted from the first. A pause earns no more than a
 * second's worth.
 */
export function paced(rate: number): (bytes: number) => Promise<void> {
  let due = 0;
  return async (bytes) => {
    const now = performance.now();
    due = Math.max(due, now - 1_000) + (bytes / rate) * 1_000;
    if (due > now) await sleep(due - now);
  };
}
