import type { Log } from "./log.mjs";

/**
 * Runs `action` while holding the lock `file`, whose folder must exist; its files are `<file>.<n>`. Logs when it has to
 * wait for another process, and when it takes over the lock of one that is gone.
 *
 * @param options `what` describes the action to those that wait; `pollMs`: 250 by default; `patienceMs`: 20 minutes
 * @throws {ToolchainError} when another process holds the lock for longer than `patienceMs`
 */
export function withLock<T>(
  file: string,
  options: { log?: Log; what: string; pollMs?: number; patienceMs?: number },
  action: () => Promise<T>,
): Promise<T>;
