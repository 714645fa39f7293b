import { calloutWorkers } from "../../config/assets/auth-callout";
import { workersOfRegion } from "../../config/assets/workers";
import { rulesFile, rulesOf } from "../../observability/rules";
import { BadUsage } from "../../engine/failure";
import type { CheckedEnvironment } from "../settings/checked-environment";

/**
 * A file for Prometheus's `rule_files`: recording rules and alerts of one region, as its stack deploys them. Follows
 * from settings and tenants; no server and no state is asked.
 *
 * @param withWorkers also of workers that the environment's settings do not run: on this machine it is what
 *   `npm start` was asked for, which no setting has
 * @throws {BadUsage} where the environment has no such region
 */
export function alertRulesFile(
  checked: CheckedEnvironment,
  region: string,
  { withWorkers = false }: { withWorkers?: boolean } = {},
): string {
  const { name, environment, accounts } = checked;
  if (!environment.regions.includes(region))
    throw new BadUsage(`--region ${region} is not a region of ${name}; use one of ${environment.regions.join(", ")}`);
  return rulesFile(
    rulesOf(
      environment,
      accounts,
      region,
      withWorkers ? { workers: [...workersOfRegion(accounts, region), ...calloutWorkers(environment)] } : {},
    ),
  );
}
