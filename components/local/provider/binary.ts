import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import { cacheDir } from "../../../config/cache";
import { serverTools, testedServers } from "../../../config/versions";
import { readRecord } from "../../../tools/record.mjs";
import type { LocalServerInputs } from "../layout";

const run = promisify(execFile);

/**
 * Path of the nats-server to run: `program`, else that of `serverVersion` (default: the newest) as installed for this
 * project, else the first on PATH.
 * @throws when none is found
 */
export function natsServer({
  program,
  serverVersion = testedServers.newest,
}: Pick<LocalServerInputs, "program" | "serverVersion"> = {}): string {
  const tool = serverTools[serverVersion] ?? "nats-server";
  return program ?? executable(tool, tool);
}

/**
 * Path of a program: the one installed for this project, else the first on PATH.
 *
 * @param tool what tools/toolchain.mjs installs it by
 * @throws when none is found
 */
export function executable(name: string, tool?: string): string {
  const folders = [path.join(cacheDir(), "bin"), ...(process.env.PATH ?? "").split(path.delimiter)];
  const found = [...installed(name), ...folders.map((folder) => path.join(folder, name))].find(isExecutable);
  if (found) return found;
  const install = `node tools/toolchain.mjs${tool === undefined ? "" : ` ${tool}`}`;
  throw new Error(`${name} was found neither in ${folders[0]} nor on PATH; install it: ${install}`);
}

/** From the record of installed tools. */
function installed(name: string): string[] {
  const entry = readRecord(cacheDir())[name];
  return entry ? [entry.path] : [];
}

function isExecutable(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

const versions = new Map<string, Promise<string>>();

/** Version of a nats-server binary, e.g. `2.14.9`. Run once for each version of the file. */
export function versionOf(binary: string): Promise<string> {
  const { mtimeMs } = fs.statSync(binary);
  const key = `${binary} ${mtimeMs}`;
  const known =
    versions.get(key) ?? run(binary, ["--version"]).then(({ stdout }) => stdout.trim().replace(/^nats-server: v/, ""));
  versions.set(key, known);
  return known;
}

/** Why a nats-server would reject a configuration file (its own message); undefined when it accepts it. */
export async function refusal(binary: string, config: string): Promise<string | undefined> {
  try {
    await run(binary, ["-t", "-c", config], { cwd: path.dirname(config) });
    return undefined;
  } catch (error) {
    return (error as { stderr?: string }).stderr?.trim() || String(error);
  }
}
