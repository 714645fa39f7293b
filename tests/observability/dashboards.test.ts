import assert from "node:assert/strict";
import { dashboardsOf } from "../../observability/dashboards";
import { variables } from "../../observability/dashboards/panel";
import { rulesFile, rulesOf } from "../../observability/rules";
import { serversMs } from "../support/limits";
import { failuresOf, type RuleTest } from "../support/promtool";
import { cases } from "./cases";
import { environment, healthy, region, type Series, set, tenants } from "./region";
import { inputOf } from "./series";

const rules = rulesFile(rulesOf(environment, tenants, region));

/** As Grafana sends it, where everything is chosen. */
const sent = (expr: string): string => expr.replaceAll("$__rate_interval", "5m").replace(/\$\w+/g, ".*");

interface Asked {
  what: string;
  expr: string;
}

const all = dashboardsOf(environment).flatMap(({ title, rows }) =>
  rows.flatMap((row) =>
    row.panels.flatMap((panel) =>
      panel.queries.map(({ expr }) => ({ what: `${title}: ${panel.title}`, expr: expr.text })),
    ),
  ),
);
/** What is there only while an alert fires. */
const ofAlerts = ({ expr }: Asked) => expr.startsWith("ALERTS");

const testOf = (asked: Asked[], during: Series): RuleTest => ({
  name: "panels",
  interval: "1m",
  input_series: inputOf(during, healthy),
  promql_expr_test: asked.map(({ expr }) => ({
    expr: `count(${sent(expr)}) > bool 0`,
    eval_time: "40m",
    exp_samples: [{ labels: "{}", value: 1 }],
  })),
});

describe("panels, by promtool", function () {
  this.timeout(serversMs);

  it("all have series while all is well", async () => {
    const asked = all.filter((one) => !ofAlerts(one));
    assert.ok(asked.length > 80);
    // Accounts have no limit otherwise, and no share of one.
    const limited = set("nats_account_max_memory", {}, 1e9)(healthy);
    assert.equal(await failuresOf(rules, [testOf(asked, limited)]), undefined);
  });

  it("show the alert that fires", async () => {
    const asked = all.filter(ofAlerts);
    assert.ok(asked.length > 0);
    const { accident } = cases.NATSServerDown;
    assert.equal(await failuresOf(rules, [testOf(asked, accident(healthy))]), undefined);
  });

  it("are found by what a person chooses, which has values", async () => {
    const asked = Object.entries(variables).map(([what, { source, by }]) => ({
      what,
      expr: `max by (${by}) (${source.text})`,
    }));
    assert.equal(await failuresOf(rules, [testOf(asked, healthy)]), undefined);
  });

  it("without series are noticed", async () => {
    const wrong = [{ what: "wrong", expr: 'nats_varz_cpu{job="nats-jetstream",region="nowhere"}' }];
    assert.match((await failuresOf(rules, [testOf(wrong, healthy)]))!, /nowhere/);
  });
});
