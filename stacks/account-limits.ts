import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { isSettled, reservationsToCover } from "../config/assets/account-limits";
import type { Tenants } from "../config/assets/asset";
import type { Held, Reservations } from "../config/assets/reservations";

/**
 * The reservations that the limits of a region's accounts have to cover. Servers are asked only where the declarations
 * differ from what the deployed limits cover: a run with nothing to change asks none. docs/adr/0020.
 *
 * @param deployed what the limits cover now; undefined where a version deployed them that did not record it
 * @param ask what the servers hold; throws where none can be reached
 */
export async function coveredReservations(
  tenants: Tenants,
  declared: Reservations,
  deployed: Reservations | undefined,
  ask: () => Promise<Held>,
): Promise<Reservations> {
  if (isSettled(declared, deployed)) return declared;
  const { held, reason } = await answerOf(ask);
  const covered = reservationsToCover(tenants, declared, deployed ?? {}, held);
  const isKept = !isDeepStrictEqual(covered, reservationsToCover(tenants, declared, {}, held));
  if (isKept && reason) await warn(reason);
  return covered;
}

/** What the servers hold, and why that may not be all. */
async function answerOf(ask: () => Promise<Held>): Promise<{ held?: Held; reason?: string }> {
  try {
    const held = await ask();
    return { held, reason: held.silent.length ? `${held.silent.join(", ")} did not answer` : undefined };
  } catch (error) {
    return { reason: (error as Error).message };
  }
}

const warn = (reason: string): Promise<void> =>
  pulumi.log.warn(
    "account limits stay higher than what is declared needs, " +
      `because not all servers report what they hold: ${reason}. The next up lowers them once all servers answer`,
  );
