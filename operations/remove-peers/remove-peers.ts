import { provisioner, systemAccount } from "../../config/assets/standard";
import { stackName } from "../../config/stacks";
import { serversInAll } from "../../config/sizes";
import { existingStacks } from "../../engine/existing-stacks";
import { Failure } from "../../engine/failure";
import { withEnvironmentLock } from "../../engine/lock";
import { withTimeouts } from "../../jetstream/timeouts";
import { type Access, connectToAny, readAccess } from "../access/access";
import type { CheckedEnvironment } from "../settings/checked-environment";
import { connectToSystem, type Snapshot, snapshotUntil, takeSnapshot } from "../supercluster/snapshot";
import { copiesOn, unansweredOf } from "./holdings";
import { type MetaPeer, peersAmong } from "./peers";
import { refusalsOf } from "./refusals";
import { removePeer } from "./remove";
import { type PeerSelection, selectedServers } from "./selection";

/** What a front end does while peers are removed. */
export interface RemovalEvents {
  /** Shows the peers and asks for approval; throws to stop. Nothing has been changed yet. */
  approve(peers: readonly MetaPeer[]): Promise<void>;
  /** One peer has left the meta group; `after` was taken once a leader counted without it. */
  removed(peer: MetaPeer, after: Snapshot): void;
}

/** Servers notice within 4 to 9 s that a leader is gone, and may need two votes. */
const electionMs = 20_000;

/**
 * Removes the servers of a region that has left, or one stopped server, from the meta group, whose majority they
 * count for otherwise. Returns the peers that were removed: none if none was left. Safe to repeat.
 * @throws {BadUsage} see {@link selectedServers}.
 * @throws {Failure} with every reason, while anything of the selection is left: resources, a running server, a copy.
 */
export function removeSelectedPeers(
  checked: CheckedEnvironment,
  selection: PeerSelection,
  events: RemovalEvents,
): Promise<MetaPeer[]> {
  const names = selectedServers(checked, selection);
  return withEnvironmentLock(checked.name, `remove-peers of ${selection.region}`, () =>
    // Without a leader there is no answer; the next attempt may find a new one.
    withTimeouts({ requestMs: 5_000, deadlineMs: 20_000 }, () => removePeers(checked, selection, names, events)),
  );
}

async function removePeers(
  checked: CheckedEnvironment,
  { region, server }: PeerSelection,
  names: readonly string[],
  { approve, removed }: RemovalEvents,
): Promise<MetaPeer[]> {
  const access = await readAccess(checked);
  const system = await connectToSystem(access);
  try {
    const expected = serversInAll(checked.environment);
    // Also waits for servers that should not answer; a region that was just lost may have had the leader.
    const snapshot = await snapshotUntil(
      () => takeSnapshot(system, expected + names.length),
      ({ meta }) => meta !== undefined,
      electionMs,
    );
    const peers = peersAmong(names, snapshot);
    const refusals = refusalsOf({
      server,
      names,
      ...(await stackOfRegion(checked, region)),
      snapshot,
      copies: copiesOn(names, snapshot),
      unanswered: peers.length ? await unansweredStreams(access) : [],
    });
    if (refusals.length)
      throw new Failure(
        `the peers of ${server ?? region} cannot be removed yet; nothing was changed:\n` +
          refusals.map((line) => `  ${line}`).join("\n"),
      );
    if (peers.length) await approve(peers);
    for (const peer of peers) removed(peer, await removePeer(system, () => takeSnapshot(system, expected), peer));
    return peers;
  } finally {
    await system.close();
  }
}

/** The region's stack, which the settings may not list any more, and whether it has resources. */
async function stackOfRegion(
  checked: CheckedEnvironment,
  region: string,
): Promise<{ stack: string; isDeployed: boolean }> {
  const stack = stackName({ environment: checked.name, kind: "region", region });
  const existing = await existingStacks({ ...checked, stacks: { ...checked.stacks, regions: [stack], jetstream: [] } });
  return { stack, isDeployed: existing.get(stack) === "deployed" };
}

/** Streams of all accounts that no server answers for, as `<account>/<stream>`. */
async function unansweredStreams(access: Access): Promise<string[]> {
  const accounts = Object.keys(access.accounts).filter((account) => account !== systemAccount.name);
  const all = await Promise.all(
    accounts.map(async (account) => {
      const connection = await connectToAny(access, account, provisioner);
      try {
        return (await unansweredOf(connection)).map((stream) => `${account}/${stream}`);
      } catch (error) {
        throw new Failure(
          `the streams of ${account} could not be listed: ${(error as Error).message}. Nothing was changed.`,
        );
      } finally {
        await connection.close();
      }
    }),
  );
  return all.flat();
}
