import type { Log } from "./log.mjs";

/** Runs `action` while holding the lock `file`; logs when it has to wait for another process. */
export function withLock<T>(
  file: string,
  options: { log: Log; what: string; pollMs?: number; patienceMs?: number },
  action: () => Promise<T>,
): Promise<T>;

/** When a process started, in the words of the operating system; empty when there is none, or only its remains. */
export function startOf(pid: number): string;
