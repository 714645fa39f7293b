import { setTimeout as sleep } from "node:timers/promises";
import type { Held } from "../../config/assets/reservations";
import { serverNames } from "../../config/topology";
import { heldStreams } from "../../jetstream/system-requests";
import type { Access } from "../access/access";
import { connectToSystem } from "./snapshot";

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
    const deadline = Date.now() + deadlineMs;
    for (;;) {
      const held = await heldStreams(system, serverNames(access.environment));
      if (isGood(held) || Date.now() >= deadline) return held;
      await sleep(500);
    }
  } finally {
    await system.close();
  }
}
