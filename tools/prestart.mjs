// Runs before `npm start`, with --tests before `npm test`, with --kube before `npm run test:kube`: installs the npm
// packages and tools that are missing. Plain Node.js from version 20, no packages: on a fresh clone there are none.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createLog, ToolchainError } from "./log.mjs";
import { DEFAULT_TOOLS, KUBE_TOOLS, projectFolder, TEST_TOOLS } from "./pins.mjs";
import { cacheFolder, makePrivateFolder } from "./record.mjs";
import { ensureToolchain, run } from "./toolchain.mjs";

const WANTED_NODE = 22;

/** Installs the npm packages of package-lock.json into `project`, unless they are there. */
export async function ensurePackages({
  project = projectFolder,
  cache = cacheFolder(),
  log = createLog(),
  npmCi = runNpmCi,
} = {}) {
  const lock = readFileSync(join(project, "package-lock.json"), "utf8");
  // Packages hold executables: a folder copied from another kind of machine does not count.
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}\n${lock}`).digest("hex");
  const note = join(project, "node_modules", ".supercluster-lock-hash");
  if (readText(note) === hash) return;

  makePrivateFolder(cache);
  const { withLock } = await import("./lock.mjs");
  await withLock(join(cache, "npm.lock"), { log, what: "installing npm packages" }, async () => {
    if (readText(note) === hash) return;
    if (!isInstalled(project, JSON.parse(lock))) {
      log.step("npm packages", "installing what package-lock.json lists (a minute or less)");
      await npmCi(project);
    }
    writeFileSync(note, hash);
  });
}

/** Whether npm's own record of what it installed matches the lock file: npm was run by hand. */
function isInstalled(project, lock) {
  const text = readText(join(project, "node_modules", ".package-lock.json"));
  if (!text) return false;
  const there = JSON.parse(text).packages;
  return Object.entries(lock.packages).every(([path, { version, integrity, optional, link }]) => {
    // The project itself and its workspaces are folders of the checkout, not packages to install.
    if (link || !path.includes("node_modules/")) return true;
    const found = there[path];
    if (!found) return optional === true && !isBuiltForThisMachine(lock.packages[path]);
    return found.version === version && found.integrity === integrity && existsSync(join(project, path));
  });
}

function isBuiltForThisMachine({ os, cpu, libc }) {
  // One for every machine is optional because what needs it is: npm leaves it out with that.
  if (!os && !cpu) return false;
  const fits = (list, own) => !list || [list].flat().includes(own);
  // Which C library this is would take a process to find out; npm decided that when it installed.
  return fits(os, process.platform) && fits(cpu, process.arch) && !libc;
}

async function runNpmCi(project) {
  const { spawnSync } = await import("node:child_process");
  // Install scripts stay off: no package needs one here, and some would download with the user's own Pulumi.
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = process.env.npm_execpath;
  const [command, ...before] = npm ? [process.execPath, npm] : ["npm"];
  const { status, error } = spawnSync(command, [...before, ...args], { cwd: project, stdio: "inherit" });
  if (error || status !== 0) {
    throw new ToolchainError(
      `npm ci failed${error ? ` (${error.message})` : ""}; fix what it reports above and run the command again`,
    );
  }
}

/** Fails unless npm scripts run on a Node.js that Pulumi's SDK runs on. */
export function checkNode({ project = projectFolder, version = process.versions.node } = {}) {
  if (existsSync(join(project, "node_modules", ".bin", "node"))) return;
  if (Number(version.split(".")[0]) >= WANTED_NODE) return;
  throw new ToolchainError(
    `Node.js ${WANTED_NODE} or later is needed, this is ${version}, ` +
      `and npm has no build of it for ${process.platform} ${process.arch}.\n` +
      `Install it from https://nodejs.org (or: nvm install ${WANTED_NODE}), then run the same command again.`,
  );
}

function readText(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

if (process.argv[1] && process.argv[1].endsWith("prestart.mjs")) {
  run(async () => {
    await ensurePackages();
    checkNode();
    const more = { "--tests": TEST_TOOLS, "--kube": KUBE_TOOLS };
    await ensureToolchain({
      tools: [
        ...DEFAULT_TOOLS,
        ...Object.entries(more).flatMap(([option, tools]) => (process.argv.includes(option) ? tools : [])),
      ],
    });
  });
}
