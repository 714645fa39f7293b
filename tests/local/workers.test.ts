import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { workerProvider } from "../../components/local/provider/worker-provider";
import type { LocalWorkerInputs } from "../../components/local/worker-layout";
import { environmentDir } from "../../config/cache";
import { pollUntil } from "../../config/poll-until";
import { startOf } from "../../tools/processes.mjs";
import { requestMs, serversMs, waitMs } from "../support/limits";

/** Real processes of a system of this project. No server answers them, so they are alive and not ready. */
describe("workers on this machine", function () {
  this.timeout(serversMs);
  const cache = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-workers-"));
  const usual = process.env.SUPERCLUSTER_CACHE;
  const inputs = (change: Partial<LocalWorkerInputs> = {}): LocalWorkerInputs => ({
    ...{ environment: "workers-test", region: "iad", name: "irisx-sms-worker", account: "irisx" },
    ...{ worker: "sms-worker", system: "irisx", variables: {}, grace: 1_000 },
    connection: {
      NATS_URL: "nats://127.0.0.1:9",
      NATS_USER: "irisx-sms-worker",
      NATS_PASSWORD: "a password of the worker",
      NATS_INBOX_PREFIX: "_INBOX_sms-worker",
      NATS_CA: "",
    },
    ...change,
  });
  const folder = () => path.join(environmentDir("workers-test"), "iad", "workers", "irisx-sms-worker");
  const pid = () => (JSON.parse(fs.readFileSync(path.join(folder(), "worker.json"), "utf8")) as Recorded).process.pid;
  /** A process that loads its database closes connections that it could not answer meanwhile. */
  const answers = (url: string) =>
    pollUntil(
      () =>
        fetch(url, { signal: AbortSignal.timeout(requestMs) }).then(
          ({ status }) => status,
          () => undefined,
        ),
      waitMs,
    );
  let outputs: Awaited<ReturnType<typeof workerProvider.create>>["outs"];
  let id: string;

  before(async () => {
    process.env.SUPERCLUSTER_CACHE = cache;
    ({ id, outs: outputs } = (await workerProvider.create(inputs())) as { id: string; outs: typeof outputs });
  });
  after(async () => {
    await workerProvider.delete(id, outputs!);
    if (usual === undefined) delete process.env.SUPERCLUSTER_CACHE;
    else process.env.SUPERCLUSTER_CACHE = usual;
    fs.rmSync(cache, { recursive: true, force: true });
  });

  it("are up when they are alive, ready or not", async () => {
    assert.deepEqual(
      [await answers(`${outputs!.health}/healthz`), await answers(`${outputs!.health}/readyz`)],
      [200, 503],
    );
    assert.ok(await workerProvider.read(id, outputs!).then(({ props }) => props));
  });

  it("leave their password in no file and no command line", () => {
    const files = fs.readdirSync(folder()).map((name) => fs.readFileSync(path.join(folder(), name), "utf8"));
    const command = fs.readFileSync(`/proc/${pid()}/cmdline`, "utf8");
    assert.deepEqual(
      [...files, command].filter((text) => text.includes("a password of the worker")),
      [],
    );
    assert.ok(command.includes("sms-worker"));
  });

  it("go on running while nothing has changed", async () => {
    const earlier = pid();
    assert.equal((await workerProvider.diff(id, outputs!, inputs())).changes, undefined);
    outputs = (await workerProvider.update(id, outputs!, inputs())).outs;
    assert.equal(pid(), earlier);
  });

  it("are restarted when their settings change, at the same address", async () => {
    const earlier = { pid: pid(), health: outputs!.health };
    const before = outputs!;
    outputs = (await workerProvider.update(id, before, inputs({ variables: { LOG_LEVEL: "debug" } }))).outs;
    assert.notEqual(pid(), earlier.pid);
    assert.equal(startOf(earlier.pid), "", "the old one has ended");
    assert.equal(outputs!.health, earlier.health);
    // A run that is killed here leaves the earlier inputs in the engine's state, which may be declared again.
    assert.equal((await workerProvider.diff(id, before, inputs())).changes, true);
  });

  it("are started again when they died, and when their code is another", async () => {
    const file = path.join(folder(), "worker.json");
    const record = JSON.parse(fs.readFileSync(file, "utf8")) as Recorded;
    fs.writeFileSync(file, JSON.stringify({ ...record, program: "of an older version" }));
    assert.equal((await workerProvider.diff(id, outputs!, inputs())).changes, true, "its code is another");
    fs.writeFileSync(file, JSON.stringify(record));
    process.kill(record.process.pid, "SIGKILL");
    while (startOf(record.process.pid)) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.equal((await workerProvider.diff(id, outputs!, inputs())).changes, true, "it died");
    assert.deepEqual(await workerProvider.read(id, outputs!), {});
    outputs = (await workerProvider.update(id, outputs!, inputs())).outs;
    assert.equal(await answers(`${outputs!.health}/healthz`), 200);
  });

  it("get the database of their account, unless they have a folder of their own", async () => {
    const database = "postgres://irisx:password-of-the-database@127.0.0.1:9/irisx";
    const log = () => fs.readFileSync(path.join(folder(), "worker.log"), "utf8");
    outputs = (await workerProvider.update(id, outputs!, inputs({ database }))).outs;
    assert.equal(await answers(`${outputs!.health}/healthz`), 200);
    assert.match(fs.readFileSync(`/proc/${pid()}/environ`, "utf8"), new RegExp(`\0DATABASE_URL=${database}\0`));
    assert.ok(!log().includes("DATABASE_URL is not set"));
    assert.ok(!log().includes("password-of-the-database"));
    const variables = { DATABASE_FOLDER: path.join(cache, "own") };
    outputs = (await workerProvider.update(id, outputs!, inputs({ database, variables }))).outs;
    assert.match(log(), /DATABASE_URL is not set/);
  });

  it("fail with what their log says, where they cannot start", async () => {
    const wrong = inputs({ name: "irisx-wrong", variables: { SMS_PROVIDER: "pigeon" } });
    await assert.rejects(workerProvider.create(wrong), (error: Error) => {
      assert.match(error.message, /worker irisx-wrong ended while it started; fix what its log reports/);
      assert.match(error.message, /SMS_PROVIDER/);
      return true;
    });
  });

  it("are refused where their program is not there", async () => {
    const { failures } = await workerProvider.check({}, inputs({ system: "iriss" }));
    assert.match(
      failures![0]!.reason,
      /^workers\/iriss\/main\.ts does not exist, so worker sms-worker of irisx cannot/,
    );
    assert.deepEqual((await workerProvider.check({}, inputs())).failures, []);
  });

  it("end when they are deleted; their log stays", async () => {
    const running = pid();
    await workerProvider.delete(id, outputs!);
    assert.equal(startOf(running), "");
    assert.deepEqual(fs.readdirSync(folder()).sort(), ["worker.log", "worker.log.1"]);
  });
});

interface Recorded {
  process: { pid: number };
}
