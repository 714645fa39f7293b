import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { type Process, processes, startOf } from "../../tools/processes.mjs";
import { exitWithNpm, guard } from "../../tools/run-guard.mjs";

/*
 * A test run (or a benchmark) has one folder, `<temporary folder>/supercluster-tests-<user>/<owner>`, made when this
 * file is first loaded. It is the temporary folder of the run and of all that it starts, and stands in their
 * environment: a process that carries it, or a server that is recorded in it, belongs to the run and to nothing else.
 * At its end a run ends what is left of it; what a killed one left is ended by the next run, which its guard begins at
 * once.
 */
const variable = "SUPERCLUSTER_TEST_RUN";

/** Host, process id and start time: another process that gets the same id later has another name. */
export const ownerName = (pid = process.pid): string =>
  [os.hostname(), pid, startOf(pid).replace(/\W+/g, "-")].join("_");

/**
 * Whether the process of that name still runs; one of another host (a shared folder) cannot be looked at, so it does.
 */
export function isOwnerAlive(owner: string): boolean {
  const [host, pid] = [owner.split("_").slice(0, -2).join("_"), Number(owner.split("_").at(-2))];
  return host !== os.hostname() || ownerName(pid) === owner;
}

export const runFolder = inherited() ?? begin();

/** Shared by all runs of this user. */
export const userFolder = path.dirname(runFolder);

/** The folder of the run that started this process, unless that has ended. */
function inherited(): string | undefined {
  const folder = process.env[variable];
  return folder && fs.existsSync(folder) ? folder : undefined;
}

function begin(): string {
  const all = path.join(fs.realpathSync(os.tmpdir()), `supercluster-tests-${os.userInfo().uid}`);
  fs.mkdirSync(all, { recursive: true, mode: 0o700 });
  if (fs.statSync(all).uid !== os.userInfo().uid) throw new Error(`${all} belongs to another user; remove it`);
  for (const owner of fs.readdirSync(all)) {
    if (owner.includes("_") && !isOwnerAlive(owner)) endRun(path.join(all, owner));
  }
  const folder = path.join(all, ownerName());
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const next = ["-r", require.resolve("../../tools/runtime.cjs"), "-r", __filename, "-e", ""];
  guard([process.execPath, ...next], process.env);
  exitWithNpm();
  Object.assign(process.env, { [variable]: folder, TMPDIR: folder });
  process.on("exit", () => endRun(folder));
  return folder;
}

/** Ends every process of a run, this one apart, and removes its folder. */
function endRun(folder: string): void {
  endAll(folder, ({ env }) => env[variable] === folder);
  fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/** Ends what runs of the environments whose files are in a copy of the project, as if the machine had lost power. */
export const endEnvironmentsOf = (copy: string): void =>
  endAll(copy, ({ pid }) => {
    try {
      return fs.readlinkSync(`/proc/${pid}/cwd`) === copy;
    } catch {
      return false;
    }
  });

function endAll(folder: string, isOfIt: (one: Process) => boolean): void {
  // PostgreSQL servers have its folder in their arguments.
  const has = (one: Process) => isOfIt(one) || one.args.some((arg) => arg.includes(`${folder}/`));
  const marked = processes().flatMap((one) => (one.pid !== process.pid && has(one) ? [one.pid] : []));
  for (const pid of [...marked, ...recordedServers(folder)]) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  }
}

/** Servers and what monitors them get a clean environment, and are recorded with their start time. */
function recordedServers(folder: string): number[] {
  const records = ["", ".cache/", "*/", "*/.cache/"].flatMap((cache) =>
    fs.globSync(path.join(folder, `${cache}environments/*/**/{server,program}.json`)),
  );
  return records.flatMap((record) => {
    const { process: started } = JSON.parse(fs.readFileSync(record, "utf8")) as {
      process?: { pid: number; startTime: string };
    };
    return started && startOf(started.pid) === started.startTime ? [started.pid] : [];
  });
}
