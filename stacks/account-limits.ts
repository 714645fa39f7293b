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
  return reservationsToCover(tenants, declared, deployed ?? {}, await answerOf(ask));
}

/** Undefined, with a warning, where no server can be asked. */
async function answerOf(ask: () => Promise<Held>): Promise<Held | undefined> {
  try {
    const held = await ask();
    if (held.silent.length) await warn(`${held.silent.join(", ")} did not answer`);
    return held;
  } catch (error) {
    await warn((error as Error).message);
    return undefined;
  }
}

const warn = (reason: string): Promise<void> =>
  pulumi.log.warn(
    `not all servers report which streams they hold, so no account limit is lowered: ${reason}. ` +
      "Limits are lowered by the next up once all servers answer",
  );
