import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import pLimit from "p-limit";
import { consumerFields, streamFields } from "../components/jetstream/fields";
import { toWire } from "../components/jetstream/wire";
import { pulumiEnvironment } from "../cli/environment";
import { copyProject } from "../tests/support/project-copy";
import { startSupercluster, type Supercluster } from "../tests/support/nats";
import { spread } from "./statistics";

const account = "app";

/** What the program below declares, and the raw run sends: the same configurations. */
const streamArgs = (index: number) => ({
  account,
  name: `S${index}`,
  region: "iad",
  subjects: [`s${index}.>`],
  retention: "limits",
  storage: "file",
  maxAge: "1h",
  maxBytes: "1MiB",
  discard: "old",
  replicas: 3,
});
const consumerArgs = (index: number) => ({ account, stream: `S${index}`, name: "worker", ackPolicy: "explicit", deliverPolicy: "all" });

const program = (count: number, connection: unknown): string => `
import * as pulumi from "@pulumi/pulumi";
import { JetstreamProvider } from "./components/jetstream/jetstream-provider";
import { Stream } from "./components/jetstream/stream";
import { Consumer } from "./components/jetstream/consumer";
const provider = new JetstreamProvider("bench", ${JSON.stringify(connection)} as never);
const streamArgs = ${streamArgs.toString().replaceAll(/\baccount\b(?!:)/g, `account: "${account}"`)};
const consumerArgs = ${consumerArgs.toString().replaceAll(/\baccount\b(?!:)/g, `account: "${account}"`)};
for (let index = 0; index < ${count}; index++) {
  const stream = new Stream(\`s\${index}\`, streamArgs(index) as never, { provider });
  new Consumer(\`s\${index}-worker\`, consumerArgs(index) as never, { provider, dependsOn: stream });
}
`;

interface Timed {
  seconds: number;
  /** Sum of the latencies of all requests to JetStream. */
  requests: number;
}

/** Streams with one consumer each on one three-node cluster: by the engine with and without checkpoints, and by raw API calls. */
export async function benchEngine(count: number, runs: number): Promise<string[][]> {
  // Both before the cluster, which puts the cache elsewhere.
  const copy = copyProject();
  const pulumi = engine(copy.folder, copy.cache);
  const cluster = await startSupercluster({ regions: ["iad"], servers: 3, basePort: 29220, settings: { storage: { file: "10GiB", memory: "64MiB" } } });
  const results = new Map<string, Timed[]>();
  const add = (name: string, timed: Timed) => results.set(name, [...(results.get(name) ?? []), timed]);
  try {
    const connection = {
      owner: "supercluster/bench",
      regions: [{ name: "iad", servers: ["iad-0", "iad-1", "iad-2"], clientUrls: cluster.urls("iad"), degraded: false }],
      ca: cluster.identity.clientCa,
      provisioners: { [account]: { login: "app", password: "app", inboxPrefix: "_INBOX_app" } },
      system: { login: "admin", password: "admin", inboxPrefix: "_INBOX_admin" },
    };
    fs.writeFileSync(path.join(copy.folder, "index.ts"), program(count, connection));
    for (const stack of fs.globSync(path.join(copy.folder, "Pulumi.*.yaml"))) fs.rmSync(stack);
    pulumi(["stack", "init", "bench", "--non-interactive"], true);
    for (let run = 0; run < runs; run++) {
      for (const checkpoints of [false, true]) {
        const suffix = checkpoints ? ", checkpoints" : "";
        const engineRun: Record<string, Timed> = {};
        for (const [name, command] of Object.entries({ create: "up", "no-op": "up", refresh: "refresh", destroy: "destroy" })) {
          engineRun[name] = pulumi([command, ...unattended], checkpoints);
        }
        const raw = await rawRun(cluster, count);
        for (const [name, timed] of Object.entries(withSum(engineRun))) add(`${name}${suffix}`, timed);
        for (const [name, timed] of Object.entries(withSum(raw))) add(`${name}, raw API calls`, timed);
      }
    }
  } finally {
    copy.remove();
    await cluster.stop();
  }
  return table(results, count);
}

const unattended = ["--stack", "bench", "--yes", "--skip-preview", "--non-interactive"];

function engine(folder: string, cache: string) {
  const state = path.join(cache, "state");
  fs.mkdirSync(state);
  const requests = path.join(folder, "requests.txt");
  const environments = { true: pulumiEnvironment({ target: "local" }), false: pulumiEnvironment({ target: "local" }, "jetstream") };
  return (args: string[], checkpoints: boolean): Timed => {
    fs.writeFileSync(requests, "");
    const started = performance.now();
    const { status, stdout, stderr } = spawnSync("pulumi", args, {
      cwd: folder,
      encoding: "utf8",
      env: {
        ...environments[`${checkpoints}`],
        PULUMI_BACKEND_URL: `file://${state}`,
        NODE_OPTIONS: `--require=${path.join(__dirname, "record-requests.cjs")}`,
        SUPERCLUSTER_REQUESTS: requests,
      },
    });
    const seconds = (performance.now() - started) / 1000;
    if (status !== 0) throw new Error(`pulumi ${args.join(" ")} failed:\n${stdout.slice(-2000)}\n${stderr}`);
    const latencies = fs.readFileSync(requests, "utf8").split("\n").filter(Boolean).map((line) => Number(line.split(" ")[1]));
    return { seconds, requests: latencies.reduce((sum, ms) => sum + ms, 0) / 1000 };
  };
}

function withSum(parts: Record<string, Timed>): Record<string, Timed> {
  const all = Object.values(parts);
  const sum = (of: keyof Timed) => all.reduce((total, part) => total + part[of], 0);
  return { ...parts, all: { seconds: sum("seconds"), requests: sum("requests") } };
}

/**
 * The same work without engine and provider, 4 in flight: create, look at and delete each stream and its consumer, with a look
 * before each change, as whoever must not overwrite what belongs to somebody else has to.
 */
async function rawRun(cluster: Supercluster, count: number): Promise<Record<string, Timed>> {
  const nats = await cluster.connect("app");
  const indexes = Array.from({ length: count }, (_, index) => index);
  const timed = async (work: (index: number, ask: (subject: string, body?: unknown) => Promise<void>) => Promise<void>): Promise<Timed> => {
    let requests = 0;
    const ask = async (subject: string, body?: unknown) => {
      const started = performance.now();
      const answer = (await nats.request(`$JS.API.${subject}`, JSON.stringify(body ?? {}), { timeout: 30_000 })).json<{ error?: unknown }>();
      requests += (performance.now() - started) / 1000;
      if (answer.error && !subject.includes(".INFO.")) throw new Error(`${subject}: ${JSON.stringify(answer.error)}`);
    };
    const limit = pLimit(4);
    const started = performance.now();
    await Promise.all(indexes.map((index) => limit(() => work(index, ask))));
    return { seconds: (performance.now() - started) / 1000, requests };
  };
  try {
    const create = await timed(async (index, ask) => {
      await ask(`STREAM.INFO.S${index}`);
      await ask(`STREAM.CREATE.S${index}`, toWire(streamFields, streamArgs(index)));
      await ask(`CONSUMER.INFO.S${index}.worker`);
      await ask(`CONSUMER.CREATE.S${index}.worker`, { stream_name: `S${index}`, config: toWire(consumerFields, consumerArgs(index)), action: "create" });
    });
    const refresh = await timed(async (index, ask) => {
      await ask(`STREAM.INFO.S${index}`);
      await ask(`CONSUMER.INFO.S${index}.worker`);
    });
    const destroy = await timed(async (index, ask) => {
      await ask(`CONSUMER.INFO.S${index}.worker`);
      await ask(`CONSUMER.DELETE.S${index}.worker`);
      await ask(`STREAM.INFO.S${index}`);
      await ask(`STREAM.DELETE.S${index}`);
    });
    return { create, refresh, destroy };
  } finally {
    await nats.close();
  }
}

function table(results: Map<string, Timed[]>, count: number): string[][] {
  const rows = [...results].map(([name, timed]) => [
    name,
    spread(timed.map(({ seconds }) => seconds), "s"),
    spread(timed.map(({ requests }) => requests), "s"),
    ratio(name, timed, results),
  ]);
  return [[`${count} streams, one consumer each`, "whole command", "sum of request latencies", "latencies against raw"], ...rows];
}

/** Run by run, so that a machine whose speed drifts does not decide it. */
function ratio(name: string, timed: Timed[], results: Map<string, Timed[]>): string {
  const raw = results.get(`${name.split(",")[0]}, raw API calls`);
  if (!raw || name.includes("raw")) return "";
  const offset = name.includes("checkpoints") ? 1 : 0;
  return spread(timed.map(({ requests }, run) => requests / raw[run * 2 + offset]!.requests), "x", 2);
}
