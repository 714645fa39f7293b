import type { Tenants } from "../../config/assets/asset";
import { calloutAccount } from "../../config/assets/standard";
import { workerKey, workersOf } from "../../config/assets/workers";
import { plural } from "../../config/plural";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { snapshotUntil } from "../supercluster/snapshot";
import { type WorkerStatus, workerStatuses } from "../workers/worker-status";
import type { Check } from "./checks";
import { lossOfRegion } from "./explanations";

/** Milliseconds for workers to be ready: they look for durables that were just made every half second. */
const readyMs = 30_000;

/** The workers that were deployed, once all are ready, or 30 s later. */
export const readyWorkers = (checked: CheckedEnvironment): Promise<WorkerStatus[]> =>
  snapshotUntil(
    () => workerStatuses(checked),
    (found) => found.every(({ isReady }) => isReady),
    readyMs,
  );

export const nameOfWorkers = (account: string): string => `workers ${account}`;

/** A check for the workers of each account; none where none were deployed. Pure. */
export function workerChecks(workers: readonly WorkerStatus[]): Check[] {
  return [...Map.groupBy(workers, ({ account }) => account)].map(([account, own]): Check => {
    const failing = own.filter(({ isReady }) => !isReady);
    const name = nameOfWorkers(account);
    return failing.length
      ? {
          name,
          result: "failed",
          detail: failing.map((worker) => `${worker.name} in ${worker.region}: ${worker.reason}`).join("; "),
          see: account === calloutAccount.name ? "alerts/NATSAuthCalloutDown.md" : "alerts/NATSWorkerDown.md",
          because: failing.map(({ region }) => [lossOfRegion(region)]),
        }
      : { name, result: "ok", detail: `${plural(own.length, "worker")} ready` };
  });
}

/** Durables that these workers read, as `<account>/<stream>/<name>`. Pure. */
export function durablesWithWorkers(tenants: Tenants, running: readonly WorkerStatus[]): ReadonlySet<string> {
  const keys = new Set(running.map(workerKey));
  return new Set(
    Object.values(tenants)
      .flatMap(workersOf)
      .filter((worker) => keys.has(workerKey(worker)))
      .flatMap(({ account, durables }) => durables.map(({ stream, name }) => `${account}/${stream}/${name}`)),
  );
}
