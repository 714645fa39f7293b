import { once } from "node:events";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import type { Browser } from "playwright-core";
import { observe } from "../components/local/provider/observe";
import { systemAccount } from "../config/assets/standard";
import { percentiles } from "../config/percentiles";
import { startBrowser } from "../tests/support/browser";
import { ConsoleLab } from "../tests/support/console-lab";
import { messageOf, startChild } from "./child";
import { account, manyStreams, streamNames, subjectOf, user } from "./console/many-streams";
import type { Served } from "./console/serve";
import { everyMs, startTraffic } from "./console/traffic";
import { WatchedPage } from "./console/watched-page";
import { busyGroups, residentBytes } from "./processes";
import { benchSizes, megabytes, percent } from "./sizes";

const help = `Measures what \`npm run console\` costs, and how soon and how smoothly its page shows what changes: three
servers of one region, streams of three replicas with four durables each, and a message to every stream each 2 s, so
that each of the console's looks (2 s apart) finds all of them changed. One page is open, in headless Chromium, at the
list of streams. Prints a table; asserts nothing, because machines differ. Linux.

  npm run bench:console                         14 streams, then 500 (2,000 durables)
  npm run bench:console -- 100 1000             100, then 1,000
  npm run bench:console -- --seconds 300 500    each measurement takes 5 minutes. Default: 60 s

CPU is that of processes, in percent of one processor; that of servers without a console is measured before. Memory is
what is resident at the end. From a publish to the picture: until a message is counted in a frame that was painted;
most of it is waiting for the next look. Frames: from one to the next while a list is scrolled up and down, 100 pixels a
frame, and all of its rows change; the goal is less than 50 ms.
`;

/** Of each stream. */
const durables = 4;
/** Streams to which only messages whose way is timed are published. */
const timed = 5;
const goalMs = 50;
/** Until what was created or opened has come to rest, in milliseconds. */
const settleMs = 15_000;

interface Cost {
  /** To all servers, a second. */
  requests: number;
  /** Percent of one processor. */
  cpu: { before: number; servers: number; console: number; page: number };
  /** Bytes. */
  memory: { console: number; page: number; heap: number };
  nodes: number;
  /** Milliseconds from a publish until it was painted. */
  latencies: number[];
  /** Milliseconds of each frame. */
  frames: { streams: number[]; durables: number[] };
}

const middleToLongest = (milliseconds: number[]): string => {
  const { p50, p95 } = percentiles(milliseconds);
  return [p50, p95, Math.max(...milliseconds)].map((one) => one.toFixed(0)).join(" / ");
};
const overGoal = (frames: number[]): string =>
  `${frames.filter((frame) => frame >= goalMs).length} of ${frames.length}`;

const lines: Record<string, (cost: Cost) => string> = {
  "requests to the 3 servers, a second": ({ requests }) => requests.toFixed(1),
  "CPU of the 3 servers, no console": ({ cpu }) => percent(cpu.before),
  "CPU of the 3 servers, a page open": ({ cpu }) => percent(cpu.servers),
  "CPU of the console": ({ cpu }) => percent(cpu.console),
  "memory of the console": ({ memory }) => megabytes(memory.console),
  "CPU of the page": ({ cpu }) => percent(cpu.page),
  "memory of the page": ({ memory }) => megabytes(memory.page),
  "of it objects of scripts": ({ memory }) => megabytes(memory.heap),
  "nodes of the page": ({ nodes }) => String(nodes),
  "from a publish to the picture, p50 / p95 / longest, ms": ({ latencies }) => middleToLongest(latencies),
  "frames of streams, p50 / p95 / longest, ms": ({ frames }) => middleToLongest(frames.streams),
  [`frames of streams of ${goalMs} ms or longer`]: ({ frames }) => overGoal(frames.streams),
  "frames of durables, p50 / p95 / longest, ms": ({ frames }) => middleToLongest(frames.durables),
  [`frames of durables of ${goalMs} ms or longer`]: ({ frames }) => overGoal(frames.durables),
};

async function measure(count: number, seconds: number): Promise<Cost> {
  const names = streamNames(count);
  const tenants = { [account]: manyStreams(names, durables) };
  const lab = await ConsoleLab.start(tenants, { regions: ["iad"], servers: 3 });
  const served = startChild(path.join(__dirname, "console", "serve.ts"));
  const ended = once(served, "exit");
  const connections: NatsConnection[] = [];
  let browser: Browser | undefined;
  let endTraffic = () => {};
  try {
    const system = await lab.as(systemAccount.name, systemAccount.user);
    const publisher = await lab.as(account, user);
    connections.push(system, publisher);
    let asked = 0;
    system.subscribe("$SYS.REQ.SERVER.PING.>", { callback: () => void asked++ });
    endTraffic = startTraffic(publisher, names.slice(timed));
    const servers = await Promise.all(
      Object.values(lab.cluster.inputs()).map(async (inputs) => (await observe(inputs))!.process.pid),
    );
    await sleep(settleMs);
    const before = await busyGroups({ servers }, seconds);

    served.send({ checked: lab.checked, access: lab.access } satisfies Served);
    const url = await messageOf<string>(served);
    browser = await startBrowser();
    const page = await WatchedPage.open(browser, url);
    await page.list("streams", count);
    await sleep(settleMs);
    const pages = await page.processes();
    const watch = async () => {
      asked = 0;
      const cpu = await busyGroups({ servers, console: [served.pid!], page: pages }, seconds);
      return { cpu, requests: (asked * servers.length) / seconds };
    };
    const [{ cpu, requests }, latencies] = await Promise.all([
      watch(),
      publishAndWatch(page, publisher, names.slice(0, timed), seconds),
    ]);
    const frames = { streams: await page.scrolled(seconds / 2), durables: [] as number[] };
    await page.list("durables", count * durables);
    frames.durables = await page.scrolled(seconds / 2);
    const { heap, nodes } = await page.holds();
    return {
      ...{ requests, nodes, latencies, frames },
      cpu: { before: before.servers, ...cpu },
      memory: { console: residentBytes(served.pid!), page: Math.max(...pages.map(residentBytes)), heap },
    };
  } finally {
    endTraffic();
    await browser?.close();
    served.kill();
    await ended;
    for (const connection of connections) await connection.close();
    await lab.cluster.stop();
  }
}

/** Publishes to streams at any time of the console's pace, for some seconds; milliseconds until each was painted. */
async function publishAndWatch(
  page: WatchedPage,
  publisher: NatsConnection,
  streams: string[],
  seconds: number,
): Promise<number[]> {
  const client = jetstream(publisher);
  const end = Date.now() + seconds * 1_000;
  const ofOne = async (stream: string): Promise<number[]> => {
    const taken: number[] = [];
    while (Date.now() < end) {
      await sleep(Math.random() * everyMs);
      const painted = page.painted(`#/tenant/${account}/stream/${stream}`, taken.length + 1);
      const published = Date.now();
      const [at] = await Promise.all([painted, client.publish(subjectOf(stream), "timed")]);
      taken.push(at - published);
    }
    return taken;
  };
  return (await Promise.all(streams.map(ofOne))).flat();
}

void benchSizes({ help, lines, measure, seconds: { usual: 60, least: 10 }, note: "one page open" });
