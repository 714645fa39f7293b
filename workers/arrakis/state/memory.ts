import type { State } from "./state";

/** Entries at most; the oldest make room. */
const most = 10_000;

/** State of this process alone, gone when it ends. */
export function memoryState(now: () => number = Date.now): State {
  const entries = new Map<string, { value: string; until: number }>();
  return {
    used: false,
    awaited: false,
    get(key) {
      const found = entries.get(key);
      if (found && found.until <= now()) entries.delete(key);
      return Promise.resolve(entries.get(key)?.value);
    },
    set(key, value, forMs) {
      entries.delete(key);
      entries.set(key, { value, until: now() + forMs });
      for (const [oldest] of entries) {
        if (entries.size <= most) break;
        entries.delete(oldest);
      }
      return Promise.resolve();
    },
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
