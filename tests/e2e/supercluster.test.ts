import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { parseDocument } from "yaml";
import { signal } from "../../components/local/provider/process";
import { snapshotUntil } from "../../operations/supercluster/snapshot";
import { hasPendingOperations } from "../../engine/backend";
import { backendUrlOf } from "../../engine/environment";
import { enginesOn } from "../../engine/processes";
import { processes as allProcesses } from "../../tools/processes.mjs";
import type { DrillResult } from "../../operations/drills/report";
import type { LoadReport } from "../../operations/load/load";
import type { Status } from "../../operations/supercluster/status";
import type { RegionOutputs } from "../../stacks/outputs";
import { tenants } from "../../tenants";
import { engineMs, requestMs, waitMs } from "../support/limits";
import { claimPorts } from "../support/ports";
import { copyProject } from "../support/project-copy";
import { ask } from "../support/accounts";

const stacks = ["local-identity", "local-iad", "local-ams", "local-syd", "local-jetstream"];

/** Three regions with one server each: the real engine, the real program, real servers, driven as a person does. */
describe("the local environment, from nothing to nothing", function () {
  this.timeout(engineMs);
  const copy = copyProject();
  let basePort: number;
  const cli = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["-r", "./tools/runtime.cjs", "cli/index.ts", ...args],
      {
        cwd: copy.folder,
        env: copy.env,
        encoding: "utf8",
      },
    );
    return { status, text: stdout + stderr, stdout };
  };
  const succeeds = (...args: string[]) => {
    const { status, text } = cli(...args);
    assert.equal(status, 0, text);
    return text;
  };
  let variables: NodeJS.ProcessEnv | undefined;
  const pulumiEnv = (): NodeJS.ProcessEnv => {
    variables ??= Object.fromEntries(
      [...cli("env").stdout.matchAll(/^export (\w+)=(?:'(.*)'|"(.*)"|(.*))$/gm)].map(
        ([, name, single, double, bare]) => [name!, single ?? double ?? bare ?? ""],
      ),
    );
    return { ...copy.env, ...variables };
  };
  const pulumi = (...args: string[]) =>
    execFileSync("pulumi", [...args, "--non-interactive"], {
      cwd: copy.folder,
      env: pulumiEnv(),
      encoding: "utf8",
      stdio: "pipe",
    });
  const servers = () => processes(`${copy.cache}/environments/local/`);
  const open: NatsConnection[] = [];

  /** They stay as they are until the last test. */
  let outputs: RegionOutputs | undefined;
  async function client(account: string, user: string): Promise<NatsConnection> {
    outputs ??= JSON.parse(
      pulumi("stack", "output", "--stack", "local-iad", "--json", "--show-secrets"),
    ) as RegionOutputs;
    const { ca, accounts, region } = outputs;
    const { login, password, inboxPrefix } = accounts[account]!.users[user]!;
    const connection = await connect({
      servers: region.clientUrls,
      user: login,
      pass: password,
      inboxPrefix,
      tls: { ca },
    });
    open.push(connection);
    return connection;
  }

  before(async () => {
    basePort = await claimPorts();
    const file = path.join(copy.folder, "Pulumi.yaml");
    const project = parseDocument(fs.readFileSync(file, "utf8"));
    project.setIn(["config", "environments", "default", "local", "servers"], 1);
    project.setIn(["config", "environments", "default", "local", "basePort"], basePort);
    fs.writeFileSync(file, String(project));
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((connection) => connection.close()));
  });

  after(() => {
    cli("stop");
    for (const { pid } of servers()) process.kill(pid, "SIGKILL");
    copy.remove();
  });

  it("comes up with one command, which shows it and proves it", () => {
    const text = succeeds("start");
    for (const account of ["arrakis", "covenant", "irisx", "aigentflow"]) assert.match(text, new RegExp(account));
    assert.equal(servers().length, 3);
  });

  it("takes sample traffic by a user of the tenant, with its permissions", () => {
    const { status, stdout, text } = cli("traffic", "--account", "irisx", "--rate", "200", "--count", "20");
    assert.equal(status, 0, text);
    assert.match(stdout, /10 sms, 6 email, 4 webhook published; 20 acknowledged, 0 failed\n$/);
  });

  it("leaves the project's files as they are", () => {
    for (const stack of stacks) {
      const file = `Pulumi.${stack}.yaml`;
      assert.equal(
        fs.readFileSync(path.join(copy.folder, file), "utf8"),
        fs.readFileSync(path.join(__dirname, "..", "..", file), "utf8"),
        file,
      );
    }
  });

  it("has nothing to change in a preview by hand, of each kind of stack", () => {
    for (const stack of ["local-identity", "local-ams", "local-jetstream"])
      pulumi("preview", "--stack", stack, "--expect-no-changes");
  });

  it("asks the servers for no change when it is started again", async () => {
    const accounts = await Promise.all(
      ["arrakis", "covenant", "irisx", "aigentflow"].map((account) => client(account, "provisioner")),
    );
    const writes: string[] = [];
    for (const account of accounts) {
      account.subscribe("$JS.EVENT.ADVISORY.API", {
        callback: (_, message) => {
          const { subject } = message.json<{ subject: string }>();
          // The proof of a bucket watches it, by a consumer of its own, and deletes what it put.
          if (/\.(CONSUMER\.(CREATE|DELETE)|STREAM\.PURGE)\.(KV_profiles|OBJ_documents)\b/.test(subject)) return;
          if (!/\.(INFO|NAMES|LIST|MSG\.NEXT)(\.|$)/.test(subject)) writes.push(subject);
        },
      });
      await account.flush();
    }
    const text = succeeds("start");
    assert.deepEqual(writes, []);
    for (const stack of stacks) assert.match(text, new RegExp(`^ {2}${stack} +\\d+ unchanged +`, "m"));
    // The counter counts: a change by hand is seen.
    await ask(accounts[2]!, "CONSUMER.DELETE.SMS.sms-worker");
    await until(() => writes[0]);
    assert.deepEqual(writes, ["$JS.API.CONSUMER.DELETE.SMS.sms-worker"]);
  });

  it("says what is wrong and fails, when a durable was deleted by hand and a server is dead", async () => {
    const api = await client("irisx", "api");
    await api.request("sms.send", "kept", { timeout: requestMs });
    const dead = servers().find(({ args }) => args.includes("/ams-0/"))!;
    process.kill(dead.pid, "SIGKILL");
    const { status, text } = cli("verify");
    assert.equal(status, 1, text);
    assert.match(text, /sms-worker/);
    assert.match(text, /ams-0/);
  });

  it("heals both when it is started again, with every stored message still there", async () => {
    succeeds("start");
    succeeds("verify");
    assert.equal(servers().length, 3);
    const { state } = (await ask(await client("irisx", "provisioner"), "STREAM.INFO.SMS")) as {
      state: { messages: number };
    };
    assert.ok(state.messages >= 1);
  });

  it("converges after a kill -9 of Pulumi in the middle: no lock, no pending operation, no orphan", async () => {
    succeeds("stop", "--keep-data");
    assert.deepEqual(servers(), []);
    const start = spawn(process.execPath, ["-r", "./tools/runtime.cjs", "cli/index.ts", "start"], {
      cwd: copy.folder,
      env: copy.env,
      stdio: "ignore",
    });
    const ended = new Promise((resolve) => start.once("exit", resolve));
    // Its own: another test may have an engine on a stack of this name.
    const engine = await until(
      () => enginesOn(allProcesses(), backendUrlOf(path.join(copy.cache, "state")), "local-ams")[0],
    );
    await sleep(1_500);
    start.kill("SIGKILL");
    // It may have ended by now.
    signal(engine.pid, "SIGKILL");
    await ended;
    succeeds("start");
    assert.deepEqual(fs.globSync(`${copy.cache}/state/.pulumi/locks/**/*.json`), []);
    for (const stack of stacks)
      assert.ok(!hasPendingOperations(path.join(copy.cache, "state"), "supercluster", stack), stack);
    await until(() =>
      processes("pulumi-language-nodejs").some(({ args }) => args.includes(copy.folder)) ? undefined : true,
    );
    const { state } = (await ask(await client("irisx", "provisioner"), "STREAM.INFO.SMS")) as {
      state: { messages: number };
    };
    assert.ok(state.messages >= 1, "what was stored before is there");
  });

  it("is healed after a reboot, all file-stored messages still there", async () => {
    for (const { pid } of servers()) process.kill(pid, "SIGKILL");
    const text = succeeds("start", "--with-workers");
    for (const lane of ["sms-worker", "sms-worker-high", "sms-worker-low"])
      assert.match(text, new RegExp(`durable irisx/SMS/${lane} +ok +\\w+ -> its worker, acknowledged within`));
    const { state } = (await ask(await client("irisx", "provisioner"), "STREAM.INFO.SMS")) as {
      state: { messages: number };
    };
    assert.ok(state.messages >= 1);
  });

  it("runs the workers of its tenants where it was asked to: an SMS goes from the HTTP API to its worker", async () => {
    const read = async () => JSON.parse(cli("status", "--json").stdout) as Status;
    const areReady = ({ workers = [] }: Status) =>
      workers.filter(({ isReady }) => isReady).length === declaredWorkers.length;
    // One that is busy may answer a single status too late.
    const { workers = [] } = await snapshotUntil(read, areReady, waitMs);
    assert.deepEqual(
      workers.map(({ account, name, region, isReady }) => [account, name, region, isReady]).sort(),
      declaredWorkers.map(([account, name]) => [account, name, "iad", true]).sort(),
    );
    const of = (name: string) => workers.find((worker) => worker.account === "irisx" && worker.name === name)!;
    const { processed } = of("sms-worker");
    const response = await fetch(`${of("api").url}/sms`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ tenantId: "acme", to: "+12025550123", body: "Hello" }),
      signal: AbortSignal.timeout(requestMs),
    });
    const { status, id } = (await response.json()) as { status: string; id: string };
    assert.deepEqual([response.status, status], [202, "queued"]);
    const log = path.join(copy.cache, "environments", "local", "iad", "workers", "irisx-sms-worker", "worker.log");
    await until(() => (fs.readFileSync(log, "utf8").includes(id) ? true : undefined));
    await until(() => processedBy(cli("status", "--json").stdout) > processed! || undefined);
    // What the worker stored, by the API: both have the database of their account.
    const found = await fetch(`${of("api").url}/sms/${id}`, { signal: AbortSignal.timeout(requestMs) });
    assert.equal(((await found.json()) as { status: string }).status, "logged");
    assert.equal(workerProcesses(copy.folder).length, declaredWorkers.length);
  });

  it("takes the traffic of several tenants, and finds each message: processed, and none missing", () => {
    const { status, stdout, text } = cli(
      "load",
      "--rate",
      "40",
      "--duration",
      "2s",
      "--mix",
      "irisx=3,covenant",
      "--json",
    );
    assert.equal(status, 0, text);
    const { accounts } = JSON.parse(stdout) as LoadReport;
    assert.deepEqual(
      accounts.map(({ account, published, acknowledged, waiting, missing }) => [
        account,
        published,
        acknowledged,
        waiting,
        missing,
      ]),
      [
        ["irisx", 60, 60, 0, []],
        ["covenant", 20, 20, 0, []],
      ],
    );
    assert.ok(accounts.every(({ processed }) => processed > 0));
  });

  it("gives up a message that cannot be parsed, in a drill that loses no other one and drops the dead letters", () => {
    const { stdout, text } = cli("drill", "poison-message", "--hold", "1s", "--json");
    const [result] = JSON.parse(stdout || "[]") as DrillResult[];
    assert.ok(result, text);
    const accounts = ["arrakis", "covenant", "irisx", "aigentflow"];
    for (const account of accounts)
      assert.ok(
        result.notes.some((note) => note.startsWith(`${account}/`) && note.includes('given up as "invalid"')),
        result.notes.join("\n"),
      );
    assert.match(result.notes.at(-1)!, /^dropped: \d+ dead letters$/);
    assert.equal(new Set(result.streams.map(({ account }) => account)).size, accounts.length);
    for (const { stream, acknowledged, lost } of result.streams)
      assert.ok(acknowledged > 0 && lost.length === 0, `${stream}: ${acknowledged} acknowledged, ${lost.length} lost`);
  });

  it("says which worker died; the next up of its region starts it again", () => {
    const [first] = workerProcesses(copy.folder);
    process.kill(first!.pid, "SIGKILL");
    assert.match(cli("status").text, /http:\/\/127\.0\.0\.1:\d+ does not answer/);
    pulumi("up", "--stack", "local-iad", "--yes", "--skip-preview");
    assert.equal(workerProcesses(copy.folder).length, declaredWorkers.length);
  });

  it("stops to nothing: no process, no port, no data", async () => {
    succeeds("stop");
    assert.deepEqual(workerProcesses(copy.folder), []);
    assert.deepEqual(servers(), []);
    for (let port = basePort; port < basePort + 60; port++) assert.equal(await accepts(port), false, `port ${port}`);
    assert.equal(fs.existsSync(path.join(copy.cache, "environments", "local")), false);
  });
});

/** Account and name of each worker that tenants declare. */
const declaredWorkers = Object.values(tenants).flatMap(({ name: account, workers = {} }) =>
  Object.keys(workers).map((name) => [account, name] as const),
);

/** Messages that the SMS worker has finished, by what `status --json` prints. */
const processedBy = (status: string): number =>
  (JSON.parse(status) as Status).workers?.find(({ name }) => name === "sms-worker")?.processed ?? 0;

/** Workers that run in a folder. */
const workerProcesses = (folder: string) =>
  processes("--require=./tools/runtime.cjs workers/").filter(({ pid }) => {
    try {
      return fs.readlinkSync(`/proc/${pid}/cwd`) === folder;
    } catch {
      return false;
    }
  });

function processes(part: string): { pid: number; args: string }[] {
  return execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" })
    .split("\n")
    .flatMap((line) => {
      const [, pid, args] = /^\s*(\d+) (.*)$/.exec(line) ?? [];
      return pid && args!.includes(part) ? [{ pid: Number(pid), args: args! }] : [];
    });
}

async function until<T>(probe: () => T | undefined, withinMs = waitMs): Promise<T> {
  for (const deadline = Date.now() + withinMs; Date.now() < deadline; await sleep(100)) {
    const found = probe();
    if (found !== undefined) return found;
  }
  throw new Error("not within the time");
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => (socket.destroy(), resolve(true)));
    socket.once("error", () => resolve(false));
  });
}
