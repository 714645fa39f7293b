import { type Builder, type Dataquery } from "@grafana/grafana-foundation-sdk/cog";
import * as common from "@grafana/grafana-foundation-sdk/common";
import * as grafana from "@grafana/grafana-foundation-sdk/dashboard";
import { DataqueryBuilder, PromQueryFormat } from "@grafana/grafana-foundation-sdk/prometheus";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as table from "@grafana/grafana-foundation-sdk/table";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import * as units from "@grafana/grafana-foundation-sdk/units";
import type { Environment } from "../../config/schema/settings";
import { dashboardsOf } from ".";
import { layout, type Place } from "./layout";
import { type Dashboard, type Limit, type Panel, type Unit, type VariableName, variables } from "./panel";

/** Grafana's JSON of dashboards. Loads Grafana's SDK: only where dashboards are rendered. */

const unitOf: Readonly<Record<Unit, string>> = {
  number: units.Short,
  percent: units.Percent,
  bytes: units.BytesIEC,
  "bytes/s": units.BytesPerSecondIEC,
  seconds: units.Seconds,
  "messages/s": units.MessagesPerSecond,
  "requests/s": units.RequestsPerSecond,
};

/** Every panel asks the Prometheus that is chosen at the top. */
const source = { type: "prometheus", uid: "${datasource}" };

const colours = { good: "green", warning: "orange", critical: "red" } as const;

/** All dashboards of an environment as Grafana's files, by their names. */
export const dashboardFiles = (environment: Environment): Record<string, string> =>
  Object.fromEntries(dashboardsOf(environment).map((dashboard) => [`${dashboard.uid}.json`, render(dashboard)]));

/** A file that Grafana imports or provisions; the same for the same dashboard. */
function render(dashboard: Dashboard): string {
  const builder = new grafana.DashboardBuilder(dashboard.title)
    .uid(dashboard.uid)
    .description(dashboard.description)
    .tags(["nats"])
    // What is changed in Grafana would be lost at the next deployment.
    .readonly()
    .refresh("30s")
    .time({ from: "now-3h", to: "now" })
    .timezone("browser")
    .tooltip(grafana.DashboardCursorSync.Crosshair)
    .link(
      new grafana.DashboardLinkBuilder("NATS")
        .type(grafana.DashboardLinkType.Dashboards)
        .tags(["nats"])
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(new grafana.DatasourceVariableBuilder("datasource").label("Prometheus").type("prometheus"));
  for (const name of dashboard.variables) builder.withVariable(variable(name));
  let id = 0;
  for (const { row, place, panels } of layout(dashboard.rows)) {
    builder.withRow(new grafana.RowBuilder(row.title).id(++id).gridPos(place));
    for (const { panel, place: at } of panels) builder.withPanel(builderOf(panel, ++id, at));
  }
  return `${JSON.stringify(builder.build())}\n`;
}

function variable(name: VariableName): grafana.QueryVariableBuilder {
  const { label, source: selector, by } = variables[name];
  const query = `label_values(${selector.text}, ${by})`;
  return new grafana.QueryVariableBuilder(name)
    .label(label)
    .datasource(source)
    .query({ query, refId: name })
    .definition(query)
    .refresh(grafana.VariableRefresh.OnTimeRangeChanged)
    .sort(grafana.VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(".*")
    .current({ selected: true, text: ["All"], value: ["$__all"] });
}

function builderOf(panel: Panel, id: number, place: Place): Builder<grafana.Panel> {
  const { title, description, unit, whenEmpty, limit } = panel;
  const builder = kinds[panel.kind](panel)
    .id(id)
    .gridPos(place)
    .title(title)
    .description(description)
    .datasource(source)
    .unit(unitOf[unit])
    .thresholds(thresholds(limit));
  return whenEmpty === undefined ? builder : builder.noValue(whenEmpty);
}

const kinds = {
  graph: (panel: Panel) =>
    new timeseries.PanelBuilder()
      .targets(queries(panel))
      .min(0)
      .lineWidth(1)
      .fillOpacity(10)
      .thresholdsStyle(
        new common.GraphThresholdsStyleConfigBuilder().mode(
          panel.limit ? common.GraphThresholdsStyleMode.Dashed : common.GraphThresholdsStyleMode.Off,
        ),
      )
      .legend(
        new common.VizLegendOptionsBuilder()
          .displayMode(common.LegendDisplayMode.List)
          .placement(common.LegendPlacement.Bottom)
          .showLegend(true),
      )
      .tooltip(
        new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending),
      ),
  value: (panel: Panel) =>
    new stat.PanelBuilder()
      .targets(queries(panel, (query) => query.instant()))
      .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]))
      .colorMode(panel.limit ? common.BigValueColorMode.Background : common.BigValueColorMode.Value),
  list: (panel: Panel) =>
    new table.PanelBuilder().targets(queries(panel, (query) => query.instant().format(PromQueryFormat.Table))),
};

const queries = (
  panel: Panel,
  as: (query: DataqueryBuilder) => Builder<Dataquery> = (query) => query.range(),
): Builder<Dataquery>[] =>
  panel.queries.map(({ expr, legend }, index) =>
    as(
      new DataqueryBuilder()
        .expr(expr.text)
        .legendFormat(legend)
        .datasource(source)
        .refId(String.fromCharCode("A".charCodeAt(0) + index)),
    ),
  );

/** Colours from the lowest value up. */
function thresholds(limit: Limit | undefined): grafana.ThresholdsConfigBuilder {
  const { value, severity, isLeast } = limit ?? {};
  const [below, above] = isLeast ? [colours[severity!], colours.good] : [colours.good, colours[severity ?? "warning"]];
  return new grafana.ThresholdsConfigBuilder()
    .mode(grafana.ThresholdsMode.Absolute)
    .steps([{ value: null, color: below }, ...(value === undefined ? [] : [{ value, color: above }])]);
}
