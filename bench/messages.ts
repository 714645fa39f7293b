import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parseArgs } from "node:util";
import { format, resolveConfig } from "prettier";
import { table } from "../cli/render/table";
import { natsServer, versionOf } from "../components/local/provider/binary";
import { Supercluster } from "../tests/support/nats";
import { startDistances } from "./messages/distance";
import { type Latency, measureDelivery, type Route } from "./messages/delivery";
import { measurePublishing } from "./messages/publishing";
import { markdown, picture, tables } from "./messages/report";
import { type Measured, targets, verdictOf } from "./messages/targets";

const help = `Measures publishing, delivery and replication beside the targets of the source systems.

  npm run bench:messages                     everything on this machine's own network
  npm run bench:messages -- --wan            regions as far from each other as in production (85, 200, 280 ms)
  npm run bench:messages -- --runs 5         each run five times (default: 3)
  npm run bench:messages -- --scale 0.1      a tenth of the messages
  npm run bench:messages -- --write          also writes docs/performance.md, its figures and its picture

Streams are on three servers a region, with TLS and encryption at rest. What is compared alternates on the same
servers. It asserts nothing: exit code 0 also where a target is missed.
`;

const docs = path.join(__dirname, "..", "docs");
const regions = ["iad", "ams", "syd"];
const seconds = 10;
const local: Route = { from: "iad", to: "iad" };
/** One after another: all at once, the servers and proxies of three regions would wait for the processors. */
const rounds: Route[][] = [
  [local],
  ...regions.map((from) => regions.filter((to) => to !== from).map((to) => ({ from, to }))),
];

async function main(): Promise<void> {
  const { runs, scale, wan, write } = options();
  const server = await versionOf(natsServer());
  const log = (line: string) => process.stderr.write(`${line}\n`);
  const publishing = await measurePublishing(runs, scale, log);
  log(wan ? "delivery and replication, at a distance" : "delivery and replication");
  const measured: Measured = { publishing, distances: wan, ...(await measureRegions(wan, scale)) };
  const machine =
    `${os.cpus().length} x ${os.cpus()[0]!.model.trim()}, ${process.platform} ${os.release()}, Node.js ` +
    `${process.version}, nats-server ${server}, load ${os.loadavg()[0]!.toFixed(1)} at the end`;
  const date = new Date().toISOString().slice(0, 10);
  process.stdout.write(`\n${date}: ${machine}\n`);
  for (const [title, [head, ...rows]] of Object.entries(tables(measured)))
    process.stdout.write(`\n${title}\n${table(head, rows)}\n`);
  if (write) await writeDocs(measured, date, machine);
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        runs: { type: "string", default: "3" },
        scale: { type: "string", default: "1" },
        wan: { type: "boolean", default: false },
        write: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
    const { help: wantsHelp, wan, write } = values;
    if (wantsHelp) {
      process.stdout.write(help);
      process.exit(0);
    }
    const [runs, scale] = [Number(values.runs), Number(values.scale)];
    if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs "${values.runs}": expected 1, 2, 3, ...`);
    if (!(scale > 0 && scale <= 10)) throw new Error(`--scale "${values.scale}": expected more than 0, 10 at most`);
    return { runs, scale, wan, write };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${help}`);
    process.exit(2);
  }
}

async function measureRegions(wan: boolean, scale: number): Promise<Pick<Measured, "delivery" | "replication">> {
  const cluster = await Supercluster.prepare({ regions, servers: 3 });
  const distances = wan ? await startDistances(cluster) : undefined;
  try {
    await cluster.ensure(distances?.inputs);
    await cluster.ready(distances?.inputs);
    await distances?.asserted();
    const connections = Object.fromEntries(
      await Promise.all(
        regions.map(
          async (region) => [region, await cluster.connect("app", { servers: cluster.urls(region) })] as const,
        ),
      ),
    );
    const all: (Route & Latency)[] = [];
    for (const routes of rounds)
      for (const [route, latency] of await measureDelivery(connections, routes, seconds * scale))
        all.push({ ...route, ...latency });
    await Promise.all(Object.values(connections).map((connection) => connection.close()));
    const [delivery, ...replication] = all;
    return { delivery, replication };
  } finally {
    await cluster.stop();
    await distances?.stop();
  }
}

const [begin, end] = ["<!-- figures: npm run bench:messages -- --wan --write -->", "<!-- end of figures -->"];

/** Between its marks the page is generated; the rest is written by hand. */
async function writeDocs(measured: Measured, date: string, machine: string): Promise<void> {
  const page = path.join(docs, "performance.md");
  const text = fs.readFileSync(page, "utf8");
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page} has no line "${begin}" before a line "${end}"`);
  const blocks = Object.entries(tables(measured)).map(([title, one]) => `## ${title}\n\n${markdown(one)}`);
  const figures = [`${date}, ${machine}.`, "![Measured figures beside their targets](performance.svg)", ...blocks];
  await writeFormatted(page, `${text.slice(0, from)}${begin}\n\n${figures.join("\n\n")}\n\n${text.slice(to)}`);
  fs.writeFileSync(path.join(docs, "performance.svg"), picture(measured));
  const verdicts = targets.map((target) => {
    const { system, what, limit, better, how } = target;
    return { system, what, limit, better, how, measured: target.value(measured), verdict: verdictOf(target, measured) };
  });
  const json = { date, machine, targets: verdicts, ...measured };
  await writeFormatted(path.join(docs, "performance.json"), JSON.stringify(json));
}

async function writeFormatted(file: string, text: string): Promise<void> {
  fs.writeFileSync(file, await format(text, { ...(await resolveConfig(file)), filepath: file }));
}

void main();
