import { execFileSync } from "node:child_process";
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { delimiter, dirname, isAbsolute, join } from "node:path";

/** The first executable called `name` in the folders of `path`, leaving out `except`; undefined where there is none. */
export function findOnPath(name, path, except = []) {
  for (const folder of path.split(delimiter)) {
    if (!isAbsolute(folder) || except.includes(folder)) continue;
    const file = join(folder, name);
    if (isExecutable(file)) return file;
  }
  return undefined;
}

/** Looks for a good enough one on PATH: its folder, version and executables, or why there is none. */
export function findToolOnPath(tool, { path, cache, except }) {
  const file = findOnPath(tool.executables[0], path, except);
  if (!file) return { why: "not on PATH" };
  const version = versionOf(file, tool.onPath.version, cache);
  if (!version) return { why: `${file} does not print its version` };
  if (!tool.onPath.accepts(version)) return { why: `${file} is ${version}, wanted is ${tool.onPath.wanted}` };
  // A package manager links executables elsewhere; what belongs to them lies beside the real file.
  for (const folder of new Set([dirname(file), dirname(realpathSync(file))])) {
    const missing = tool.onPath.beside.filter((name) => !isExecutable(join(folder, name)));
    if (missing.length === 0) return { version, folder };
  }
  return { why: `${file} comes without ${tool.onPath.beside.join(" and ")} beside it` };
}

/** The version that a program prints; undefined where it prints none. */
export function versionOf(file, args, cache) {
  try {
    const text = execFileSync(file, args, {
      encoding: "utf8",
      timeout: 10_000,
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, PULUMI_HOME: join(cache, "pulumi-home"), PULUMI_SKIP_UPDATE_CHECK: "true" },
    });
    return /(\d+\.\d+\.\d+\S*)/.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
