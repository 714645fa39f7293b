import { notInForce } from "../../config/assets/account-limits";
import { declaredReservations, type Held } from "../../config/assets/reservations";
import { logProgress } from "../../engine/terminal";
import type { Access } from "../access/access";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { readHeld } from "../supercluster/held";

/** Kubernetes shows a changed Secret in pods a minute or so later, and the reloader sees it then. */
const reloadMs = 3 * 60_000;

/**
 * Waits until the servers have loaded the accounts that the region stacks deployed: streams that need higher limits
 * would be refused before. Where servers do not answer, or not in time, it goes on: the jetstream stack has its own
 * gate, and reports what is refused.
 */
export async function waitForLimits(
  checked: Pick<CheckedEnvironment, "environment" | "accounts">,
  access: Promise<Access>,
  read = readHeld,
): Promise<void> {
  // Local servers have reloaded when their stack is complete.
  if (checked.environment.target === "local") return;
  const declared = declaredReservations(checked.environment, checked.accounts);
  const missing = (held: Held) => notInForce(checked.accounts, declared, held);
  try {
    const accounts = missing(await read(await access, (held) => missing(held).length === 0, reloadMs));
    if (accounts.length)
      logProgress(
        `after ${reloadMs / 60_000} min not all servers have loaded the limits of ${accounts.join(", ")}, ` +
          "so streams of these accounts may be refused; see the logs of the pods' reloader containers",
      );
  } catch (error) {
    logProgress(
      `whether servers have loaded the account limits is unknown: ${(error as Error).message.split("\n")[0]}`,
    );
  }
}
