import { npmRun } from "../../config/command-lines";
import { serversInAll } from "../../config/sizes";
import { Failure } from "../../engine/failure";
import { type Access } from "../access/access";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { connectToSystem, type Snapshot, snapshotUntil, takeSnapshot } from "../supercluster/snapshot";
import { type Check, checksOf } from "../verify/checks";
import { failedChecks } from "../verify/verify";

/** Replicas that were down need time to catch up. */
const patienceMs = 5 * 60_000;

/**
 * What keeps the next servers from being restarted: the checks of `npm run verify`, without that of versions, which
 * differ meanwhile, and without the lag of mirrors, which is never 0 under publishers. Pure.
 */
export const notCurrent = (checked: CheckedEnvironment, snapshot: Snapshot): Check[] =>
  failedChecks({ checks: checksOf(checked, withoutLag(snapshot)) }).filter(({ name }) => name !== "versions");

const withoutLag = ({ streams, ...rest }: Snapshot): Snapshot => ({
  ...rest,
  streams: Object.fromEntries(
    Object.entries(streams).map(([account, all]) => [
      account,
      Object.fromEntries(
        Object.entries(all).map(([name, detail]) => [
          name,
          detail.mirror ? { ...detail, mirror: { ...detail.mirror, lag: 0 } } : detail,
        ]),
      ),
    ]),
  ),
});

/**
 * Waits until nothing keeps the next servers from being restarted, at most 5 minutes.
 * @param when what was done before: `local-iad is upgraded, but`
 * @throws {Failure} naming each check that fails, its page, and how to go on or back
 */
export async function assertAllCurrent(
  checked: CheckedEnvironment,
  access: Access,
  { when, howToGoOn }: { when: string; howToGoOn: string[] },
  deadlineMs = patienceMs,
): Promise<void> {
  const system = await connectToSystem(access);
  try {
    const take = () => takeSnapshot(system, serversInAll(checked.environment));
    const isGood = (snapshot: Snapshot) => notCurrent(checked, snapshot).length === 0;
    const failed = notCurrent(checked, await snapshotUntil(take, isGood, deadlineMs));
    if (failed.length === 0) return;
    throw new Failure(
      [
        `${when} not all is current; no other server was restarted:`,
        ...failed.map(
          ({ name, detail, see }) => `  ${name}: ${detail}${see === undefined ? "" : ` (docs/runbooks/${see})`}`,
        ),
        `See: ${npmRun("status", checked.name)}`,
        ...howToGoOn,
      ].join("\n"),
    );
  } finally {
    await system.close();
  }
}
