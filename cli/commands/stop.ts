import { environmentDir } from "../../config/cache";
import { prepareFolders } from "../../engine/environment";
import { withEnvironmentLock } from "../../engine/lock";
import { endOrphans } from "../../engine/recovery";
import { logProgress, seconds } from "../../engine/terminal";
import { assertMayStop, destroy, remainingVolumes, stopServers } from "../../operations/deploy/destroy";
import { checkedEnvironment } from "../../operations/settings/checked-environment";

export interface StopOptions {
  env: string;
  keepData?: boolean;
  yesDestroy?: string;
}

/**
 * Destroys an environment; with `keepData` it only stops local servers.
 * @throws {BadUsage} when the environment must not be stopped like this; nothing was done
 */
export async function stop({ env, keepData = false, yesDestroy }: StopOptions): Promise<void> {
  const started = Date.now();
  const checked = checkedEnvironment(env);
  assertMayStop(checked, { keepData, yesDestroy });
  prepareFolders();
  await withEnvironmentLock(env, `stop --env ${env}`, async () => {
    await endOrphans();
    await (keepData ? stopServers(checked) : destroy(checked));
  });
  const kept = keepData ? `; its data is kept in ${environmentDir(env)}` : "";
  logProgress(`\n${env} is stopped${kept}; ${seconds(Date.now() - started)} in all`);
  for (const line of remainingVolumes(checked.environment)) logProgress(line);
}
