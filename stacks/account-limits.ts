import { isDeepStrictEqual } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import {
  type ConnectionLimits,
  connectionsToAllow,
  isSettled,
  loweredConnections,
  reservationsToCover,
  statedConnections,
} from "../config/assets/account-limits";
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
  const { answer: held, reason = held?.silent.length ? `${held.silent.join(", ")} did not answer` : undefined } =
    await answerOf(ask);
  const covered = reservationsToCover(tenants, declared, deployed ?? {}, held);
  const isKept = !isDeepStrictEqual(covered, reservationsToCover(tenants, declared, {}, held));
  if (isKept && reason) await warn(reason);
  return covered;
}

/**
 * The limits of connections of a region's accounts. Servers are asked only where a limit is to be lower than the one
 * that is deployed.
 *
 * @param deployed the limits that are in force; undefined where a version deployed them that did not record it
 * @param ask how many connections these accounts have; throws where not all servers answer
 */
export async function coveredConnections(
  tenants: Tenants,
  deployed: ConnectionLimits = {},
  ask: (accounts: string[]) => Promise<Record<string, number>>,
): Promise<ConnectionLimits> {
  const stated = statedConnections(tenants);
  const lowered = loweredConnections(stated, deployed);
  if (lowered.length === 0) return stated;
  const { answer, reason } = await answerOf(() => ask(lowered));
  const allowed = connectionsToAllow(stated, deployed, answer);
  for (const account of lowered.filter((name) => allowed[name] !== stated[name]))
    await pulumi.log.warn(
      `account ${account}: limits.connections of ${stated[account]} is not in force yet ` +
        `(${allowed[account] === undefined ? "there is no limit" : `the limit is ${allowed[account]}`}), because ` +
        (answer
          ? `${answer[account]} clients are connected, and servers would disconnect some. Close those that are too ` +
            "many; the next up lowers the limit"
          : `it is not known how many clients are connected: ${reason}. The next up lowers it once all servers answer`),
    );
  return allowed;
}

/** What servers answer, or why they do not. */
async function answerOf<T>(ask: () => Promise<T>): Promise<{ answer?: T; reason?: string }> {
  try {
    return { answer: await ask() };
  } catch (error) {
    return { reason: (error as Error).message };
  }
}

const warn = (reason: string): Promise<void> =>
  pulumi.log.warn(
    "account limits stay higher than what is declared needs, " +
      `because not all servers report what they hold: ${reason}. The next up lowers them once all servers answer`,
  );
