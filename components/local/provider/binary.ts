import { execFile } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { promisify } from "node:util";
import { cacheDir } from "../../../config/cache";

const run = promisify(execFile);

/** The nats-server to run: `program`, else what was installed for this project, else the first on PATH. Throws when there is none. */
export function natsServer(program?: string): string {
  if (program) return program;
  const folders = [path.join(cacheDir(), "bin"), ...(process.env.PATH ?? "").split(path.delimiter)];
  const found = [...installed(), ...folders.map((folder) => path.join(folder, "nats-server"))].find(isExecutable);
  if (!found)
    throw new Error(`there is no nats-server in ${folders[0]} nor on PATH; install it with: node tools/toolchain.mjs`);
  return found;
}

interface InstalledTools {
  tools: { "nats-server": { path: string } };
}

/** From the record of installed tools (tools/record.mjs). */
function installed(): string[] {
  try {
    const record = JSON.parse(fs.readFileSync(path.join(cacheDir(), "toolchain.json"), "utf8")) as InstalledTools;
    return [record.tools["nats-server"].path];
  } catch {
    return [];
  }
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

/** Version of a nats-server binary, e.g. `2.14.9`. Asked once for each state of the file. */
export function versionOf(binary: string): Promise<string> {
  const { mtimeMs } = fs.statSync(binary);
  const key = `${binary} ${mtimeMs}`;
  const known =
    versions.get(key) ?? run(binary, ["--version"]).then(({ stdout }) => stdout.trim().replace(/^nats-server: v/, ""));
  versions.set(key, known);
  return known;
}

/** Why a nats-server would not take a configuration file, in its own words; undefined when it would. */
export async function refusal(binary: string, config: string): Promise<string | undefined> {
  try {
    await run(binary, ["-t", "-c", config], { cwd: path.dirname(config) });
    return undefined;
  } catch (error) {
    return (error as { stderr?: string }).stderr?.trim() || String(error);
  }
}
