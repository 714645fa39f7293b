import { isDeepStrictEqual } from "node:util";
import { isSettled, overUsed, reservationsToCover } from "../../config/assets/account-limits";
import { declaredReservations, type Held, type Reservations } from "../../config/assets/reservations";
import type { RegionOutputs } from "../../stacks/outputs";
import { stackOutputs } from "../../engine/stack-outputs";
import { logProgress } from "../../engine/terminal";
import type { Access } from "../access/access";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { readHeld } from "../supercluster/held";

/**
 * A limit below what is in use refuses messages. Servers report to each other every 1.5 s how much of an account is in
 * use (`usageTick`), so what was dropped counts for some seconds.
 */
const useIsKnownMs = 15_000;

/**
 * Region stacks whose account limits can be lowered now that the streams were changed. Servers are asked only where
 * the limits cover something else than what is declared. None, with a message, where not all servers answer.
 */
export async function stacksToLower(checked: CheckedEnvironment, access: Promise<Access>): Promise<string[]> {
  const { environment, accounts, stacks } = checked;
  const declared = declaredReservations(environment, accounts);
  const deployed = await Promise.all(stacks.regions.map((stack) => deployedReservations(checked, stack)));
  const covered = stacks.regions.flatMap((stack, index) => {
    const before = deployed[index];
    return before && !isSettled(declared, before) ? [{ stack, before }] : [];
  });
  if (covered.length === 0) return [];
  try {
    const isUseKnown = (held: Held) => held.silent.length > 0 || overUsed(accounts, declared, held).length === 0;
    const held = await readHeld(await access, isUseKnown, useIsKnownMs);
    return covered
      .filter(({ before }) => !isDeepStrictEqual(reservationsToCover(accounts, declared, before, held), before))
      .map(({ stack }) => stack);
  } catch (error) {
    // The streams are as declared; higher limits refuse nothing.
    logProgress(`account limits are not lowered: ${(error as Error).message.split("\n")[0]}`);
    return [];
  }
}

/** What the limits of a deployed region cover; undefined where its stack has no such output. */
const deployedReservations = (checked: CheckedEnvironment, stack: string): Promise<Reservations | undefined> =>
  stackOutputs<RegionOutputs>(checked, stack).then(
    ({ reservations }) => reservations,
    () => undefined,
  );
