import { droppedAccounts, refusalOfDropping } from "../../config/assets/dropped-accounts";
import type { JetstreamOutputs } from "../../stacks/outputs";
import { outputsOf } from "../../engine/backend";
import { stateFolder } from "../../engine/environment";
import { BadUsage } from "../../engine/failure";
import type { CheckedEnvironment } from "../settings/checked-environment";

/**
 * Refuses to take an account out that still owns a stream, by what the jetstream stacks deployed. Its region stacks refuse that too, but the
 * identity stack comes before them, and a local one protects no password. Elsewhere identity refuses.
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
