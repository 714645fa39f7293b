import { rulesFile, rulesOf } from "../../observability/rules";
import { BadUsage } from "../../engine/failure";
import type { CheckedEnvironment } from "../settings/checked-environment";

/**
 * A file for Prometheus's `rule_files`: recording rules and alerts of one region, as its stack deploys them. Follows
 * from settings and tenants; no server and no state is asked.
 *
 * @throws {BadUsage} where the environment has no such region
 */
export function alertRulesFile(checked: CheckedEnvironment, region: string): string {
  const { name, environment, accounts } = checked;
  if (!environment.regions.includes(region))
    throw new BadUsage(`--region ${region} is not a region of ${name}; use one of ${environment.regions.join(", ")}`);
  return rulesFile(rulesOf(environment, accounts, region));
}
