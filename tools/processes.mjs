// Processes of this machine, from Linux's /proc and elsewhere from `ps`.
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const onLinux = process.platform === "linux";

/** Every process of this user whose arguments and environment can be read. */
export const processes = () =>
  onLinux
    ? readdirSync("/proc")
        .filter((name) => /^\d+$/.test(name))
        .flatMap(fromProc)
    : fromPs("-x");

/** One of them; undefined when there is none. */
export const processOf = (pid) => (onLinux ? fromProc(pid) : fromPs("-p", String(pid)))[0];

function fromProc(pid) {
  try {
    const list = (file) => readFileSync(`/proc/${pid}/${file}`, "utf8").split("\0").slice(0, -1);
    return [{ pid: Number(pid), parent: statOf(pid).parent, args: list("cmdline"), env: variables(list("environ")) }];
  } catch {
    return []; // Ended meanwhile, or another user's.
  }
}

/** `ps` prints the environment after the arguments, separated by spaces: values with spaces are cut. */
function fromPs(...which) {
  const { stdout } = spawnSync("ps", ["eww", ...which, "-o", "pid=,ppid=,command="], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 ** 2,
  });
  return stdout.split("\n").flatMap((line) => {
    const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    if (!command) return [];
    const words = command.split(" ");
    const args = words.filter((word) => !/^\w+=/.test(word));
    return [{ pid: Number(pid), parent: Number(parent), args, env: variables(words) }];
  });
}

const variables = (words) =>
  Object.fromEntries(
    words
      .filter((word) => /^\w+=/.test(word))
      .map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]),
  );

/**
 * When a process started, in the operating system's own format: with it a pid, which is used again after a while,
 * identifies a process. Empty when there is none, or only a zombie.
 */
export function startOf(pid) {
  try {
    if (!onLinux) return spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
    const { state, startTime } = statOf(pid);
    // A zombie counts as gone, unless other threads of it still hold its ports.
    const isGone = state === "Z" && readdirSync(`/proc/${pid}/task`).length <= 1;
    return isGone ? "" : startTime;
  } catch {
    return "";
  }
}

const statOf = (pid) => processStat(readFileSync(`/proc/${pid}/stat`, "utf8"));

/** State (`Z`: zombie), parent and start time (clock ticks since boot) of a process, from its /proc/<pid>/stat. */
export function processStat(stat) {
  // The command, in parentheses, may contain anything, so count from its end: fields 3, 4 and 22.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0], parent: Number(fields[1]), startTime: fields[19] };
}

/** Ends processes: by SIGTERM, and by SIGKILL those that run after `patienceMs`. */
export async function end(pids, patienceMs = 2_000) {
  const signal = (name) => {
    for (const pid of pids.filter(startOf)) {
      try {
        process.kill(pid, name);
      } catch {
        // Ended between the check and the signal.
      }
    }
  };
  signal("SIGTERM");
  const deadline = Date.now() + patienceMs;
  while (pids.some(startOf) && Date.now() < deadline) await sleep(50);
  signal("SIGKILL");
}
