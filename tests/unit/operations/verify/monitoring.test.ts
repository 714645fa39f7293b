import assert from "node:assert/strict";
import { once } from "node:events";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { type MonitoringStatus, monitoringStatus } from "../../../../operations/monitoring/monitoring-status";
import { checkedEnvironment } from "../../../../operations/settings/checked-environment";
import { monitoringChecks } from "../../../../operations/verify/monitoring";
import type { MonitoringOutputs } from "../../../../stacks/outputs";

const checked = checkedEnvironment("local");
/** Nothing listens there. */
const dead = "http://127.0.0.1:9";

describe("the check of what monitors a local environment", () => {
  /** What Prometheus answers, by path below /api/v1/; what is not there is an error of it. */
  let answers: Record<string, object> = {};
  const server = http.createServer((request, response) => {
    const [, api] = /^\/api\/v1\/(\w+)/.exec(request.url ?? "") ?? [];
    if (api === undefined) return response.end("ok");
    const data = answers[api];
    response.end(JSON.stringify(data ? { status: "success", data } : { status: "error", error: "not yet" }));
  });
  before(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => server.close());

  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const target = (health: string, lastError = "") => ({ labels: {}, scrapeUrl: `${url()}/metrics`, health, lastError });
  const rule = (name: string, health: string, lastError?: string) => ({ name, type: "alerting", health, lastError });

  /** All is well. */
  const healthy = () => ({
    targets: { activeTargets: [target("up")] },
    rules: { groups: [{ name: "nats-iad-alerts", rules: [rule("NATSServerDown", "ok")] }] },
    alertmanagers: { activeAlertmanagers: [{ url: `${url()}/api/v2/alerts` }] },
    alerts: { alerts: [] as object[] },
  });

  async function found(monitoring: Partial<MonitoringOutputs> = {}): Promise<MonitoringStatus | undefined> {
    const all = { exporters: { "iad-0": url() }, prometheus: url(), alertmanager: url(), ...monitoring };
    const workers = { "irisx/api": { health: url() } };
    return monitoringStatus(checked, (stack) =>
      stack === "local-iad" ? Promise.resolve({ monitoring: all, workers }) : Promise.reject(new Error("not deployed")),
    );
  }
  const check = async (monitoring?: Partial<MonitoringOutputs>) => monitoringChecks(await found(monitoring), "local");

  beforeEach(() => {
    answers = healthy();
  });

  it("is there only where something monitors it", async () => {
    assert.equal(await monitoringStatus(checked, () => Promise.resolve({})), undefined);
    assert.deepEqual(monitoringChecks(undefined, "local"), []);
  });

  it("is good where all is read, evaluated and sent on; alerts that fire are no fault of it", async () => {
    answers.alerts = { alerts: [{ labels: {}, annotations: {}, state: "firing" }, { state: "pending" }] };
    assert.deepEqual(await check(), [{ name: "monitoring", result: "ok", detail: "1 target read, 1 rule evaluated" }]);
    assert.deepEqual((await found())?.firing?.length, 1);
  });

  it("names each program that does not answer, and what starts it", async () => {
    const [first] = await check({ exporters: { "iad-0": dead } });
    assert.equal(first?.result, "failed");
    assert.match(first.detail, /exporter of iad-0 \(http:\/\/127\.0\.0\.1:9\) does not answer; start it: npm start/);
    assert.match(first.detail, /exporter of iad-0 \(127\.0\.0\.1:9\) is no target/);
  });

  it("names what Prometheus does not read, evaluate, or send to, each with the reason", async () => {
    answers = {
      ...healthy(),
      targets: { activeTargets: [target("down", "connection refused")] },
      rules: { groups: [{ name: "other", rules: [rule("A", "err", "many-to-many"), rule("B", "unknown")] }] },
      alertmanagers: { activeAlertmanagers: [] },
    };
    const { host } = new URL(url());
    const exporter = `exporter of iad-0 (${host}) is not read: connection refused`;
    const others = [
      "the rules of iad are not loaded",
      "rule A fails: many-to-many",
      "rule B was not evaluated yet",
      `alerts are not sent to ${url()}`,
    ];
    const [first] = await check();
    assert.equal(
      first?.detail,
      [exporter, `worker irisx/api (${host}) is not read: connection refused`, ...others].join("; "),
    );
    // What does not answer anyone is named once, among the workers.
    const silent = { account: "irisx", name: "api", region: "iad", isReady: false, reason: "does not answer" };
    const [folded] = monitoringChecks(await found(), "local", [silent]);
    assert.equal(folded?.detail, [exporter, ...others].join("; "));
  });

  it("tells a Prometheus that refuses from one that is well", async () => {
    answers = {};
    assert.deepEqual((await found())?.problems, ["Prometheus does not answer: not yet"]);
  });
});
