import { print } from "../../engine/terminal";
import { alertRulesFile } from "../../operations/monitoring/alert-rules";
import { checkedEnvironment } from "../../operations/settings/checked-environment";

/** Prints the alerts and recording rules of a region, for a Prometheus that this program does not configure. */
export function alertRules({ env, region, ...running }: { env: string; region: string; withWorkers?: true }): void {
  print(alertRulesFile(checkedEnvironment(env), region, running).trimEnd());
}
