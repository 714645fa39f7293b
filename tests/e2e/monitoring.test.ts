import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { MonitoringStatus } from "../../operations/monitoring/monitoring-status";
import { snapshotUntil } from "../../operations/supercluster/snapshot";
import { startOf } from "../../tools/processes.mjs";
import type { Deployment } from "../support/deployment";
import { engineMs, requestMs, waitMs } from "../support/limits";
import { Regions } from "../support/regions";

interface Recorded {
  process: { pid: number; startTime: string };
}

/** `npm start -- --with-monitoring`, as a person uses it. */
describe("a local environment that is monitored", function () {
  this.timeout(engineMs);
  const servers = ["iad-0", "iad-1", "iad-2"];
  /** An exporter for each server, Prometheus and Alertmanager. */
  const programs = servers.length + 2;
  let deployment: Deployment;
  before(async () => {
    ({ deployment } = await Regions.prepare(["irisx"], { regions: ["iad"], servers: 3 }));
  });
  after(() => deployment?.remove());

  const folder = () => deployment.path(".cache/environments/local");
  const records = () =>
    globSync(`${folder()}/**/program.json`).map((file) => JSON.parse(readFileSync(file, "utf8")) as Recorded);
  const running = () => records().filter(({ process }) => startOf(process.pid) === process.startTime);
  const status = () => {
    const { text } = deployment.cli("status", "--json");
    return (JSON.parse(text) as { monitoring?: MonitoringStatus }).monitoring;
  };

  it("has a Prometheus that reads servers, workers and rules, and an Alertmanager; the start says where", async () => {
    const text = deployment.succeeds("start", "--with-monitoring", "--with-workers");
    assert.match(text, /monitoring +ok +\d+ targets read, \d+ rules evaluated/);
    const programsOf = ({ prometheus, alertmanager, exporters }: MonitoringStatus) => [
      ...[prometheus, alertmanager],
      ...Object.values(exporters),
    ];
    const isGood = (one: MonitoringStatus) =>
      one.problems.length + one.unread.length === 0 && programsOf(one).every(({ isUp }) => isUp);
    // A program that is busy may answer late, and is then not read until Prometheus asks it again.
    const found = await snapshotUntil(async () => status()!, isGood, waitMs);
    const { prometheus, alertmanager, exporters, problems, unread, rules, targets } = found;
    assert.deepEqual([problems, unread, Object.keys(exporters)], [[], [], servers]);
    assert.ok(targets > servers.length, `${targets} targets: workers too`);
    assert.ok(rules > 60, `${rules} rules`);
    assert.match(readFileSync(`${folder()}/monitoring/rules/iad.yaml`, "utf8"), /alert: NATSWorkerDown/);
    assert.ok(text.includes(`${prometheus.url} `), text);
    assert.ok(text.includes(`${alertmanager.url} `), text);
    assert.equal(running().length, programs);
    for (const { url, isUp } of programsOf(found)) {
      assert.ok(isUp, url);
      assert.equal(new URL(url).hostname, "127.0.0.1");
    }
    // Debian's Prometheus, unpacked, has no pages.
    const page = await fetch(`${prometheus.url}/api/v1/alerts`, { signal: AbortSignal.timeout(requestMs) });
    assert.equal(page.status, 200);
  });

  it("stays by a start that says nothing of it: what died is where it was, and a file of one's own is used", () => {
    const before = status()!;
    const [dead] = records();
    process.kill(dead!.process.pid, "SIGKILL");
    assert.equal(deployment.cli("verify").status, 1);
    const own = deployment.path("observability/alertmanager.yaml");
    const secret = "http://127.0.0.1:9/a-secret-of-a-person";
    writeFileSync(
      own,
      `route: { receiver: mine }\nreceivers: [{ name: mine, webhook_configs: [{ url: "${secret}" }] }]\n`,
    );
    assert.match(deployment.succeeds("start"), /monitoring +ok +\d+ targets read/);
    assert.equal(running().length, programs);
    assert.deepEqual(status()!.exporters, before.exporters);
    assert.equal(status()!.prometheus.url, before.prometheus.url);
    const used = `${folder()}/monitoring/alertmanager/alertmanager.yaml`;
    assert.ok(readFileSync(used, "utf8").includes(secret));
    const states = globSync(deployment.path(".cache/state/.pulumi/stacks/**/*.json"));
    assert.ok(states.length > 0);
    assert.deepEqual(
      states.filter((file) => readFileSync(file, "utf8").includes("a-secret-of-a-person")),
      [],
    );
    rmSync(own);
  });

  it("ends with the environment, or alone; other environments are refused", () => {
    deployment.succeeds("start", "--without-workers", "--without-monitoring");
    assert.equal(status(), undefined);
    assert.equal(running().length, 0);
    deployment.succeeds("start", "--with-monitoring");
    const started = running();
    assert.equal(started.length, programs);
    deployment.succeeds("stop");
    assert.ok(started.every(({ process }) => startOf(process.pid) !== process.startTime));
    assert.ok(!existsSync(folder()));
    const { status: code, text } = deployment.cli("start", "--env", "production", "--with-monitoring");
    assert.equal(code, 2, text);
    assert.match(text, /--with-monitoring and --without-monitoring are for local environments; .*Nothing was done/);
  });
});
