import * as fs from "node:fs";
import * as path from "node:path";

/**
 * Reserves a folder for this process, by a file beside it with the process's id: two databases in one folder destroy
 * each other's data. What a process left that was killed is taken over.
 *
 * @returns what releases it
 * @throws Error where another process has it
 */
export function lockFolder(folder: string): () => void {
  const file = `${folder.replace(/\/+$/, "")}.lock`;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  try {
    fs.writeFileSync(file, String(process.pid), { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const owner = Number(fs.readFileSync(file, "utf8"));
    if (isAlive(owner))
      throw new Error(
        `DATABASE_FOLDER ${folder} is in use by process ${owner}; give each process a folder of its own, or set ` +
          `DATABASE_URL for all of them. If that process is not a worker, delete ${file}`,
      );
    fs.rmSync(file, { force: true });
    return lockFolder(folder);
  }
  return () => fs.rmSync(file, { force: true });
}

function isAlive(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, and another user's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
