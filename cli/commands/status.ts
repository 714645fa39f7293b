import { readAccess } from "../../operations/access/access";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { connectToSystem, takeSnapshot } from "../../operations/supercluster/snapshot";
import { statusOf } from "../../operations/supercluster/status";
import { renderStatus } from "../render/status";
import { print } from "../../engine/terminal";

/** Shows an environment as its servers see it now. */
export async function status({ env, json = false }: { env: string; json?: boolean }): Promise<void> {
  const checked = checkedEnvironment(env);
  const system = await connectToSystem(await readAccess(checked));
  const { regions, servers } = checked.environment;
  const found = statusOf(checked, await takeSnapshot(system, regions.length * servers));
  await system.close();
  print(json ? JSON.stringify(found, undefined, 2) : renderStatus(found));
}
