import { print } from "../../engine/terminal";
import { writeDashboards } from "../../operations/monitoring/dashboards";
import { checkedEnvironment } from "../../operations/settings/checked-environment";

/** Writes the dashboards for a Grafana that this program does not configure. */
export function dashboards({ env, out }: { env: string; out: string }): void {
  for (const file of writeDashboards(checkedEnvironment(env), out)) print(file);
}
