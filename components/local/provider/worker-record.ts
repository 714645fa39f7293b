import * as fs from "node:fs";
import * as path from "node:path";
import { createHash } from "node:crypto";
import { environmentDir } from "../../../config/cache";
import type { LocalWorkerInputs, WorkerName } from "../worker-layout";
import { fingerprint, read } from "./files";
import type { ProcessIdentity } from "./process";

/** What is recorded about a worker between two runs. No secrets: fingerprints only. */
export interface WorkerRecord {
  process: ProcessIdentity;
  /** Of its settings and its connection. */
  inputs: string;
  /** Of its program, and of the variables that its `.env` has. */
  program: string;
  /** Port of its health server. */
  healthPort: number;
  /** Port of what it serves. */
  port?: number;
}

const project = path.join(__dirname, "..", "..", "..");

export const folderOfWorker = ({ environment, region, name }: WorkerName): string =>
  path.join(environmentDir(environment), region, "workers", name);

const recordOf = (worker: WorkerName): string => path.join(folderOfWorker(worker), "worker.json");

export const logOfWorker = (worker: WorkerName): string => path.join(folderOfWorker(worker), "worker.log");

export async function readWorkerRecord(worker: WorkerName): Promise<WorkerRecord | undefined> {
  const text = await read(recordOf(worker));
  return text === undefined ? undefined : (JSON.parse(text) as WorkerRecord);
}

/** Written at once: a process that is started and not recorded would never be stopped. */
export const writeWorkerRecord = (worker: WorkerName, record: WorkerRecord): void =>
  fs.writeFileSync(recordOf(worker), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });

export const removeWorkerRecord = (worker: WorkerName): void => fs.rmSync(recordOf(worker), { force: true });

/** Program of a system, relative to the project. */
export const programOf = (system: string): string => path.join("workers", system, "main.ts");

export const programExists = (system: string): boolean => fs.existsSync(path.join(project, programOf(system)));

/** Variables of a system that are of this machine alone: those of `workers/<system>/.env`, which git ignores. */
export const ownVariables = (system: string): Promise<string | undefined> =>
  read(path.join(project, "workers", system, ".env"));

export const inputsFingerprint = (inputs: LocalWorkerInputs): string =>
  fingerprint(JSON.stringify(Object.entries(inputs).sort()));

/** Files that the program of a system may load: its own and those that systems share, relative to the project. */
export function sourcesOf(system: string): string[] {
  const folders = fs
    .readdirSync(path.join(project, "workers"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "node_modules")
    .map(({ name }) => name)
    .filter((name) => name === system || !programExists(name));
  const patterns = ["workers/*.ts", ...folders.map((name) => `workers/${name}/**/*.ts`)];
  return patterns.flatMap((pattern) => fs.globSync(pattern, { cwd: project })).sort();
}

/** Changes with every file that the system's program may load, and with its own variables. */
export async function programFingerprint(system: string): Promise<string> {
  const hash = createHash("sha256");
  for (const file of sourcesOf(system)) hash.update(file).update(fs.readFileSync(path.join(project, file)));
  return hash.update((await ownVariables(system)) ?? "").digest("hex");
}

/** The project's folder, in which workers run. */
export const workingFolder = project;
