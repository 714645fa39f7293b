import * as assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { filesProvider } from "../../components/local/provider/files-provider";
import { programProvider } from "../../components/local/provider/program-provider";
import { alertmanagerInputs, prometheusInputs, regionInputs } from "../../components/local/monitoring-layout";
import type { LocalProgramInputs } from "../../components/local/program-layout";
import { environmentDir } from "../../config/cache";
import { pollUntil } from "../../config/poll-until";
import { PrometheusApi } from "../../operations/monitoring/prometheus-api";
import { startOf } from "../../tools/processes.mjs";
import { serversMs, waitMs } from "../support/limits";
import { claimPorts } from "../support/ports";
import { testTool } from "../support/tools";

interface Recorded {
  process: { pid: number };
  isServing: boolean;
}

/** A real Prometheus and a real Alertmanager, without servers. */
describe("programs that monitor a local environment", function () {
  this.timeout(serversMs);
  const environment = "monitoring-test";
  const cache = fs.mkdtempSync(path.join(os.tmpdir(), "supercluster-monitoring-"));
  const usual = process.env.SUPERCLUSTER_CACHE;
  const program = testTool("prometheus");
  let inputs: LocalProgramInputs;
  let made: Awaited<ReturnType<typeof programProvider.create>>;
  const file = (name: string) => path.join(environmentDir(environment), name);
  const record = () => JSON.parse(fs.readFileSync(file("monitoring/prometheus/program.json"), "utf8")) as Recorded;
  const pid = () => record().process.pid;
  const api = () => new PrometheusApi(made.outs!.url);
  const update = async (changed: LocalProgramInputs) => {
    made = { ...made, outs: (await programProvider.update(made.id, made.outs!, changed)).outs };
  };
  const rules = (text: string) =>
    regionInputs(environment, {
      region: "iad",
      rules: JSON.stringify({ groups: [{ name: "one", rules: [{ record: text, expr: "vector(1)" }] }] }),
      workers: [{ worker: { account: "irisx", objectName: "api" }, health: "http://127.0.0.1:9" }],
    });

  before(async () => {
    process.env.SUPERCLUSTER_CACHE = cache;
    const port = await claimPorts();
    inputs = { ...prometheusInputs(environment, { interval: "1s", readsScrapeFiles: false, port }), program };
  });
  after(async () => {
    await programProvider.delete(made.id, made.outs!);
    if (usual === undefined) delete process.env.SUPERCLUSTER_CACHE;
    else process.env.SUPERCLUSTER_CACHE = usual;
    fs.rmSync(cache, { recursive: true, force: true });
  });

  it("are reloaded for files of another stack, also for those that come while they start", async () => {
    const starting = programProvider.create(inputs);
    assert.ok(await pollUntil(() => fs.existsSync(file("monitoring/prometheus/program.json")), waitMs, 1));
    const files = await filesProvider.create(rules("first"));
    made = await starting;
    assert.ok(await pollUntil(async () => (await api().query("first")).length > 0, waitMs));
    await filesProvider.update(files.id, files.outs!, rules("second"));
    assert.ok(await pollUntil(async () => (await api().query("second")).length > 0, waitMs));
    // Prometheus takes new targets every five seconds.
    const found = await pollUntil(async () => (await api().targets())[0], waitMs);
    const { region, account, worker, instance, job } = found!.labels;
    assert.deepEqual([region, account, worker, instance, job], ["iad", "irisx", "api", "irisx-api", "nats-workers"]);
    assert.equal(
      (await filesProvider.diff(files.id, files.outs!, rules("second"))).changes,
      true,
      "not as it was made",
    );
    await filesProvider.delete(files.id, files.outs!);
    assert.ok(await pollUntil(async () => (await api().ruleGroups()).length === 0, waitMs));
  });

  it("go on running while nothing has changed, and read their own files again when those change", async () => {
    const earlier = pid();
    assert.equal((await programProvider.diff(made.id, made.outs!, inputs)).changes, undefined);
    await update(inputs);
    const text = inputs.files["prometheus.yaml"]!.replace("global:", "global:\n  external_labels: { place: here }");
    const changed = { ...inputs, files: { "prometheus.yaml": text } };
    assert.equal((await programProvider.diff(made.id, made.outs!, changed)).changes, true);
    await update(changed);
    assert.equal(pid(), earlier);
    const shown = async () => {
      const response = await fetch(`${made.outs!.url}/api/v1/status/config`);
      return (await response.text()).includes("place: here");
    };
    assert.ok(await pollUntil(shown, waitMs));
    await update(inputs);
  });

  it("are started again when they died, or their arguments change, at the same address", async () => {
    const { url } = made.outs!;
    const earlier = pid();
    process.kill(earlier, "SIGKILL");
    assert.ok(await pollUntil(() => !startOf(earlier), waitMs));
    assert.equal((await programProvider.diff(made.id, made.outs!, inputs)).changes, true);
    assert.deepEqual(await programProvider.read(made.id, made.outs!), {});
    await update(inputs);
    const again = pid();
    await update({ ...inputs, args: [...inputs.args, "--web.page-title=Another"] });
    assert.notEqual(pid(), again);
    assert.equal(startOf(again), "");
    assert.equal(made.outs!.url, url);
  });

  it("fail with what their log says, where they cannot start, and leave nothing behind", async () => {
    const wrong = { ...inputs, name: "monitoring/wrong", files: { "prometheus.yaml": "colour: green" } };
    await assert.rejects(
      programProvider.create(wrong),
      /prometheus ended while it started; fix what its log reports .*\n.*field colour not found/s,
    );
  });

  it("are told from where alerts come, and forget it when it is gone", async () => {
    const own = { ...alertmanagerInputs(environment, { port: await claimPorts() }), program: testTool("alertmanager") };
    const alertmanager = await programProvider.create(own);
    assert.ok(await pollUntil(async () => (await api().alertmanagers()).length === 1, waitMs));
    await programProvider.delete(alertmanager.id, alertmanager.outs!);
    assert.ok(await pollUntil(async () => (await api().alertmanagers()).length === 0, waitMs));
  });

  it("end when they are deleted; data and log stay", async () => {
    const running = pid();
    await programProvider.delete(made.id, made.outs!);
    assert.equal(startOf(running), "");
    const left = fs.readdirSync(file("monitoring/prometheus"));
    assert.ok(left.includes("data") && left.includes("program.log") && !left.includes("program.json"), String(left));
  });
});
