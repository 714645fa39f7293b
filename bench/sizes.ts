import * as os from "node:os";
import { parseArgs } from "node:util";
import { table } from "../cli/render/table";
import { machine } from "./machine";

/** A bench that measures the same with other numbers of streams. */
export interface SizesBench<Cost> {
  help: string;
  /** Of each measurement. */
  seconds: { usual: number; least: number };
  /** What else is measured under. */
  note: string;
  /** The table: what a row says of a measurement. */
  lines: Record<string, (cost: Cost) => string>;
  measure: (streams: number, seconds: number) => Promise<Cost>;
}

/** Runs a bench with the arguments of the command line, `--seconds` and numbers of streams, and prints its table. */
export async function benchSizes<Cost>(bench: SizesBench<Cost>, args = process.argv.slice(2)): Promise<void> {
  const { help, note, lines, measure } = bench;
  let options;
  try {
    options = optionsOf(args, bench.seconds);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${help}`);
    process.exitCode = 2;
    return;
  }
  if (options.help) return void process.stdout.write(help);
  const { seconds, counts } = options;
  process.stdout.write(`${machine()}, load ${os.loadavg()[0]!.toFixed(1)}; ${seconds} s, ${note}\n`);
  const measured: Cost[] = [];
  for (const count of counts) measured.push(await measure(count, seconds));
  const rows = Object.entries(lines).map(([what, show]) => [what, ...measured.map(show)]);
  process.stdout.write(`\n${table(["", ...counts.map((count) => `${count} streams`)], rows)}\n`);
  process.stdout.write(`load ${os.loadavg()[0]!.toFixed(1)} at the end\n`);
}

/** @throws what is wrong with them */
function optionsOf(
  args: string[],
  { usual, least }: SizesBench<never>["seconds"],
): { help: boolean; seconds: number; counts: number[] } {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h", default: false }, seconds: { type: "string" } },
  });
  const seconds = Number(values.seconds ?? usual);
  if (!(seconds >= least)) throw new Error(`--seconds ${values.seconds}: write ${least} or more`);
  const counts = positionals.map(Number);
  const wrong = positionals.find((_, index) => !(Number.isInteger(counts[index]) && counts[index]! > 0));
  if (wrong !== undefined) throw new Error(`${wrong}: write numbers of streams, such as 14 500`);
  return { help: values.help, seconds, counts: counts.length > 0 ? counts : [14, 500] };
}

export const percent = (value: number): string => `${value.toFixed(2)} %`;
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
export const kilobytes = (bytes: number): string => `${(bytes / 1e3).toFixed(0)} kB`;
