import { serversInAll } from "../../config/sizes";
import { readAccess } from "../access/access";
import { monitoringStatus } from "../monitoring/monitoring-status";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { databaseStatuses } from "../workers/database-status";
import { workerStatuses } from "../workers/worker-status";
import { problemsOf } from "./problems";
import { connectToSystem, takeSnapshot } from "./snapshot";
import { type Status, statusOf } from "./status";

/** What `npm run status` reads, as often as it is asked. */
export interface StatusReader {
  read(): Promise<Status>;
  close(): Promise<void>;
}

/**
 * Connects to the system account of an environment; `read` returns the status that its servers report now.
 *
 * @throws {Failure} when no region answers, or the environment is not deployed
 */
export async function openStatus(checked: CheckedEnvironment): Promise<StatusReader> {
  const system = await connectToSystem(await readAccess(checked));
  return {
    async read() {
      const [snapshot, workers, databases, monitoring] = await Promise.all([
        takeSnapshot(system, serversInAll(checked.environment)),
        workerStatuses(checked),
        databaseStatuses(checked),
        monitoringStatus(checked),
      ]);
      const beside = { workers, databases, monitoring };
      return { ...statusOf(checked, snapshot, beside), problems: problemsOf(checked, snapshot, beside) };
    },
    close: () => system.close(),
  };
}
