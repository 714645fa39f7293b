import type { Held } from "../../config/assets/reservations";
import { serverNames } from "../../config/topology";
import { heldStreams } from "../../jetstream/system-requests";
import type { Access } from "../access/access";
import { connectToSystem, snapshotUntil } from "./snapshot";

/**
 * Asks the servers which streams they hold, until the answer is good or the deadline has passed.
 *
 * @param isGood default: the first answer is
 * @returns the last answer, good or not
 * @throws {Failure} when no region answers
 */
export async function readHeld(
  access: Access,
  isGood: (held: Held) => boolean = () => true,
  deadlineMs = 0,
): Promise<Held> {
  const system = await connectToSystem(access);
  try {
    const servers = serverNames(access.environment);
    return await snapshotUntil(() => heldStreams(system, servers), isGood, deadlineMs);
  } finally {
    await system.close();
  }
}
