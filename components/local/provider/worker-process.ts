import { spawn } from "node:child_process";
import * as fs from "node:fs/promises";
import { parseEnv } from "node:util";
import { pollUntil } from "../../../config/poll-until";
import { startOf } from "../../../tools/processes.mjs";
import type { LocalWorkerInputs, WorkerName } from "../worker-layout";
import { read } from "./files";
import { freePort } from "./ports";
import { end, isAlive } from "./process";
import {
  folderOfWorker,
  inputsFingerprint,
  logOfWorker,
  ownVariables,
  programFingerprint,
  programOf,
  readWorkerRecord,
  workingFolder,
  type WorkerRecord,
  writeWorkerRecord,
} from "./worker-record";

/**
 * Milliseconds until a worker's health server answers. One that loads the embedded database does not answer meanwhile:
 * 2 s alone, more than a minute where eight start at once on two busy cores.
 */
const aliveMs = 180_000;

/** Milliseconds for a process to end, after its grace or a signal that it cannot ignore. */
const endMs = 10_000;

/** The record of a worker whose process runs. */
export async function runningWorker(worker: WorkerName): Promise<WorkerRecord | undefined> {
  const record = await readWorkerRecord(worker);
  return record && isAlive(record.process) ? record : undefined;
}

/** Ends a worker: it finishes what it handles, for as long as its grace. */
export const stopWorker = ({ process }: WorkerRecord, grace: number): Promise<void> =>
  end(process, ["SIGTERM", grace + endMs], ["SIGKILL", endMs]);

/**
 * Starts a worker that does not run, and waits until it is alive.
 *
 * @param before how it ran last; its ports are used again while they are free
 * @throws with the end of its log, where it ends or does not answer within 3 minutes
 */
export async function startWorker(inputs: LocalWorkerInputs, before?: WorkerRecord): Promise<WorkerRecord> {
  await fs.mkdir(folderOfWorker(inputs), { recursive: true, mode: 0o700 });
  const healthPort = await freePort(before?.healthPort);
  const port = inputs.port === undefined ? undefined : await freePort(inputs.port, before?.port);
  const record = await launch(inputs, { healthPort, ...(port !== undefined && { port }) });
  const state = await pollUntil(async () => {
    if (await isAnswering(healthPort)) return "alive";
    return isAlive(record.process) ? undefined : "ended";
  }, aliveMs);
  if (state === "alive") return record;
  await end(record.process, ["SIGTERM", endMs], ["SIGKILL", endMs]);
  const problem = state ? "ended while it started" : `did not answer within ${aliveMs / 1000} s`;
  throw new Error(
    `worker ${inputs.name} ${problem}; fix what its log reports and run this again. ${await endOfLog(inputs)}`,
  );
}

/** Starts the process detached, with no inherited descriptors: it outlives this run and its terminal. */
async function launch(
  inputs: LocalWorkerInputs,
  ports: Pick<WorkerRecord, "healthPort" | "port">,
): Promise<WorkerRecord> {
  const program = await programFingerprint(inputs.system);
  const env = await environmentOf(inputs, ports);
  const logFile = logOfWorker(inputs);
  await fs.rename(logFile, `${logFile}.1`).catch(() => undefined);
  const log = await fs.open(logFile, "a", 0o600);
  try {
    const args = ["--require=./tools/runtime.cjs", programOf(inputs.system), inputs.worker];
    const child = spawn(process.execPath, args, {
      cwd: workingFolder,
      env,
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    await new Promise((resolve, reject) => child.once("spawn", resolve).once("error", reject));
    const identity = { pid: child.pid!, startTime: startOf(child.pid!) || "ended" };
    const record = { process: identity, inputs: inputsFingerprint(inputs), program, ...ports };
    writeWorkerRecord(inputs, record);
    child.unref();
    return record;
  } finally {
    await log.close();
  }
}

/** Its own variables may be anything but what this program sets. Passwords are in no command line, and in no file. */
async function environmentOf(
  { system, variables, connection, grace, database }: LocalWorkerInputs,
  { healthPort, port }: Pick<WorkerRecord, "healthPort" | "port">,
): Promise<NodeJS.ProcessEnv> {
  const { PATH, HOME, SUPERCLUSTER_CACHE, NODE_COMPILE_CACHE } = process.env;
  const own = { ...variables, ...parseEnv((await ownVariables(system)) ?? "") };
  return {
    ...{ PATH, HOME, SUPERCLUSTER_CACHE, NODE_COMPILE_CACHE },
    // Only one of the two may be set.
    ...(database !== undefined && !("DATABASE_FOLDER" in own) && { DATABASE_URL: database }),
    ...own,
    ...connection,
    ...(port !== undefined && { PORT: String(port) }),
    HEALTH_PORT: String(healthPort),
    SHUTDOWN_GRACE: `${grace}ms`,
  };
}

async function isAnswering(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

async function endOfLog(worker: WorkerName): Promise<string> {
  const log = logOfWorker(worker);
  const lines = ((await read(log)) ?? "").trimEnd().split("\n").slice(-8);
  return `The end of ${log}:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}
