import { spawn } from "node:child_process";
import * as fs from "node:fs/promises";
import { startOf } from "../../../tools/processes.mjs";
import { read } from "./files";
import type { ProcessIdentity } from "./process";

/** How a process of this machine is started. */
export interface Launch {
  command: string;
  args: string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** What it prints; that of the process before it is kept as `<log>.1`. */
  log: string;
}

/** Starts a process detached, with no inherited descriptors: it outlives this run and its terminal. */
export async function launch({ command, args, cwd, env, log: logFile }: Launch): Promise<ProcessIdentity> {
  await fs.rename(logFile, `${logFile}.1`).catch(() => undefined);
  const log = await fs.open(logFile, "a", 0o600);
  try {
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ["ignore", log.fd, log.fd] });
    await new Promise((resolve, reject) => child.once("spawn", resolve).once("error", reject));
    child.unref();
    return { pid: child.pid!, startTime: startOf(child.pid!) || "ended" };
  } finally {
    await log.close();
  }
}

/** What is thrown where a process did not start: the problem, what to do, and the last lines of its log. */
export async function failedStart(what: string, problem: string, log: string): Promise<Error> {
  const lines = ((await read(log)) ?? "").trimEnd().split("\n").slice(-8);
  return new Error(
    `${what} ${problem}; fix what its log reports and run this again. The end of ${log}:\n` +
      lines.map((line) => `  ${line}`).join("\n"),
  );
}
