import { deployCommand } from "../../config/command-lines";
import {
  type MonitoringStatus,
  monitoringPrograms,
  monitoringStatus,
  monitoringTotals,
} from "../monitoring/monitoring-status";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { snapshotUntil } from "../supercluster/snapshot";
import type { Check } from "./checks";

/** Milliseconds for Prometheus to find, read and evaluate everything once: it looks every 5 s. */
const settleMs = 30_000;

/** What monitors the environment, once nothing is wrong with it, or 30 s later; undefined where nothing does. */
export const settledMonitoring = (checked: CheckedEnvironment): Promise<MonitoringStatus | undefined> =>
  snapshotUntil(
    () => monitoringStatus(checked),
    (found) => monitoringChecks(found, checked.name).every(({ result }) => result === "ok"),
    settleMs,
  );

/** A check of what monitors the environment; none where nothing does. Pure. */
export function monitoringChecks(found: MonitoringStatus | undefined, environment: string): Check[] {
  if (!found) return [];
  const dead = monitoringPrograms(found).flatMap(([name, { url, isUp }]) =>
    isUp ? [] : [`${name} (${url}) does not answer; start it: ${deployCommand(environment)}`],
  );
  const problems = [...dead, ...found.problems];
  return [
    problems.length
      ? { name: "monitoring", result: "failed", detail: problems.join("; ") }
      : { name: "monitoring", result: "ok", detail: monitoringTotals(found) },
  ];
}
