import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import { promisify } from "node:util";
import { pollUntil } from "../../../config/poll-until";
import { startOf } from "../../../tools/processes.mjs";

/** Identifies a process for later: a pid alone is reused after the process has ended. */
export interface ProcessIdentity {
  pid: number;
  /** As `startOf` has it. */
  startTime: string;
}

const run = promisify(execFile);
const onLinux = process.platform === "linux";

/** Arguments of a process, the program first; empty when there is none. */
export async function commandLine(pid: number): Promise<string> {
  try {
    if (!onLinux) return (await run("ps", ["-ww", "-o", "command=", "-p", String(pid)])).stdout.trim();
    return (await fs.readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0").join(" ").trim();
  } catch {
    return "";
  }
}

/** Whether it is still the same process. */
export const isAlive = ({ pid, startTime }: ProcessIdentity): boolean => startOf(pid) === startTime;

/** Sends a signal; that the process has just ended is not an error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/**
 * Ends a process: each signal in turn, with the milliseconds to wait for it. Its identity is checked before each one.
 *
 * @throws when the process outlives all signals
 */
export async function end(
  identity: ProcessIdentity,
  ...steps: [name: NodeJS.Signals, patience: number][]
): Promise<void> {
  const isGone = () => !isAlive(identity) || undefined;
  for (const [name, patience] of steps) {
    if (isGone()) return;
    signal(identity.pid, name);
    if (await pollUntil(isGone, patience, 20)) return;
  }
  throw new Error(`process ${identity.pid} did not end; end it by hand (kill -9 ${identity.pid}) and run this again`);
}
