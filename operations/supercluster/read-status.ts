import type { CheckedEnvironment } from "../settings/checked-environment";
import { monitoringStatus } from "../monitoring/monitoring-status";
import { readAccess } from "../access/access";
import { databaseStatuses } from "../workers/database-status";
import { workerStatuses } from "../workers/worker-status";
import { connectToSystem, takeSnapshot } from "./snapshot";
import { type Status, statusOf } from "./status";
import { serversInAll } from "../../config/sizes";

/**
 * The status of an environment as its servers report it now.
 * @throws {Failure} when it is not deployed, or no region answers
 */
export async function readStatus(checked: CheckedEnvironment): Promise<Status> {
  const system = await connectToSystem(await readAccess(checked));
  try {
    const [snapshot, workers, databases, monitoring] = await Promise.all([
      takeSnapshot(system, serversInAll(checked.environment)),
      workerStatuses(checked),
      databaseStatuses(checked),
      monitoringStatus(checked),
    ]);
    return statusOf(checked, snapshot, { workers, databases, monitoring });
  } finally {
    await system.close();
  }
}
