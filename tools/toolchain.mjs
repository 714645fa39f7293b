// The tools this project runs: found or installed once, then found by file without starting a process.
//   node tools/toolchain.mjs             what npm start needs
//   node tools/toolchain.mjs nats        the nats CLI
//   node tools/toolchain.mjs --again     forget what was found and look again (after installing something by hand)
import { existsSync, realpathSync, rmSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLog, ToolchainError } from "./log.mjs";
import { DEFAULT_TOOLS, describeTool, projectFolder, RELEASES, standInFolder } from "./pins.mjs";
import { guardRun } from "./run-guard.mjs";
import { standIns, standInsAllowed } from "./stand-ins.mjs";
import { cacheFolder, isUnchanged, makePrivateFolder, readRecord, writeRecord } from "./record.mjs";

export { ToolchainError } from "./log.mjs";
export { cacheFolder } from "./record.mjs";

/**
 * Finds or installs tools and returns the path of each executable, by name. What is recorded and unchanged on disk is
 * only compared; everything else happens under a lock, so that two starts do not build twice.
 */
export async function ensureToolchain(given = {}) {
  const { tools = DEFAULT_TOOLS, again = false, cache = cacheFolder(), log = createLog() } = given;
  const options = { env: process.env, ...given, cache, log };
  const wanted = tools.map(describeTool);
  const missing = (record) => wanted.filter((tool) => !isInstalled(tool, record, options));
  if (again || missing(readRecord(cache)).length > 0) {
    makePrivateFolder(cache);
    const { withLock } = await import("./lock.mjs");
    await withLock(join(cache, "toolchain.lock"), { log, what: "installing tools" }, () =>
      installMissing(again ? () => wanted : missing, options),
    );
  }
  return readToolchain(cache);
}

async function installMissing(missing, options) {
  const { cache, log, env, path = env.PATH ?? "", releases = RELEASES, connectMs } = options;
  const { install } = await import("./install.mjs");
  const { createDownloader } = await import("./download.mjs");
  const downloader = createDownloader({ log, connectMs });
  try {
    // Another process may have installed them while this one waited for the lock.
    for (const tool of missing(readRecord(cache))) {
      const record = readRecord(cache);
      const entries = await install(tool, { cache, log, env, path, releases, downloader, record });
      writeRecord(cache, { ...record, ...Object.fromEntries(entries.map((entry) => [entry.name, entry])) });
    }
  } finally {
    rmSync(join(cache, "tmp"), { recursive: true, force: true });
  }
}

function isInstalled(tool, record, { cache, env }) {
  return tool.executables.every((name) => {
    const entry = record[name];
    if (!entry || entry.pin !== tool.key) return false;
    if (entry.how !== "offline stand-in") return isUnchanged(entry);
    // An official plugin that was installed since replaces it.
    const official = existsSync(join(cache, "pulumi-home", "plugins", tool.folder));
    return standInsAllowed(env) && existsSync(entry.path) && !official;
  });
}

/** The recorded path of each executable, by name. Reads one small file and starts nothing. */
export function readToolchain(cache = cacheFolder()) {
  return Object.fromEntries(Object.values(readRecord(cache)).map(({ name, path }) => [name, path]));
}

/**
 * The environment variables in which Pulumi and the tools run: PATH with the project's own first, and its own
 * PULUMI_HOME. Stand-ins are on PATH for local stacks only, and are taken off it for every other.
 */
export function toolchainEnv({ local = false, cache = cacheFolder(), env = process.env } = {}) {
  const paths = readToolchain(cache);
  const offline = standIns(cache).length > 0;
  const folders = [
    join(cache, "bin"),
    join(projectFolder, "node_modules", ".bin"),
    ...Object.values(paths)
      .map(dirname)
      .filter((folder) => folder !== standInFolder && !folder.includes("pulumi-home")),
    ...(env.PATH ?? "").split(delimiter).filter((folder) => folder !== standInFolder),
    ...(local && offline && standInsAllowed(env) ? [standInFolder] : []),
  ];
  return {
    PATH: [...new Set(folders)].join(delimiter),
    PULUMI_HOME: join(cache, "pulumi-home"),
    PULUMI_SKIP_UPDATE_CHECK: "true",
    // Where plugins cannot be downloaded the engine would try at every run, for seconds.
    ...(offline ? { PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true" } : {}),
  };
}

async function main(args) {
  const names = args.filter((arg) => !arg.startsWith("-"));
  await ensureToolchain({ tools: names.length > 0 ? names : DEFAULT_TOOLS, again: args.includes("--again") });
  for (const { name, version, how, path } of Object.values(readRecord())) {
    process.stdout.write(`${name.padEnd(31)} ${version.padEnd(9)} ${how.padEnd(17)} ${path}\n`);
  }
}

/** Runs a command of this folder: a known error is shown as its message, and the exit code is 1. */
export function run(command) {
  guardRun();
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(130));
  command().catch((error) => {
    process.stderr.write(`${error instanceof ToolchainError ? error.message : error.stack}\n`);
    process.exit(1);
  });
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  run(() => main(process.argv.slice(2)));
}
