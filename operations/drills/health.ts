import { serversInAll } from "../../config/sizes";
import type { Access } from "../access/access";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { connectToSystem, type Snapshot, takeSnapshot } from "../supercluster/snapshot";
import { checksOf } from "../verify/checks";
import { failedChecks } from "../verify/verify";

/** Asks by a connection of its own: the server of a kept one may be what the drill kills. */
export async function snapshotOf({ environment }: Pick<CheckedEnvironment, "environment">, access: Access) {
  const system = await connectToSystem(access);
  try {
    return await takeSnapshot(system, serversInAll(environment));
  } finally {
    await system.close();
  }
}

/** What the checks of `npm run verify` find about servers, streams and durables; empty: all is well. Pure. */
export const unhealthy = (checked: CheckedEnvironment, snapshot: Snapshot): string[] =>
  failedChecks({ checks: checksOf(checked, snapshot) }).map(({ name, detail }) => `${name}: ${detail}`);
