import { suggestKnown } from "../../config/problems";
import { serversInAll } from "../../config/sizes";
import { BadUsage } from "../../engine/failure";
import { withEnvironmentLock } from "../../engine/lock";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { type StreamRef, withStackAccount } from "../stream/stack-account";
import { observeNextStep, observingAgain, runMigration } from "./migration";
import { type MigrationState, observeMigration } from "./observe";
import { Queue } from "./queue";

export interface MigrationRequest extends StreamRef {
  /** The retention that the tenant file specifies. */
  retention: string;
}

/**
 * Gives a work queue the retention that its tenant file specifies, with every message that is left in it. `approve`
 * gets what the streams and durables hold beforehand, and throws to stop. Returns what they hold afterwards, and the
 * stack; undefined if the stream has that retention already. Safe to repeat.
 * @throws {BadUsage} if the tenant file specifies something else.
 * @throws {Failure} for what the servers' state does not allow, with every reason.
 */
export async function migrateStream(
  checked: CheckedEnvironment,
  request: MigrationRequest,
  approve: (before: MigrationState) => Promise<void>,
): Promise<{ after: MigrationState; stack: string } | undefined> {
  assertSpecified(checked, request);
  const { account, stream } = request;
  const tenant = checked.tenants[account]!;
  return withEnvironmentLock(checked.name, `migration of ${account}/${stream}`, () =>
    withStackAccount(checked, account, tenant.streams[stream]!.home ?? tenant.home, async (own) => {
      const queue = new Queue(own, stream, serversInAll(checked.environment));
      const { state: before, step } = await observingAgain(() => observeNextStep(queue));
      if (step === "nothing") return undefined;
      await approve(before);
      await runMigration(queue);
      return { after: await observeMigration(queue), stack: own.stack };
    }),
  );
}

/** The migration must lead to what the tenant file specifies: otherwise the next `up` would change it back. Pure. */
export function assertSpecified(
  { name, tenants }: Pick<CheckedEnvironment, "name" | "tenants">,
  { account, stream, retention }: MigrationRequest,
): void {
  const tenant = tenants[account];
  if (!tenant)
    throw new BadUsage(
      `${account} is not an account of environment ${name}; ${suggestKnown(account, Object.keys(tenants))}`,
    );
  const spec = tenant.streams[stream];
  if (!spec)
    throw new BadUsage(`${stream} is not a stream of ${account}; ${suggestKnown(stream, Object.keys(tenant.streams))}`);
  if (spec.retention !== retention)
    throw new BadUsage(
      `${account}/${stream} is specified with retention "${spec.retention}"; ` +
        `write "${retention}" in its tenant file first`,
    );
}
