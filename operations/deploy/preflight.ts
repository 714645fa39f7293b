import { prepareFolders } from "../../engine/environment";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { refuseDroppedOwners } from "./dropped-accounts";
import { refuseLocalState } from "./state-safety";

/**
 * What must hold before a deployment or its preview starts; then creates the folders that both need.
 * @throws {BadUsage} with what does not hold; nothing was done
 */
export function preflight(checked: CheckedEnvironment, { allowLocalState }: { allowLocalState: boolean }): void {
  if (checked.environment.target !== "local" && !allowLocalState)
    refuseLocalState(checked.name, checked.stacks, checked.project);
  refuseDroppedOwners(checked);
  prepareFolders();
}
