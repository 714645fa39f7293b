// Where the official releases cannot be reached: a package of Debian, unpacked without installing it, and without root.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Unavailable } from "../download.mjs";
import { findOnPath } from "../path-search.mjs";

const MINUTES = 5;

/** Downloads a package with apt, which checks its signature, and unpacks it into a folder, whose path is returned. */
export function debianPackage(name, work, { path, log }) {
  const [apt, dpkg] = ["apt-get", "dpkg-deb"].map((program) => {
    const file = findOnPath(program, path);
    if (!file) throw new Unavailable(`${program} is not on PATH`);
    return file;
  });
  const run = (file, args) =>
    spawnSync(file, args, {
      cwd: work,
      encoding: "utf8",
      timeout: MINUTES * 60_000,
      env: { ...process.env, LC_ALL: "C" },
    });
  const own = ownLists(work);
  log.step(name, "downloading Debian's package");
  let last = run(apt, ["download", name]);
  if (last.status !== 0) {
    // The machine's lists are empty or old, and only root may change them.
    run(apt, [...own, "update"]);
    last = run(apt, [...own, "download", name]);
  }
  const archive = readdirSync(work).find((file) => file.startsWith(`${name}_`) && file.endsWith(".deb"));
  if (last.status !== 0 || !archive) throw new Unavailable(`apt-get download ${name}: ${lastLine(last)}`);
  const folder = join(work, "unpacked");
  const unpacked = run(dpkg, ["--extract", archive, folder]);
  if (unpacked.status !== 0) throw new Unavailable(`dpkg-deb --extract ${archive}: ${lastLine(unpacked)}`);
  return folder;
}

/** Options of apt that keep its lists and caches in a folder of ours. */
function ownLists(work) {
  for (const folder of ["lists/partial", "cache/archives/partial"]) mkdirSync(join(work, folder), { recursive: true });
  const options = { "Dir::State::lists": join(work, "lists"), "Dir::Cache": join(work, "cache") };
  return Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}

const lastLine = ({ error, stderr }) => error?.message ?? stderr?.trim().split("\n").at(-1) ?? "no message";
