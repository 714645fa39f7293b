// Where the official releases cannot be reached: a package of Debian, unpacked without installing it, and without root.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Unavailable } from "../download.mjs";
import { findOnPath } from "../path-search.mjs";

const MINUTES = 5;

/** Downloads a package with apt, which checks its signature, and unpacks it into a folder, whose path is returned. */
export function debianPackage(name, work, { path, log }) {
  log.step(name, "downloading Debian's package");
  const last = askApt(["download", name], work, path);
  const archive = readdirSync(work).find((file) => file.startsWith(`${name}_`) && file.endsWith(".deb"));
  if (last.status !== 0 || !archive) throw new Unavailable(`apt-get download ${name}: ${lastLine(last)}`);
  const folder = join(work, "unpacked");
  const unpacked = run(program("dpkg-deb", path), ["--extract", archive, folder], work);
  if (unpacked.status !== 0) throw new Unavailable(`dpkg-deb --extract ${archive}: ${lastLine(unpacked)}`);
  return folder;
}

/** What apt would install with a package: its dependencies that this machine lacks. */
export function missingDependencies(name, work, { path }) {
  const asked = ["install", "--print-uris", "--yes", "--no-install-recommends", name];
  const last = askApt(asked, work, path);
  if (last.status !== 0) throw new Unavailable(`apt-get install --print-uris ${name}: ${lastLine(last)}`);
  const names = [...last.stdout.matchAll(/^'\S+' ([^_\s]+)_\S+\.deb /gm)].map(([, found]) => found);
  return names.filter((found) => found !== name);
}

/** The machine's lists may be empty or old, and only root may change them: then lists of our own are fetched, once. */
function askApt(args, work, path) {
  const apt = program("apt-get", path);
  if (!existsSync(join(work, "lists"))) {
    const first = run(apt, args, work);
    if (first.status === 0) return first;
    run(apt, [...ownLists(work), "update"], work);
  }
  return run(apt, [...ownLists(work), ...args], work);
}

function program(name, path) {
  const file = findOnPath(name, path);
  if (!file) throw new Unavailable(`${name} is not on PATH`);
  return file;
}

const run = (file, args, cwd) =>
  spawnSync(file, args, { cwd, encoding: "utf8", timeout: MINUTES * 60_000, env: { ...process.env, LC_ALL: "C" } });

/** Options of apt that keep its lists and caches in a folder of ours. */
function ownLists(work) {
  for (const folder of ["lists/partial", "cache/archives/partial"]) mkdirSync(join(work, folder), { recursive: true });
  const options = { "Dir::State::lists": join(work, "lists"), "Dir::Cache": join(work, "cache") };
  return Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

const lastLine = ({ error, stderr }) => error?.message ?? stderr?.trim().split("\n").at(-1) ?? "no message";
