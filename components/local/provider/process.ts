import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import { promisify } from "node:util";
import { pollUntil } from "../../../config/poll-until";
import { processStat } from "./proc-files";

/** Identifies a process for later: a pid alone is reused after the process has ended. */
export interface ProcessIdentity {
  pid: number;
  /** Start time, in the operating system's own format. */
  startTime: string;
}

const run = promisify(execFile);
const onLinux = process.platform === "linux";

/** Start time of a process; undefined when there is none, or only a zombie. */
export async function startTime(pid: number): Promise<string | undefined> {
  try {
    if (!onLinux) return (await run("ps", ["-o", "lstart=", "-p", String(pid)])).stdout.trim() || undefined;
    const { state, startTime: started } = processStat(await fs.readFile(`/proc/${pid}/stat`, "utf8"));
    // A zombie counts as gone, unless other threads of it still hold its ports.
    const gone = state === "Z" && (await fs.readdir(`/proc/${pid}/task`)).length <= 1;
    return gone ? undefined : started;
  } catch {
    return undefined;
  }
}

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
export const isAlive = async ({ pid, startTime: started }: ProcessIdentity): Promise<boolean> =>
  (await startTime(pid)) === started;

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
  const gone = async (): Promise<true | undefined> => ((await isAlive(identity)) ? undefined : true);
  for (const [name, patience] of steps) {
    if (await gone()) return;
    signal(identity.pid, name);
    if (await pollUntil(gone, patience, 20)) return;
  }
  throw new Error(`process ${identity.pid} did not end; end it by hand (kill -9 ${identity.pid}) and run this again`);
}
