import * as fs from "node:fs";
import * as path from "node:path";
import type { dynamic } from "@pulumi/pulumi";
import { environmentDir } from "../../../config/cache";
import { pollUntil } from "../../../config/poll-until";
import type { LocalProgramInputs, ProgramName } from "../program-layout";
import { executable } from "./binary";
import { fingerprint, read, remove, writeAll } from "./files";
import { failedStart, launch } from "./launch";
import { freePort } from "./ports";
import { end, isAlive, type ProcessIdentity } from "./process";
import {
  folderOfProgram,
  logOfProgram,
  type ProgramRecord,
  readProgramRecord,
  reloadProgram,
  removeProgramRecord,
  runningProgram,
  servingMs,
  writeProgramRecord,
} from "./program-record";

/** What the engine keeps of a program. */
interface Outputs extends ProgramName {
  /** Where it serves. */
  url: string;
  /** Files that tell others where it is. */
  announced: string[];
}

/** Milliseconds for a process to end after a signal. */
const endMs = 10_000;

const project = path.join(__dirname, "..", "..", "..");

const idOf = ({ environment, name }: ProgramName): string => `${environment}/${name}`;

/** Programs beside local servers as the engine sees them. */
export const programProvider = {
  /** The engine compares inputs itself; this adds what inputs do not show: that it died, or a person's own file. */
  async diff(id: string, olds: Outputs, news: LocalProgramInputs): Promise<dynamic.DiffResult> {
    const running = await runningProgram(olds);
    const isCurrent =
      running?.isServing &&
      running.program === programOf(news) &&
      running.files === fingerprintOf(await filesOf(news)) &&
      isAnnounced(olds);
    return {
      changes: isCurrent ? undefined : true,
      replaces: id === idOf(news) ? [] : ["name"],
      deleteBeforeReplace: true,
    };
  },

  async create(inputs: LocalProgramInputs): Promise<dynamic.CreateResult<Outputs>> {
    return { id: idOf(inputs), outs: await ensure(inputs) };
  },

  async update(_id: string, olds: Outputs, inputs: LocalProgramInputs): Promise<dynamic.UpdateResult<Outputs>> {
    const outs = await ensure(inputs);
    await withdraw(olds, outs.announced);
    return { outs };
  },

  /** A program that does not run is reported as deleted: the next `up` starts it again. */
  async read(id: string, known: Outputs): Promise<dynamic.ReadResult<Outputs>> {
    return (await runningProgram(known)) ? { id, props: known } : {};
  },

  async delete(_id: string, known: Outputs): Promise<void> {
    await withdraw(known);
    const running = await runningProgram(known);
    if (running) await stop(running.process);
    removeProgramRecord(known);
  },
};

const stop = (process: ProcessIdentity): Promise<void> => end(process, ["SIGTERM", endMs], ["SIGKILL", endMs]);

/** Brings one program to the wanted state, from any state: absent, dead, or running with other arguments or files. */
async function ensure(inputs: LocalProgramInputs): Promise<Outputs> {
  const files = await filesOf(inputs);
  const wanted = { program: programOf(inputs), files: fingerprintOf(files) };
  fs.mkdirSync(folderOfProgram(inputs), { recursive: true, mode: 0o700 });
  await writeAll(folderOfProgram(inputs), files);
  const before = await readProgramRecord(inputs);
  const running = before && isAlive(before.process) ? before : undefined;
  const isKept = running?.isServing && running.program === wanted.program;
  if (running && !isKept) await stop(running.process);
  if (isKept && running.files !== wanted.files) {
    writeProgramRecord(inputs, { ...running, files: wanted.files });
    await reloadProgram(inputs);
  }
  const { port } = isKept ? running : await start(inputs, wanted, before?.port);
  const announcements = at(port, inputs.announcements ?? {});
  await writeAll(environmentDir(inputs.environment), announcements);
  const { environment, name } = inputs;
  return { environment, name, url: `http://${addressOf(port)}`, announced: Object.keys(announcements) };
}

/**
 * Starts a program that does not run, and waits until it serves.
 *
 * @param before the port that it had last
 * @throws with the end of its log, where it ends or does not serve within 60 s
 */
async function start(
  inputs: LocalProgramInputs,
  wanted: Pick<ProgramRecord, "program" | "files">,
  before: number | undefined,
): Promise<ProgramRecord> {
  const port = await freePort(before, inputs.port);
  const { PATH, HOME } = process.env;
  const log = logOfProgram(inputs);
  const started = await launch({
    command: executableOf(inputs),
    args: inputs.args.map((arg) => filledIn(arg, port)),
    cwd: folderOfProgram(inputs),
    env: { PATH, HOME, ...inputs.env },
    log,
  });
  const record: ProgramRecord = { process: started, ...wanted, port, isServing: false };
  writeProgramRecord(inputs, record);
  const state = await pollUntil(async () => {
    if (await isServing(`http://${addressOf(port)}${inputs.ready}`)) return "serving";
    return isAlive(started) ? undefined : "ended";
  }, servingMs);
  if (state !== "serving") {
    await stop(started);
    const problem = state ? "ended while it started" : `did not serve within ${servingMs / 1000} s`;
    throw await failedStart(inputs.tool, problem, log);
  }
  const served = { ...record, isServing: true };
  writeProgramRecord(inputs, served);
  return served;
}

async function isServing(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

const addressOf = (port: number): string => `127.0.0.1:${port}`;

const filledIn = (text: string, port: number): string =>
  text.replaceAll("{port}", String(port)).replaceAll("{address}", addressOf(port));

const at = (port: number, files: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [name, filledIn(text, port)]));

const executableOf = ({ tool, program }: LocalProgramInputs): string => program ?? executable(tool, tool);

/** Changes with the executable, the arguments and the variables. */
function programOf(inputs: LocalProgramInputs): string {
  const file = executableOf(inputs);
  return fingerprint(
    JSON.stringify([file, fs.statSync(file).mtimeMs, inputs.args, ...(inputs.env ? [inputs.env] : [])]),
  );
}

/** Its files, with a person's own in their place. */
async function filesOf({ files, own = {} }: LocalProgramInputs): Promise<Record<string, string>> {
  const found = await Promise.all(
    Object.entries(own).map(async ([name, file]) => [name, await read(path.join(project, file))] as const),
  );
  return {
    ...files,
    ...Object.fromEntries(found.flatMap(([name, text]) => (text === undefined ? [] : [[name, text]]))),
  };
}

const fingerprintOf = (files: Record<string, string>): string =>
  fingerprint(JSON.stringify(Object.entries(files).sort()));

const isAnnounced = ({ environment, announced }: Outputs): boolean =>
  announced.every((file) => fs.existsSync(path.join(environmentDir(environment), file)));

/** Removes what told others where a program was, apart from these files. */
const withdraw = async ({ environment, announced }: Outputs, kept: string[] = []): Promise<void> => {
  const files = announced.filter((file) => !kept.includes(file));
  await Promise.all(files.map((file) => remove(path.join(environmentDir(environment), file))));
};
