import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { pollUntil } from "../../../config/poll-until";
import { startOf } from "../../../tools/processes.mjs";
import { takesLogins } from "../postgres-ping";
import { failedStart } from "./launch";
import { commandLine, end, isAlive, type ProcessIdentity } from "./process";
import { type PostgresPrograms, serverUser } from "./postgres-programs";

/*
 * A PostgreSQL server in a folder of its own: `data/`, `server.log`. It listens on 127.0.0.1 alone, without a Unix
 * socket. A database belongs to a role of its name, and a role may log in to that one only. The superuser has no
 * password, so no one can log in as it: databases are made in single-user mode, while the server does not run.
 */

const superuser = "postgres";

/** Milliseconds until a server takes logins; after a crash it repeats its log first. */
const startMs = 180_000;

/** Milliseconds in which the processes of a killed server let go of its memory. */
const releaseMs = 10_000;

/** Milliseconds for a program that ends by itself: initdb takes 1 s alone. */
const programMs = 180_000;

const dataOf = (folder: string) => path.join(folder, "data");
const logOf = (folder: string): string => path.join(folder, "server.log");

/** Settings of the server, as `-c` takes them. */
export type PostgresSettings = Readonly<Record<string, string>>;

/** Major version of the PostgreSQL that made the data of a folder; undefined: there is none. */
export function dataVersion(folder: string): string | undefined {
  const file = path.join(dataOf(folder), "PG_VERSION");
  return fs.existsSync(file) ? fs.readFileSync(file, "utf8").trim() : undefined;
}

/** The server of a folder; undefined where none runs. Another process that only has its pid is not taken for it. */
export async function runningPostgres(folder: string): Promise<ProcessIdentity | undefined> {
  const pid = recordedPid(folder);
  const startTime = pid ? startOf(pid) : "";
  return pid && startTime && (await commandLine(pid)).includes(markOf(folder)) ? { pid, startTime } : undefined;
}

/** Ends a server: sessions are ended, and what was committed is on disk. */
export const stopPostgres = (server: ProcessIdentity): Promise<void> =>
  // Fast, then immediate shutdown.
  end(server, ["SIGINT", 60_000], ["SIGQUIT", 10_000], ["SIGKILL", 10_000]);

/**
 * Makes the data of a folder where there is none, and gives each of these databases its role and its password. Others
 * stay, and their roles may no longer log in. The server must not run.
 *
 * @throws with what PostgreSQL reports, which never has a password
 */
export async function providePostgres(
  programs: PostgresPrograms,
  folder: string,
  passwords: Readonly<Record<string, string>>,
): Promise<void> {
  await removeStalePidFile(folder);
  if (dataVersion(folder) === undefined) await initialise(programs, folder);
  const names = Object.keys(passwords);
  const existing = await sql(programs, folder, [
    // Of the same name, so that a role cannot log in to another's.
    `copy (values ('host sameuser all 127.0.0.1/32 scram-sha-256')) to ` +
      literal(path.join(argumentOf(dataOf(folder)), "pg_hba.conf")),
    `do $$ declare one text; begin for one in select rolname from pg_roles where rolname !~ '^pg_' and ` +
      `rolname <> ${literal(superuser)} loop execute format('alter role %I nologin', one); end loop; end $$`,
    ...names.flatMap((name) => [
      `do $$ begin if not exists (select from pg_roles where rolname = ${literal(name)}) ` +
        `then create role ${identifier(name)}; end if; end $$`,
      `alter role ${identifier(name)} login password ${literal(passwords[name]!)}`,
    ]),
    "select '<' || datname || '>' from pg_database",
  ]);
  const missing = names.filter((name) => !existing.includes(`"<${name}>"`));
  if (missing.length > 0)
    await sql(
      programs,
      folder,
      missing.map((name) => `create database ${identifier(name)} owner ${identifier(name)}`),
    );
}

/**
 * Starts a server, detached: it outlives this process and its terminal.
 *
 * @throws with the end of its log, where it ends or takes no logins within 3 minutes
 */
export async function startPostgres(
  programs: PostgresPrograms,
  folder: string,
  port: number,
  settings: PostgresSettings = {},
): Promise<void> {
  const log = logOf(folder);
  if (fs.existsSync(log)) fs.renameSync(log, `${log}.1`);
  // What is left of a killed server keeps a new one from starting for a moment.
  const state = await pollUntil(() => startOnce(programs, folder, port, settings), releaseMs, 1_000);
  if (state === "serves") return;
  throw await failedStart(`the PostgreSQL server of ${folder}`, state ?? "ended while it started", log);
}

/** Undefined: it ended. */
async function startOnce({ bin }: PostgresPrograms, folder: string, port: number, settings: PostgresSettings) {
  await removeStalePidFile(folder);
  const data = dataOf(folder);
  const log = fs.openSync(logOf(folder), "a", 0o600);
  const options = ["-h", "127.0.0.1", "-p", String(port), "-k", "", ...asOptions(settings), "-c", markOf(folder)];
  const child = launch(path.join(bin, "postgres"), ["-D", argumentOf(data), ...options], data, ["ignore", log, log]);
  fs.closeSync(log);
  await new Promise((resolve, reject) => child.once("spawn", resolve).once("error", reject));
  child.unref();
  const server = { pid: child.pid!, startTime: startOf(child.pid!) || "ended" };
  const state = await pollUntil(async () => {
    if (!isAlive(server)) return "ended";
    return (await takesLogins(port)) ? "serves" : undefined;
  }, startMs);
  if (state !== undefined) return state === "serves" ? state : undefined;
  await stopPostgres(server);
  return `took no logins within ${startMs / 1000} s`;
}

/** Made beside its place: what a killed run leaves is no database, and is removed by the next. */
async function initialise({ bin }: PostgresPrograms, folder: string): Promise<void> {
  const draft = `${dataOf(folder)}.part`;
  fs.rmSync(draft, { recursive: true, force: true });
  fs.mkdirSync(draft, { recursive: true, mode: 0o700 });
  const { uid, gid } = serverUser();
  if (uid !== undefined) fs.chownSync(draft, uid, gid!);
  // No way of logging in, so that the superuser needs no password.
  const options = ["-A", "reject", "-U", superuser, "-E", "UTF8", "--no-locale"];
  await outputOf(
    launch(path.join(bin, "initdb"), ["-D", argumentOf(draft), ...options], draft, ["ignore", "pipe", "pipe"]),
  );
  fs.renameSync(draft, dataOf(folder));
}

/** Runs statements, one a line, as the superuser; returns what they print. A statement that fails ends the run. */
function sql({ bin }: PostgresPrograms, folder: string, statements: readonly string[]): Promise<string> {
  const data = dataOf(folder);
  // A failing statement is reported without its text, which may have a password.
  const settings = {
    exit_on_error: "on",
    log_min_error_statement: "panic",
    password_encryption: "scram-sha-256",
  };
  const args = ["--single", "-D", argumentOf(data), ...asOptions(settings), superuser];
  const child = launch(path.join(bin, "postgres"), args, data, ["pipe", "pipe", "pipe"]);
  return outputOf(child, statements.map((statement) => `${statement}\n`).join(""));
}

/** Starts a program of PostgreSQL, with its data folder as descriptor 3. */
function launch(program: string, args: readonly string[], data: string, stdio: ("ignore" | "pipe" | number)[]) {
  const opened = fs.openSync(data, "r");
  try {
    return spawn(program, args, {
      ...serverUser(),
      cwd: "/",
      env: { PATH: process.env.PATH, LC_ALL: "C" },
      detached: true,
      stdio: [...stdio, opened],
    });
  } finally {
    fs.closeSync(opened);
  }
}

/** As root, the server's user is another one, who may not enter the folders above: it uses the opened folder. */
const argumentOf = (data: string): string => (serverUser().uid === undefined ? data : "/proc/self/fd/3");

async function outputOf(child: ChildProcess, input?: string): Promise<string> {
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text) => output.push(String(text)));
  // It may end before it has read all.
  child.stdin?.on("error", () => undefined).end(input);
  const timer = setTimeout(() => child.kill("SIGKILL"), programMs);
  try {
    const [code] = (await once(child, "close")) as [number | null];
    if (code === 0) return output.join("");
  } finally {
    clearTimeout(timer);
  }
  throw new Error(`${child.spawnfile} failed:\n${output.join("").trimEnd()}`);
}

const asOptions = (settings: PostgresSettings): string[] =>
  Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);

/** A setting without a meaning, by which the command line shows whose server it is. */
const markOf = (folder: string): string => `supercluster.folder=${path.resolve(folder)}`;

const pidFileOf = (folder: string): string => path.join(dataOf(folder), "postmaster.pid");

function recordedPid(folder: string): number | undefined {
  const file = pidFileOf(folder);
  return fs.existsSync(file) ? Number(fs.readFileSync(file, "utf8").split("\n")[0]) || undefined : undefined;
}

/** PostgreSQL takes any process with that pid for an earlier server; after a restart of the machine it is another. */
async function removeStalePidFile(folder: string): Promise<void> {
  const pid = recordedPid(folder);
  if (pid && startOf(pid) && !(await runningPostgres(folder))) fs.rmSync(pidFileOf(folder), { force: true });
}

const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
