import type { CheckedEnvironment } from "../settings/checked-environment";
import { readAccess } from "../access/access";
import { connectToSystem, takeSnapshot } from "./snapshot";
import { type Status, statusOf } from "./status";

/**
 * The status of an environment as its servers report it now.
 * @throws {Failure} when it is not deployed, or no region answers
 */
export async function readStatus(checked: CheckedEnvironment): Promise<Status> {
  const { regions, servers } = checked.environment;
  const system = await connectToSystem(await readAccess(checked));
  try {
    return statusOf(checked, await takeSnapshot(system, regions.length * servers));
  } finally {
    await system.close();
  }
}
