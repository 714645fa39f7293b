import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Processor time in seconds of all ended processes that this one has started, and of those that they have; undefined
 * where the system is not Linux.
 */
export function processorSeconds(): number | undefined {
  if (process.platform !== "linux") return undefined;
  const stat = readFileSync("/proc/self/stat", "utf8");
  // After the name, which may have spaces: cutime and cstime are the fields 16 and 17 of proc(5).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond();
}

let ticks: number | undefined;
const ticksPerSecond = (): number => (ticks ??= Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" })));
