import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Panel as GrafanaPanel } from "@grafana/grafana-foundation-sdk/dashboard";
import * as units from "@grafana/grafana-foundation-sdk/units";
import type { Environment } from "../../../config/schema/settings";
import { dashboardsOf, panelsOf } from "../../../observability/dashboards";
import { layout } from "../../../observability/dashboards/layout";
import { type Panel, variables } from "../../../observability/dashboards/panel";
import { dashboardFiles } from "../../../observability/dashboards/render";
import { type MetricName, metricOf, metrics } from "../../../observability/metrics";
import { kubernetesEnvironment } from "../../support/kubernetes";
import { projectFolder } from "../../support/project-copy";

const environment = kubernetesEnvironment();

interface Rendered {
  uid: string;
  title: string;
  panels: (Omit<GrafanaPanel, "targets"> & { targets?: { expr: string; refId: string }[] })[];
  templating: { list: { name: string; query: string | { query: string } }[] };
}

const rendered = (of: Environment = environment): Rendered[] =>
  Object.values(dashboardFiles(of)).map((json) => JSON.parse(json) as Rendered);

const dashboards = rendered();
const panels = dashboards.flatMap((dashboard) =>
  dashboard.panels.map((panel) => ({ what: `${dashboard.title}: ${panel.title}`, panel })),
);
const shown = panels.filter(({ panel }) => panel.type !== "row");
const queries = shown.flatMap(({ what, panel }) => panel.targets!.map((target) => ({ what, ...target })));

/** Names that stand before a selector, of what Grafana is given. */
const selected = (expr: string) =>
  [...expr.matchAll(/([\w:]+)\{([^}]*)\}/g)].map(([, name, matchers]) => ({ name: name!, matchers: matchers! }));

const known = (name: string): MetricName | undefined => {
  const plain = name.replace(/_bucket$/, "");
  if (!(plain in metrics)) return undefined;
  const metric = plain as MetricName;
  return (metricOf(metric).isHistogram ?? false) === (name !== plain) ? metric : undefined;
};

describe("dashboards", () => {
  it("keep their identifiers, by which links and Grafana know them", () => {
    const expected = ["nats-supercluster", "nats-region", "nats-tenant", "nats-workers", "nats-jetstream"];
    assert.deepEqual(
      Object.keys(dashboardFiles(environment)),
      expected.map((uid) => `${uid}.json`),
    );
    assert.deepEqual(
      dashboards.map(({ uid }) => uid),
      expected,
    );
    assert.deepEqual(dashboardFiles(environment), dashboardFiles(environment));
  });

  it("fit into a ConfigMap each, whatever the number of streams: none is named", () => {
    for (const [file, json] of Object.entries(dashboardFiles(environment)))
      assert.ok(Buffer.byteLength(json) < 100_000, `${file}: ${Buffer.byteLength(json)} bytes`);
  });

  it("read metrics of the table alone, and count each stream and durable once", () => {
    assert.ok(queries.length > 80);
    for (const { what, expr } of queries) {
      const all = selected(expr);
      assert.ok(all.length > 0, what);
      for (const { name, matchers } of all) {
        const metric = known(name);
        assert.ok(metric, `${what}: ${name} is not in observability/metrics.ts`);
        const kind = /^nats_(stream|consumer)_/.exec(metric)?.[1];
        if (kind && metricOf(metric).source === "exporter")
          assert.ok(matchers.includes(`is_${kind}_leader="true"`), `${what}: ${name}{${matchers}} counts replicas`);
        assert.ok(matchers.includes('region=~"$region"'), `${what}: ${name}{${matchers}} is of all regions`);
      }
    }
    assert.equal(known("nats_varz_routes_total"), undefined);
    assert.equal(known("nats_consumer_message_processing_duration_seconds"), undefined);
  });

  it("use variables that they have", () => {
    for (const { title, panels: own, templating } of dashboards) {
      const names = templating.list.map(({ name }) => name);
      const asked = templating.list.map(({ query }) => (typeof query === "string" ? query : query.query));
      const used = JSON.stringify([own, asked]).matchAll(/\$\{?(\w+)/g);
      for (const [, name] of used) assert.ok(name === "__rate_interval" || names.includes(name!), `${title}: ${name}`);
      for (const [, metric] of asked.join().matchAll(/label_values\((\w+)/g)) assert.ok(known(metric!), metric);
    }
    for (const { source, by } of Object.values(variables)) assert.ok((source.labels as string[]).includes(by));
  });

  it("name series by labels that they have", () => {
    for (const { title, queries: own } of panelsOf(environment))
      for (const { expr, legend } of own)
        for (const [, label] of legend.matchAll(/\{\{(\w+)\}\}/g))
          assert.ok(expr.labels.includes(label!), `${title}: ${label} is not one of ${expr.labels.join()}`);
  });

  it("explain every panel, and give each a unit that Grafana knows", () => {
    const all: unknown[] = Object.values(units);
    for (const { what, panel } of shown) {
      assert.ok(panel.description!.length > 8, what);
      assert.ok(all.includes(panel.fieldConfig!.defaults.unit), what);
      assert.equal(new Set(panel.targets!.map(({ refId }) => refId)).size, panel.targets!.length, what);
    }
  });

  it("have panels that stand beside each other, within the 24 columns", () => {
    for (const { title, panels: own } of dashboards) {
      assert.equal(new Set(own.map(({ id }) => id)).size, own.length, title);
      const places = own.map(({ gridPos }) => gridPos!);
      for (const [index, a] of places.entries()) {
        assert.ok(a.x >= 0 && a.x + a.w <= 24 && a.w > 0 && a.h > 0, `${title}: ${own[index]!.title}`);
        for (const [other, b] of places.slice(0, index).entries())
          assert.ok(
            a.x >= b.x + b.w || b.x >= a.x + a.w || a.y >= b.y + b.h || b.y >= a.y + a.h,
            `${title}: ${own[index]!.title} lies on ${own[other]!.title}`,
          );
      }
    }
  });

  it("begin a new line where a panel does not fit, below the highest of the last", () => {
    const panel = (kind: Panel["kind"]): Panel => ({ kind, title: "a", unit: "number", description: "b", queries: [] });
    const [value, graph] = [panel("value"), panel("graph")];
    const [row, next] = layout([
      { title: "a", panels: [value, value, graph, graph, graph] },
      { title: "b", panels: [value] },
    ]);
    const at = row!.panels.map(({ place: { x, y } }) => [x, y]);
    assert.deepEqual(at, [
      [0, 1],
      [4, 1],
      [8, 1],
      [16, 1],
      [0, 9],
    ]);
    assert.equal(next!.place.y, 17);
  });

  it("change colour where the alert fires, as the environment has it", () => {
    const stepsOf = (title: string, of?: Environment) =>
      rendered(of)
        .flatMap(({ panels: own }) => own)
        .filter((panel) => panel.title === title)
        .map((panel) => panel.fieldConfig!.defaults.thresholds!.steps.map(({ value, color }) => [value, color]));
    const lag = (value: number) => [
      [null, "green"],
      [value, "orange"],
    ];
    assert.deepEqual(stepsOf("Consumer Lag"), [lag(1000)]);
    const changed = kubernetesEnvironment({ alerts: { NATSConsumerLagHigh: { threshold: 5000 } } });
    assert.deepEqual(stepsOf("Consumer Lag", changed), [lag(5000)]);
    assert.deepEqual(stepsOf("Servers that answer"), [
      [
        [null, "red"],
        [2, "green"],
      ],
    ]);
    assert.deepEqual(stepsOf("Critical alerts"), [
      [
        [null, "green"],
        [1, "red"],
      ],
    ]);
    assert.deepEqual(stepsOf("Stream Depth"), [[[null, "green"]]]);
  });

  it("have the panels of the source systems, by their names", () => {
    const rows = dashboardsOf(environment).find(({ uid }) => uid === "nats-tenant")!.rows;
    const titles = Object.fromEntries(rows.map((row) => [row.title, row.panels.map(({ title }) => title)]));
    const wanted: Record<string, string[]> = {
      "Cluster Health": ["Node Status", "Cluster Routes", "Server Uptime"],
      "Stream Metrics": ["Total Messages", "Message Rate", "Bytes Per Stream", "Stream Depth", "Storage Size"],
      "Consumer Metrics": ["Pending Messages", "Processing Rate", "Error Rate", "Consumer Lag", "Messages/sec"],
      Performance: ["Publish Latency", "Subscribe Latency", "Replication Lag", "Processing Latency"],
    };
    for (const [row, own] of Object.entries(wanted))
      for (const title of own) assert.ok(titles[row]!.includes(title), `${row}: ${title}`);
    const latency = rows.flatMap((row) => row.panels).find(({ title }) => title === "Processing Latency")!;
    assert.deepEqual(
      latency.queries.map(({ legend }) => legend.split(" ").at(-1)),
      ["p50", "p95", "p99"],
    );
  });

  it("tell connections of one region from those of another: both ends are in each sum", () => {
    const ofGateways = queries.filter(({ expr }) => expr.includes("by (") && expr.includes("remote_gateway_name"));
    assert.ok(ofGateways.length >= 7, `${ofGateways.length} queries`);
    for (const { what, expr } of ofGateways) assert.match(expr, /by \([^)]*\b(region|server)\b[^)]*\)/, what);
  });

  it("load Grafana's SDK only where they are rendered", () => {
    const files = fs
      .globSync("{cli,components,config,engine,observability,operations,stacks}/**/*.ts", { cwd: projectFolder })
      .map((file) => ({ file, text: fs.readFileSync(path.join(projectFolder, file), "utf8") }));
    const importing = (pattern: RegExp) => files.filter(({ text }) => pattern.test(text)).map(({ file }) => file);
    assert.deepEqual(importing(/from "@grafana\//), ["observability/dashboards/render.ts"]);
    assert.deepEqual(importing(/^import .*dashboards\/render"/m), ["operations/monitoring/dashboards.ts"]);
    assert.deepEqual(importing(/^import .*monitoring\/dashboards"/m), ["cli/commands/dashboards.ts"]);
  });
});
