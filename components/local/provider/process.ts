import { execFile } from "node:child_process";
import * as fs from "node:fs/promises";
import { promisify } from "node:util";
import { pollUntil } from "../../../config/poll-until";

/** A process as it can be recognised later: its id alone is given to another one after it ended. */
export interface ProcessIdentity {
  pid: number;
  /** When it started, in the operating system's own words. */
  startTime: string;
}

const run = promisify(execFile);
const onLinux = process.platform === "linux";

/** When a process started; undefined when there is none (or only its remains). */
export async function startTime(pid: number): Promise<string | undefined> {
  try {
    if (!onLinux) return (await run("ps", ["-o", "lstart=", "-p", String(pid)])).stdout.trim() || undefined;
    const stat = await fs.readFile(`/proc/${pid}/stat`, "utf8");
    // The command, in parentheses, may hold anything: what counts comes after it. State is field 3, start time field 22.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    // One that waits to be reaped is gone, unless other threads of it still hold its ports.
    const gone = fields[0] === "Z" && (await fs.readdir(`/proc/${pid}/task`)).length <= 1;
    return gone ? undefined : fields[19];
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

/** Sends a signal; a process that has just ended is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/**
 * Ends a process: each signal in turn, with the ms it is given. Its identity is checked before each one.
 * Throws when it outlives them all.
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
