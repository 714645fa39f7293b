import { table } from "../cli/render/table";
import { benchClients } from "./clients";
import { benchEngine } from "./engine";
import { benchLarge } from "./large";
import { countsOf } from "./counts";
import { machine } from "./machine";
import { benchNoOp } from "./no-op";
import { benchStart } from "./start";

/** Parts, and what they measure where no numbers are given. */
const parts: Record<string, (numbers: number[]) => Promise<string[][][]>> = {
  start: async ([runs = 5]) => [await benchStart(runs)],
  engine: ([streams = 200, runs = 3]) => benchEngine(streams, runs),
  "no-op": async ([streams = 200, runs = 3]) => [await benchNoOp(streams, runs)],
  large: async ([streams = 2_000, runs = 3]) => [await benchLarge(streams, runs)],
  clients: async ([clients = 500, runs = 3]) => [await benchClients(clients, runs)],
};

const help = `Measures how fast this program is and prints tables; asserts nothing, because machines differ. Both sides
of every comparison are measured in the same run, on the same servers.

  npm run bench:reconcile                     everything
  npm run bench:reconcile -- start 5          npm start, warm and converged, memory, state; 5 runs
  npm run bench:reconcile -- engine 200 3     200 streams and consumers, R1 and R3: times against raw API calls,
                                              requests by kind; 3 runs
  npm run bench:reconcile -- no-op 200 3      nothing to change, with and without --refresh, beside the engine's own
                                              share: as many resources of a provider that does nothing; 3 runs
  npm run bench:reconcile -- large 2000 3     2,000 streams: no-op and refresh, memory of the provider; 3 runs
  npm run bench:reconcile -- clients 500 3    500 clients: a reload of their accounts, the loss of their server; the
                                              check of settings
`;

async function main([part, ...numbers]: string[]): Promise<void> {
  const counts = countsOf(help, part?.startsWith("-") ? [part] : numbers);
  if (!counts) return;
  if (part !== undefined && !parts[part]) {
    process.stderr.write(
      `"${part}" is not a benchmark; pass nothing, or one of: ${Object.keys(parts).join(", ")}. ` +
        "npm run bench:reconcile -- --help says what each measures\n",
    );
    process.exitCode = 2;
    return;
  }
  process.stdout.write(`${machine()}\n`);
  for (const measure of part ? [parts[part]!] : Object.values(parts)) (await measure(counts)).forEach(print);
}

function print([head, ...rows]: string[][]): void {
  process.stdout.write(`\n${table(head!, rows)}\n`);
}

void main(process.argv.slice(2));
