import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Processor time in seconds of all ended processes that this one has started, and of those that they have; undefined
 * where the system is not Linux.
 */
export function processorSeconds(): number | undefined {
  if (process.platform !== "linux") return undefined;
  // cutime and cstime.
  return secondsIn("self", 16);
}

/** Processor time in seconds of a process itself, on Linux. */
export const secondsOf = (pid: number): number => secondsIn(String(pid), 14);

/** The sum of two fields of proc(5), of which the first has this number. */
function secondsIn(pid: string, field: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // After the name, which may have spaces, comes the third.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[field - 3]) + Number(fields[field - 2])) / ticksPerSecond();
}

let ticks: number | undefined;
const ticksPerSecond = (): number => (ticks ??= Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" })));
