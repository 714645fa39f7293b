import { calloutAccount } from "../../config/assets/standard";
import { Failure } from "../../engine/failure";
import { logProgress } from "../../engine/terminal";
import { snapshotUntil } from "../supercluster/snapshot";
import { type CheckedWorkers, workerStatuses } from "./worker-status";

/** Milliseconds for the service of a region: on Kubernetes its pods are replaced one after another. */
const readyMs = 5 * 60_000;

/**
 * Waits until the auth callout's service of a region answers as it was deployed last; `up` ends once its process is
 * alive. Nothing where this program does not run it.
 *
 * @throws {Failure} where it is not ready after 5 minutes
 */
export async function untilCalloutIsReady(
  checked: CheckedWorkers,
  region: string,
  statuses: typeof workerStatuses = workerStatuses,
  deadlineMs = readyMs,
): Promise<void> {
  const ofRegion = { ...checked, environment: { ...checked.environment, regions: [region] } };
  let isTold = false;
  const [unready] = await snapshotUntil(
    async () => {
      const all = await statuses(ofRegion);
      const found = all.filter(({ account, isReady }) => account === calloutAccount.name && !isReady);
      if (found.length && !isTold) logProgress(`${region}: waiting until the auth callout's service is ready`);
      isTold ||= found.length > 0;
      return found;
    },
    (found) => found.length === 0,
    deadlineMs,
  );
  if (unready)
    throw new Failure(
      `the auth callout's service in ${region} is not ready: ${unready.reason}. No other region was begun, so that ` +
        "theirs answer. See docs/runbooks/alerts/NATSAuthCalloutDown.md, then run the same command again: it continues",
    );
}
