import { spawnSync } from "node:child_process";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection, NodeConnectionOptions } from "@nats-io/transport-node";
import { files } from "../../components/local/layout";
import { monitorUrl } from "../../components/supercluster/server-config";
import { exporterInputs } from "../../components/local/monitoring-layout";
import { observe } from "../../components/local/provider/observe";
import { programProvider } from "../../components/local/provider/program-provider";
import { folderOf } from "../../components/local/provider/record";
import { pollUntil } from "../../config/poll-until";
import { ask } from "../../tests/support/accounts";
import { metaState, Supercluster, type SuperclusterOptions } from "../../tests/support/nats";
import { testTool } from "../../tests/support/tools";
import { busyGroups, openFilesOf, residentBytes, threadsOf } from "../processes";
import type { Bench, Sample } from "./part";

/** Starts servers that are stopped when the run ends. */
export async function startServers({ closing }: Bench, options: SuperclusterOptions): Promise<Supercluster> {
  const cluster = await Supercluster.prepare({ settings: { storage: { file: "20GiB", memory: "64MiB" } }, ...options });
  closing.add(() => cluster.stop());
  await cluster.ensure();
  await cluster.ready();
  return cluster;
}

/** Connects as a user; the connection is closed when the run ends. */
export async function connectTo(
  { closing }: Bench,
  cluster: Supercluster,
  user = "app",
  options: NodeConnectionOptions = {},
): Promise<NatsConnection> {
  const nc = await cluster.connect(user, { reconnect: false, ...options });
  closing.add(() => nc.close());
  return nc;
}

/** What one server is like while nothing is asked of it. */
export interface Look {
  /** Megabytes. */
  memory: number;
  /** Percent of one processor. */
  cpu: number;
  /** Messages to other servers and clients, a second. */
  sent: number;
  goroutines: number;
  threads: number;
  openFiles: number;
  /** Of all its files, and of the meta group's log among them, in megabytes. */
  disk: number;
  meta: number;
  /** Connections to and from servers of other regions. */
  gateways: number;
  /** Subjects of all accounts that it knows other regions to want, by its gateways. */
  interest: number;
}

/** Every server, by its name, after it has come to rest. */
export async function lookAt(cluster: Supercluster, { seconds }: Bench): Promise<Record<string, Look>> {
  const servers = await Promise.all(
    Object.values(cluster.inputs()).map(async (inputs) => ({
      name: inputs.name,
      pid: (await observe(inputs))!.process.pid,
      monitor: monitorUrl(inputs.config),
      data: path.join(folderOf(inputs), files.data),
    })),
  );
  await sleep(seconds * 1_000);
  const sent = () => Promise.all(servers.map(async ({ monitor }) => (await json<Varz>(`${monitor}/varz`)).out_msgs));
  const before = await sent();
  const cpu = await busyGroups(Object.fromEntries(servers.map(({ name, pid }) => [name, [pid]])), seconds);
  const after = await sent();
  const looks = await Promise.all(
    servers.map(async ({ name, pid, monitor, data }, index): Promise<[string, Look]> => {
      const memory = residentBytes(pid) / 1e6;
      const gatewayz = await json<Gatewayz>(`${monitor}/gatewayz?accs=1`);
      const outbound = Object.values(gatewayz.outbound_gateways ?? {});
      const accounts = outbound.flatMap((gateway) => gateway.accounts ?? []);
      const stacks = await text(`${monitor}/stacksz`);
      return [
        name,
        {
          ...{ memory, cpu: cpu[name]!, threads: threadsOf(pid), openFiles: openFilesOf(pid), ...megabytesOf(data) },
          sent: (after[index]! - before[index]!) / seconds,
          goroutines: stacks.match(/^goroutine \d+ /gm)?.length ?? 0,
          gateways: outbound.length + Object.values(gatewayz.inbound_gateways ?? {}).flat().length,
          interest: accounts.reduce(
            (sum, { num_subs, num_queue_subs }) => sum + (num_subs ?? 0) + (num_queue_subs ?? 0),
            0,
          ),
        },
      ];
    }),
  );
  return Object.fromEntries(looks);
}

interface Varz {
  out_msgs: number;
}

interface Gatewayz {
  outbound_gateways?: Record<string, { accounts?: { num_subs?: number; num_queue_subs?: number }[] }>;
  inbound_gateways?: Record<string, unknown[]>;
}

const text = async (url: string): Promise<string> => (await fetch(url)).text();
const json = async <T>(url: string): Promise<T> => (await fetch(url)).json() as Promise<T>;

/** What files of a server take, in blocks of the file system. */
function megabytesOf(data: string): { disk: number; meta: number } {
  // Its exit code is not looked at: a server may delete a file meanwhile.
  const sizes = spawnSync("du", ["-k", data], { encoding: "utf8", maxBuffer: 256 * 1024 ** 2 })
    .stdout.trim()
    .split("\n")
    .map((line) => line.split("\t") as [string, string]);
  const of = (isIt: (folder: string) => boolean) =>
    (1_024 * Number(sizes.find(([, one]) => isIt(one))?.[0] ?? 0)) / 1e6;
  return { disk: of((folder) => folder === data), meta: of((folder) => path.basename(folder) === "_meta_") };
}

/** How large what monitoring reads of a server is, and how long it takes. The exporter runs until the run ends. */
export async function startExporter(
  { closing }: Bench,
  cluster: Supercluster,
  name: string,
): Promise<() => Promise<Sample>> {
  const { region, config } = cluster.inputs()[name]!;
  const inputs = exporterInputs(cluster.environment, { region, server: name, monitor: monitorUrl(config) });
  const { id, outs } = await programProvider.create({ ...inputs, program: testTool("prometheus-nats-exporter") });
  closing.add(() => programProvider.delete(id, outs!));
  return async () => {
    const started = performance.now();
    const metrics = await text(`${outs!.url}/metrics`);
    const seconds = (performance.now() - started) / 1_000;
    const series = metrics.match(/^[a-z]/gm)?.length ?? 0;
    return {
      "its exporter's series": series,
      "a scrape of them, kB": metrics.length / 1e3,
      "a scrape of them, s": seconds,
    };
  };
}

/** Kills a server and starts it; how long that takes. Nothing where it is not healthy within ten minutes. */
export async function restart(cluster: Supercluster, name: string): Promise<Sample> {
  const inputs = cluster.inputs()[name]!;
  await cluster.kill(name);
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1_000;
  try {
    await cluster.ensure({ [name]: inputs });
    const serving = seconds();
    const healthy = await pollUntil(async () => (await metaState(inputs)).healthy, 600_000, 100);
    return {
      "killed and started: until it serves, s": serving,
      ...(healthy && { "until it is healthy, s": seconds() }),
    };
  } catch (error) {
    process.stderr.write(`${name} does not start again: ${(error as Error).message}\n`);
    return {};
  }
}

/** How long the list of all streams takes, page by page. */
export async function listing(nc: NatsConnection): Promise<Sample> {
  const started = performance.now();
  for (let offset = 0, total = 1; offset < total;) {
    const page = (await ask(nc, "STREAM.LIST", { offset })) as { total: number; limit: number };
    ({ total } = page);
    offset += page.limit;
  }
  return { "list of all streams, ms": performance.now() - started };
}
