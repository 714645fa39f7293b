import * as fs from "node:fs/promises";
import { parseEnv } from "node:util";
import { pollUntil } from "../../../config/poll-until";
import type { LocalWorkerInputs, WorkerName } from "../worker-layout";
import { failedStart, launch } from "./launch";
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
  const record = await run(inputs, { healthPort, ...(port !== undefined && { port }) });
  const state = await pollUntil(async () => {
    if (await isAnswering(healthPort)) return "alive";
    return isAlive(record.process) ? undefined : "ended";
  }, aliveMs);
  if (state === "alive") return record;
  await end(record.process, ["SIGTERM", endMs], ["SIGKILL", endMs]);
  const problem = state ? "ended while it started" : `did not answer within ${aliveMs / 1000} s`;
  throw await failedStart(`worker ${inputs.name}`, problem, logOfWorker(inputs));
}

/** Starts the process, and records it. */
async function run(inputs: LocalWorkerInputs, ports: Pick<WorkerRecord, "healthPort" | "port">): Promise<WorkerRecord> {
  const program = await programFingerprint(inputs.system);
  const identity = await launch({
    command: process.execPath,
    args: ["--require=./tools/runtime.cjs", programOf(inputs.system), inputs.worker],
    cwd: workingFolder,
    env: await environmentOf(inputs, ports),
    log: logOfWorker(inputs),
  });
  const record = { process: identity, inputs: inputsFingerprint(inputs), program, ...ports };
  writeWorkerRecord(inputs, record);
  return record;
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
