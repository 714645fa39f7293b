// Gets one tool, from the first place that has it: PATH, the official release, the Go module proxy, Debian's packages.
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { Unavailable } from "./download.mjs";
import { debianPackage, missingDependencies } from "./offline/debian-package.mjs";
import { findGo, goBuild, OLDEST_GO } from "./offline/go-build.mjs";
import { ToolchainError } from "./log.mjs";
import { findOnPath, findToolOnPath, versionOf } from "./path-search.mjs";
import { atLeast, standInFolder } from "./pins.mjs";
import { entryFor } from "./record.mjs";
import { STAND_INS_VARIABLE, standInsAllowed } from "./stand-ins.mjs";
import { unpack } from "./unpack.mjs";

/** Installs a tool and returns its entries for the record, one for each executable. */
export function install(tool, context) {
  if (tool.script) return installScript(tool, context);
  if (tool.standIn) return installPlugin(tool, context);
  return installProgram(tool, context);
}

async function installProgram(tool, context) {
  const { cache, log } = context;
  const found = findToolOnPath(tool, { ...context, except: ownFolders(cache) });
  if (found.folder) {
    log.step(tool.name, `${found.version} in ${found.folder} (PATH)`);
    // One left in the cache would come first on PATH.
    for (const name of tool.executables) rmSync(join(cache, "bin", name), { force: true });
    return tool.executables.map((name) =>
      entryFor(name, join(found.folder, name), { version: found.version, pin: tool.key, how: "PATH" }),
    );
  }

  const why = [`PATH: ${found.why}`];
  for (const [place, attempt] of [
    ...(tool.release ? [["official release", download]] : []),
    ...(tool.builds.length ? [["Go", build]] : []),
    ...(tool.debian ? [["Debian", unpackDebian]] : []),
  ]) {
    try {
      return await attempt(tool, context);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      why.push(`${place}: ${error.message}`);
    }
  }
  throw new ToolchainError(
    `${tool.name} ${tool.pin} could not be installed:\n${why.map((line) => `  - ${line}`).join("\n")}\n` +
      `Install one of these so that it is on PATH, then run the same command again:\n` +
      (tool.builds.length
        ? `  - Go ${OLDEST_GO} or later, with which the tools are built here: https://go.dev/dl\n`
        : "") +
      `  - ${tool.byHand}`,
  );
}

async function download(tool, { cache, log, releases, downloader }) {
  const work = workFolder(cache, tool.name);
  const release = tool.release(releases);
  const archive = join(work, release.file);
  await downloader.download(tool, release, archive);
  const { programs = tool.executables } = release;
  unpack(archive, programs, join(work, "bin"));
  const entries = tool.executables.map((name, index) =>
    publish(join(work, "bin", programs[index]), join(cache, "bin", name), {
      version: tool.pin,
      pin: tool.key,
      how: "official release",
    }),
  );
  rmSync(work, { recursive: true, force: true });
  log.step(tool.name, `${tool.pin} downloaded, checksum verified (${new URL(release.url).host})`);
  return entries;
}

async function build(tool, { cache, path, log }) {
  const go = findGo(
    path,
    tool.builds.map((one) => one.go).reduce((left, right) => (atLeast(left, right) ? left : right)),
  );
  const work = workFolder(cache, tool.name);
  const entries = [];
  for (const one of tool.builds) {
    const took = await goBuild(one, join(work, one.name), { go, log });
    if (one.launcher) {
      publish(join(work, one.name), join(cache, "bin", one.launcher.starts), {});
      copyFileSync(one.launcher.script, join(work, one.name));
    }
    entries.push(
      publish(join(work, one.name), join(cache, "bin", one.name), {
        version: one.version,
        pin: tool.key,
        how: "built with Go",
      }),
    );
    log.step(one.name, `${one.version} built in ${took}`);
  }
  rmSync(work, { recursive: true, force: true });
  return entries;
}

/** Debian's version is an older one, which has to be good enough, as one on PATH. */
async function unpackDebian(tool, { cache, path, log }) {
  const work = workFolder(cache, tool.name);
  const { package: name, programs, in: home = "usr/bin", with: also = [], dependencies = false } = tool.debian;
  const folder = debianPackage(name, work, { path, log });
  const others = [...also, ...(dependencies ? missingDependencies(name, work, { path }) : [])];
  for (const other of others) debianPackage(other, work, { path, log });
  const files = programs.map((program) => {
    const file = join(folder, home, program);
    return others.length ? withLibraries(file, folder, join(cache, "bin", `${program}.d`)) : file;
  });
  const version = versionOf(files[0], tool.onPath.version, cache);
  if (!version || !tool.onPath.accepts(version))
    throw new Unavailable(`Debian's package ${tool.debian.package} is ${version}, wanted is ${tool.onPath.wanted}`);
  const entries = tool.executables.map((name, index) =>
    publish(files[index], join(cache, "bin", name), { version, pin: tool.key, how: "Debian package" }),
  );
  rmSync(work, { recursive: true, force: true });
  log.step(tool.name, `${version} from Debian's package ${tool.debian.package}`);
  return entries;
}

/** Copies a program and what was unpacked with it; returns a script that starts it with that. */
function withLibraries(file, folder, place) {
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  const library = /\.so(\.\d+)*$/;
  const found = readdirSync(join(folder, "usr", "lib"), { recursive: true }).filter((name) => library.test(name));
  // What is a link in the package is a file here.
  for (const name of found) copyFileSync(join(folder, "usr", "lib", name), join(place, basename(name)));
  // A program with a folder of its own has its data there.
  if (basename(dirname(file)) !== "bin") cpSync(dirname(file), place, { recursive: true });
  copyFileSync(file, join(place, basename(file)));
  const launcher = `${file}.sh`;
  const home = realpathSync(place);
  const variables = [`LD_LIBRARY_PATH='${home}'`, ...fontsOf(folder, home)];
  writeFileSync(launcher, `#!/bin/sh\n${variables.join(" ")} exec '${join(home, basename(file))}' "$@"\n`, {
    mode: 0o755,
  });
  return launcher;
}

/** Fonts that were unpacked, and a configuration that finds them and the machine's own. */
function fontsOf(folder, home) {
  const unpacked = join(folder, "usr", "share", "fonts");
  if (!existsSync(unpacked)) return [];
  cpSync(unpacked, join(home, "fonts"), { recursive: true });
  const folders = [join(home, "fonts"), "/usr/share/fonts"].map((dir) => `<dir>${dir}</dir>`).join("");
  const file = join(home, "fonts.conf");
  writeFileSync(
    file,
    '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">\n' +
      `<fontconfig>${folders}<cachedir>${join(home, "font-cache")}</cachedir></fontconfig>\n`,
  );
  return [`FONTCONFIG_FILE='${file}'`];
}

async function installScript(tool, { cache, log, record }) {
  if (!existsSync(tool.script)) throw new ToolchainError(`${tool.script} is missing; run "npm ci" and try again`);
  const facts = { version: tool.pin, pin: tool.key };
  if (record.pulumi?.how === "PATH") {
    return [entryFor(tool.name, join(record.pulumi.path, "..", tool.name), { ...facts, how: "PATH" })];
  }
  const draft = join(workFolder(cache, tool.name), tool.name);
  copyFileSync(tool.script, draft);
  log.step(tool.name, `${tool.pin} from the npm package @pulumi/pulumi`);
  return [publish(draft, join(cache, "bin", tool.name), { ...facts, how: "npm package" })];
}

async function installPlugin(tool, context) {
  const { cache, env, path, log, releases, downloader } = context;
  const [name] = tool.executables;
  const facts = { version: tool.pin, pin: tool.key };
  if (!tool.pin) throw new ToolchainError(`the npm package of ${name} is not installed; run "npm ci" and try again`);
  const plugins = join(cache, "pulumi-home", "plugins");
  const installed = join(plugins, tool.folder, name);
  if (existsSync(installed)) return [entryFor(name, installed, { ...facts, how: "plugin folder" })];

  const onPath = findOnPath(name, path, ownFolders(cache));
  if (onPath) {
    log.step(name, `${onPath} (PATH)`);
    return [entryFor(name, onPath, { ...facts, how: "PATH" })];
  }

  const work = workFolder(cache, name);
  const release = tool.release(releases);
  try {
    const archive = join(work, release.file);
    const { verified } = await downloader.download(tool, release, archive, { requireChecksum: false });
    unpack(archive, [name], join(work, tool.folder));
    chmodSync(join(work, tool.folder, name), 0o755);
    mkdirSync(plugins, { recursive: true });
    renameSync(join(work, tool.folder), join(plugins, tool.folder));
    // The engine keeps such a file beside each plugin folder.
    writeFileSync(join(plugins, `${tool.folder}.lock`), "");
    log.step(name, `${tool.pin} downloaded${verified ? ", checksum verified" : ""} (${new URL(release.url).host})`);
    return [entryFor(name, installed, { ...facts, how: "official release" })];
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    const missing = `${tool.pin} could not be downloaded (${error.message})`;
    if (!standInsAllowed(env)) {
      throw new ToolchainError(
        `${name} ${missing}, and ${STAND_INS_VARIABLE}=${env[STAND_INS_VARIABLE]} refuses its stand-in.\n` +
          `docs/stand-ins.md lists the ways to install the official plugin.`,
      );
    }
    log.warn(name, `${missing}: a stand-in serves it to local stacks, and only to those (docs/stand-ins.md)`);
    return [{ name, path: tool.standIn, ...facts, how: "offline stand-in" }];
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Moves a finished executable into place in one step; an interrupted run leaves only drafts. */
function publish(draft, target, facts) {
  chmodSync(draft, 0o755);
  mkdirSync(join(target, ".."), { recursive: true });
  renameSync(draft, target);
  return entryFor(basename(target), target, facts);
}

/** A folder of this process: the compiler of a killed one may still be writing into its own. */
function workFolder(cache, name) {
  const folder = join(cache, "tmp", `${name}-${process.pid}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

const ownFolders = (cache) => [join(cache, "bin"), standInFolder];
