import * as fs from "node:fs";
import * as path from "node:path";
import { environmentDir } from "../../../config/cache";
import { pollUntil } from "../../../config/poll-until";
import type { ProgramName } from "../program-layout";
import { read } from "./files";
import { isAlive, type ProcessIdentity, signal } from "./process";

/** What is recorded about a program between two runs. */
export interface ProgramRecord {
  process: ProcessIdentity;
  /** Of its executable and its arguments: what it is restarted for. */
  program: string;
  /** Of the files that it read last. */
  files: string;
  port: number;
  /** False while it starts: SIGHUP would end it. */
  isServing: boolean;
}

/** Milliseconds until a program serves: Prometheus reads its log of series first. */
export const servingMs = 60_000;

export const folderOfProgram = ({ environment, name }: ProgramName): string =>
  path.join(environmentDir(environment), name);

/** `program.log` and `program.json` beside its files. */
export const logOfProgram = (program: ProgramName): string => path.join(folderOfProgram(program), "program.log");

const recordOf = (program: ProgramName): string => path.join(folderOfProgram(program), "program.json");

/** How a program ran last; undefined: it never did. */
export async function readProgramRecord(program: ProgramName): Promise<ProgramRecord | undefined> {
  const text = await read(recordOf(program));
  return text === undefined ? undefined : (JSON.parse(text) as ProgramRecord);
}

/** Written at once: a process that is started and not recorded would never be stopped. */
export const writeProgramRecord = (program: ProgramName, record: ProgramRecord): void =>
  fs.writeFileSync(recordOf(program), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });

export const removeProgramRecord = (program: ProgramName): void => fs.rmSync(recordOf(program), { force: true });

/** The record of a program whose process runs. */
export async function runningProgram(program: ProgramName): Promise<ProgramRecord | undefined> {
  const record = await readProgramRecord(program);
  return record && isAlive(record.process) ? record : undefined;
}

/** Has a program read its files again, if it runs; one that starts, once it serves. */
export async function reloadProgram(program: ProgramName): Promise<void> {
  const settled = await pollUntil(async () => {
    const running = await runningProgram(program);
    return running && !running.isServing ? undefined : { running };
  }, servingMs);
  if (settled?.running) signal(settled.running.process.pid, "SIGHUP");
}
