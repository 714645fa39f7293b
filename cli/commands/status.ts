import { print } from "../../engine/terminal";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import { readStatus } from "../../operations/supercluster/read-status";
import { renderStatus } from "../render/status";

/** Prints the status of an environment as its servers report it now. */
export async function status({ env, json = false }: { env: string; json?: boolean }): Promise<void> {
  const found = await readStatus(checkedEnvironment(env));
  print(json ? JSON.stringify(found, undefined, 2) : renderStatus(found));
}
