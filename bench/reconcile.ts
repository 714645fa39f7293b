import * as os from "node:os";
import { table } from "../cli/table";
import { benchEngine } from "./engine";
import { benchStart } from "./start";

/**
 * Measures what this program promises and prints tables; it asserts nothing, because machines differ. Servers, versions
 * and both sides of every comparison are of one run.
 *
 *   npm run bench:reconcile                       everything (about 20 minutes on two cores)
 *   npm run bench:reconcile -- start 5            npm start, warm and converged, memory, state; 5 runs
 *   npm run bench:reconcile -- engine 300 3       300 streams and consumers against raw API calls; 3 runs
 */
async function main([part, ...numbers]: string[]): Promise<void> {
  if (part !== undefined && !["start", "engine"].includes(part)) {
    process.stderr.write('write nothing, "start [runs]" or "engine [streams] [runs]"\n');
    process.exitCode = 2;
    return;
  }
  const [first, second] = numbers.map(Number);
  process.stdout.write(`${os.cpus().length} x ${os.cpus()[0]?.model}, ${process.platform} ${os.release()}, node ${process.version}\n`);
  if (part !== "engine") print(await benchStart(first ?? 5));
  if (part !== "start") print(await benchEngine((part && first) || 300, second ?? 3));
}

function print([head, ...rows]: string[][]): void {
  process.stdout.write(`\n${table(head!, rows)}\n`);
}

void main(process.argv.slice(2));
