import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

/**
 * Reserves a folder for this process, by a file beside it that names the process: two databases in one folder destroy
 * each other's data. What a process left that was killed on this host (in Kubernetes: in this pod) is taken over.
 *
 * @returns what releases it
 * @throws Error where another process has it, or had it on another host
 */
export function lockFolder(folder: string): () => void {
  const file = `${folder.replace(/\/+$/, "")}.lock`;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  try {
    fs.writeFileSync(file, `${process.pid} ${startOf(process.pid)} ${os.hostname()}`, { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const owner = ownerIn(fs.readFileSync(file, "utf8"));
    if (mayRun(owner))
      throw new Error(
        `DATABASE_FOLDER ${folder} is in use by process ${owner.pid}${isHere(owner) ? "" : ` of ${owner.host}`}; ` +
          "give each process a folder of its own, or set DATABASE_URL for all of them. If that process is not a " +
          `worker, or has ended, delete ${file}`,
      );
    fs.rmSync(file, { force: true });
    return lockFolder(folder);
  }
  return () => fs.rmSync(file, { force: true });
}

interface Owner {
  pid: number;
  /** `startOf` it; undefined in files of earlier versions. */
  start?: string;
  host?: string;
}

function ownerIn(text: string): Owner {
  const [pid, start, host] = text.split(" ");
  return { pid: Number(pid), start, host };
}

const isHere = ({ host }: Owner): boolean => host === undefined || host === os.hostname();

/** Whether it runs, as far as is known: its id alone may be another's by now, as 1 in a container. */
function mayRun(owner: Owner): boolean {
  const { pid, start } = owner;
  if (!(pid > 0)) return false;
  if (!isHere(owner)) return true;
  if (start === undefined) return pid !== process.pid && isAlive(pid);
  return start === startOf(pid) && isAlive(pid);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, and another user's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** When a process began, in the kernel's ticks: field 22 of its stat, after a name in brackets. 0: not known. */
function startOf(pid: number): string {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "0";
  } catch {
    return "0";
  }
}
