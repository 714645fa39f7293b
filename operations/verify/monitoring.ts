import { deployCommand } from "../../config/command-lines";
import {
  type MonitoringStatus,
  monitoringPrograms,
  monitoringStatus,
  monitoringTotals,
  workerProgram,
} from "../monitoring/monitoring-status";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { workerKey } from "../../config/assets/workers";
import { snapshotUntil } from "../supercluster/snapshot";
import type { WorkerStatus } from "../workers/worker-status";
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

/**
 * A check of what monitors the environment; none where nothing does. That a worker cannot be read says nothing more
 * where it is not ready. Pure.
 */
export function monitoringChecks(
  found: MonitoringStatus | undefined,
  environment: string,
  workers: readonly WorkerStatus[] = [],
): Check[] {
  if (!found) return [];
  const silent = new Set(workers.filter(({ isReady }) => !isReady).map((worker) => workerProgram(workerKey(worker))));
  const dead = monitoringPrograms(found).flatMap(([name, { url, isUp }]) =>
    isUp ? [] : [`${name} (${url}) does not answer; start it: ${deployCommand(environment)}`],
  );
  const unread = found.unread.filter(({ program }) => !silent.has(program)).map(({ detail }) => detail);
  const problems = [...dead, ...unread, ...found.problems];
  return [
    problems.length
      ? { name: "monitoring", result: "failed", detail: problems.join("; ") }
      : { name: "monitoring", result: "ok", detail: monitoringTotals(found) },
  ];
}
