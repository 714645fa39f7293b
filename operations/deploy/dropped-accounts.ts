import { droppedAccounts, refusalOfDropping } from "../../config/assets/dropped-accounts";
import type { JetstreamOutputs } from "../../stacks/outputs";
import { outputsOf } from "../../engine/backend";
import { stateFolder } from "../../engine/environment";
import { BadUsage } from "../../engine/failure";
import type { CheckedEnvironment } from "../settings/checked-environment";

/**
 * Local environments only: refuses to remove an account that still owns a stream, by the outputs of the jetstream
 * stacks. Region stacks refuse that too, but identity runs before them, and a local identity stack does not protect
 * passwords. In other environments the identity stack refuses.
 * @throws {BadUsage} naming each account and its streams
 */
export function refuseDroppedOwners({ environment, stacks, project }: CheckedEnvironment): void {
  if (environment.target !== "local") return;
  const deployed = stacks.jetstream.flatMap((stack) =>
    Object.entries((outputsOf(stateFolder(), project.name, stack) as Partial<JetstreamOutputs>).accounts ?? {}),
  );
  const owned = new Map(deployed.map(([account, { streams }]) => [account, streams]));
  const refusal = refusalOfDropping(
    droppedAccounts([...owned.keys()], Object.values(environment.jetstream).flat()),
    owned,
  );
  if (refusal) throw new BadUsage(refusal);
}
