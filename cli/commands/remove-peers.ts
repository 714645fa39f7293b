import { deployCommand } from "../../config/command-lines";
import { plural } from "../../config/plural";
import { colours, logProgress, print } from "../../engine/terminal";
import { checkedEnvironment } from "../../operations/settings/checked-environment";
import type { MetaPeer } from "../../operations/remove-peers/peers";
import { removeSelectedPeers } from "../../operations/remove-peers/remove-peers";
import type { PeerSelection } from "../../operations/remove-peers/selection";
import type { Snapshot } from "../../operations/supercluster/snapshot";
import { currentPeers } from "../../operations/supercluster/status";
import { confirm, requireTerminal } from "../confirm";
import { table } from "../render/table";

export interface RemovePeersCommand extends PeerSelection {
  env: string;
  yes?: boolean;
}

/** Removes the servers of a region that has left from the meta group. */
export async function removePeers({ env, region, server, yes = false }: RemovePeersCommand): Promise<void> {
  const checked = checkedEnvironment(env);
  requireTerminal(yes);
  const peers = await removeSelectedPeers(
    checked,
    { region, server },
    {
      approve: async (found) => {
        print(renderPeers(found));
        if (!yes) await confirm(`Remove ${plural(found.length, "peer")} from the meta group, for good?`);
      },
      removed: ({ name }, after) => logProgress(`  ${name} is removed: ${peerCounts(after)}`),
    },
  );
  if (peers.length === 0) return print(`no server of ${server ?? region} is a peer of the meta group; nothing to do`);
  const next = server
    ? `the other servers of ${region} (docs/runbooks/remove-a-region.md)`
    : // The other servers still dial the region until they restart.
      deployCommand(env);
  print(`\nThe meta group no longer counts ${server ?? region}. Next: ${next}`);
}

function renderPeers(peers: readonly MetaPeer[]): string {
  return table(
    ["PEER", "LAST HEARD FROM", "ENTRIES BEHIND"],
    peers.map(({ name, active = 0, lag = 0 }) => [
      name,
      active > 0 ? `${Math.round(active / 1e9)} s ago` : "never by this leader",
      String(lag),
    ]),
    colours.dim,
  );
}

const peerCounts = (snapshot: Snapshot): string =>
  `${plural(snapshot.meta!.cluster_size, "peer")} left, ${currentPeers(snapshot)} current, ` +
  `leader ${snapshot.meta!.leader!}`;
