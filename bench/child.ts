import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";

/** Transpiled files are in the project's cache, not in that of the servers. */
export const projectCache = { SUPERCLUSTER_CACHE: undefined };

/** Starts a file of TypeScript as a process that talks by messages; `env` changes variables of this process. */
export const startChild = (file: string, env: NodeJS.ProcessEnv = {}): ChildProcess =>
  fork(file, {
    execArgv: ["-r", path.join(__dirname, "..", "tools", "runtime.cjs")],
    env: { ...process.env, ...env },
  });

/**
 * The next message of a child.
 * @throws {Error} where it ends without one
 */
export async function messageOf<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`${path.basename(child.spawnargs.at(-1)!)} ended with ${String(code)} before it had answered`);
  });
  const [message] = (await Promise.race([once(child, "message"), ended])) as [T];
  ended.catch(() => undefined);
  return message;
}
