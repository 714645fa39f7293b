import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** A running process, as far as recovery reads it. */
export interface Process {
  pid: number;
  parent: number;
  /** Executable and arguments. */
  args: string[];
  env: Record<string, string>;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Every process of this user whose arguments and environment can be read. */
export function processes(): Process[] {
  return process.platform === "linux" ? fromProc() : fromPs();
}

function fromProc(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const read = (file: string) => readFileSync(`/proc/${name}/${file}`, "utf8");
        // The command in field 2 may hold spaces and brackets.
        const parent = Number(read("stat").split(") ").at(-1)!.split(" ")[1]);
        const list = (file: string) => read(file).split("\0").slice(0, -1);
        return [{ pid: Number(name), parent, args: list("cmdline"), env: variables(list("environ")) }];
      } catch {
        return []; // Ended meanwhile, or another user's.
      }
    });
}

/** Elsewhere `ps` prints the environment after the arguments, separated by spaces: values with spaces are cut. */
function fromPs(): Process[] {
  return execFileSync("ps", ["eww", "-x", "-o", "pid=,ppid=,command="], { encoding: "utf8", maxBuffer: 64 * 1024 ** 2 })
    .split("\n")
    .flatMap((line) => {
      const [, pid, parent, command] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
      if (!command) return [];
      const words = command.split(" ");
      return [
        {
          pid: Number(pid),
          parent: Number(parent),
          args: words.filter((word) => !/^\w+=/.test(word)),
          env: variables(words),
        },
      ];
    });
}

const variables = (words: string[]): Record<string, string> =>
  Object.fromEntries(
    words
      .filter((word) => /^\w+=/.test(word))
      .map((word) => [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)]),
  );

/** Whether the command is the Pulumi CLI. */
export const isEngine = (args: string[]): boolean => path.basename(args[0] ?? "") === "pulumi";

/** Pulumi commands that run on one stack of a backend. */
export const enginesOn = (all: Process[], backendUrl: string, stack: string): Process[] =>
  all.filter(({ args, env }) => isEngine(args) && env.PULUMI_BACKEND_URL === backendUrl && args.includes(stack));

/** What Pulumi starts: language hosts, programs, providers (each also as the script that runs it). */
const parts = [
  /(^|\/)pulumi-(language|resource)-/,
  /@pulumi\/pulumi\/cmd\/(run|dynamic-provider)/,
  /offline\/plugins\//,
];

/** Processes of runs on this backend whose Pulumi has ended. Never servers: they keep running after a deployment. */
export function orphansOf(all: Process[], backendUrl: string): Process[] {
  const byPid = new Map(all.map((candidate) => [candidate.pid, candidate]));
  const hasEngine = ({ parent }: Process): boolean => {
    for (let above = byPid.get(parent); above; above = byPid.get(above.parent)) {
      if (isEngine(above.args)) return true;
    }
    return false;
  };
  return all.filter(
    (candidate) =>
      candidate.env.PULUMI_BACKEND_URL === backendUrl &&
      candidate.args.some((arg) => parts.some((part) => part.test(arg))) &&
      !hasEngine(candidate),
  );
}

/** Ends processes: by SIGTERM, and by SIGKILL those that run after `patienceMs`. */
export async function end(pids: number[], patienceMs = 2_000): Promise<void> {
  const signal = (name: NodeJS.Signals) => {
    for (const pid of pids.filter(isRunning)) {
      try {
        process.kill(pid, name);
      } catch {
        // Ended between the check and the signal.
      }
    }
  };
  signal("SIGTERM");
  const deadline = Date.now() + patienceMs;
  while (pids.some(isRunning) && Date.now() < deadline) await sleep(50);
  signal("SIGKILL");
}
