import * as os from "node:os";
import { parseArgs } from "node:util";
import { natsServer, versionOf } from "../components/local/provider/binary";
import { machine } from "./machine";
import { Closing } from "./scale/part";
import { parts } from "./scale/parts";
import { type Measured, report } from "./scale/report";

const help = `Measures how cost grows with the number of something, on real servers of this machine (Linux), and fits
cost = base + n * each to it by least squares, with the standard error of "each". What it prints as reached at a number
is extrapolated by that model. Asserts nothing, because machines differ.

  npm run bench:scale                                  everything, about half an hour on two quiet cores
  npm run bench:scale -- groups                        one part, or several, with the numbers below
  npm run bench:scale -- streams 0 500 regions 1 3     with other numbers, each after its part, ascending
  npm run bench:scale -- --seconds 60 groups           idle time that is measured, after as much to come to rest.
                                                       Default: 20 s

${Object.entries(parts)
  .map(([name, { what, sizes }]) => `  ${name.padEnd(12)}${sizes.join(" ").padEnd(17)}${what}`)
  .join("\n")}

"Idle" is without any message. Servers have TLS and encryption at rest as they are deployed, and end with the command,
also by Ctrl-C.
`;

interface Options {
  help: boolean;
  seconds: number;
  /** Each part with its numbers. */
  chosen: [name: string, sizes: readonly number[]][];
}

/** Options of the command line. @throws what is wrong with them, all at once */
function optionsOf(args: string[]): Options {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h", default: false }, seconds: { type: "string", default: "20" } },
  });
  const problems: string[] = [];
  const seconds = Number(values.seconds);
  if (!(seconds >= 1 && seconds <= 3_600)) problems.push(`--seconds ${values.seconds}: write 1 to 3600`);
  const named: [string, number[]][] = [];
  for (const word of positionals) {
    const last = named.at(-1);
    if (!/^\d/.test(word)) named.push([word, []]);
    else if (!last) problems.push(`${word}: write a part before its numbers`);
    else if (!/^\d+$/.test(word)) problems.push(`${word} of ${last[0]}: write a whole number`);
    else if (Number(word) <= (last[1].at(-1) ?? -1)) problems.push(`${word} of ${last[0]}: write ascending numbers`);
    else last[1].push(Number(word));
  }
  for (const [name] of named)
    if (!Object.hasOwn(parts, name)) problems.push(`"${name}" is no part; write ${Object.keys(parts).join(", ")}`);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const chosen = named.length > 0 ? named : Object.keys(parts).map((name): [string, number[]] => [name, []]);
  return {
    ...{ help: values.help, seconds },
    chosen: chosen.map(([name, sizes]) => [name, sizes.length > 0 ? sizes : parts[name]!.sizes]),
  };
}

const log = (line: string) => process.stderr.write(`${new Date().toTimeString().slice(0, 8)} ${line}\n`);

/** Of the part that runs. */
let closing = new Closing();
/** By a signal: no further part begins. */
let isEnding = false;

async function main(args: string[]): Promise<void> {
  let options;
  try {
    options = optionsOf(args);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${help}`);
    process.exitCode = 2;
    return;
  }
  if (options.help) return void process.stdout.write(help);
  const { seconds, chosen } = options;
  process.stdout.write(
    `${new Date().toISOString().slice(0, 16)}Z, ${machine()}, nats-server ${await versionOf(natsServer())}; ` +
      `${seconds} s idle\n`,
  );
  for (const [name, sizes] of chosen) if (!isEnding) await measure(name, sizes, seconds);
}

/** Measures a part and prints it, up to the number that did not work. */
async function measure(name: string, sizes: readonly number[], seconds: number): Promise<void> {
  const part = parts[name]!;
  const measured: Measured[number][] = [];
  closing = new Closing();
  log(`${name}: ${part.what}`);
  const before = os.loadavg()[0]!;
  let size = sizes[0]!;
  try {
    const measureAt = await part.start({ seconds, closing, log: (line) => log(`  ${line}`) });
    for (size of sizes) {
      log(`${name}: ${size} of ${sizes.at(-1)}`);
      measured.push([size, await measureAt(size)]);
    }
  } catch (error) {
    log(`${name}: ${size} did not work: ${(error as Error).stack}`);
    process.exitCode = 1;
  } finally {
    await closing.close();
  }
  const load = `load ${before.toFixed(1)} before, ${os.loadavg()[0]!.toFixed(1)} after`;
  process.stdout.write(`\n${report(part, measured)}\n\n${load}\n`);
}

for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    isEnding = true;
    log(`${signal}: stops the servers`);
    void closing.close().finally(() => process.exit(130));
  });

void main(process.argv.slice(2));
