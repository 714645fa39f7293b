import type { NatsConnection } from "@nats-io/transport-node";
import { write } from "../../jetstream/api";
import { ApiError, NoAnswer } from "../../jetstream/errors";
import { Failure } from "../../engine/failure";
import { type Snapshot, snapshotUntil } from "../supercluster/snapshot";
import { type MetaPeer, peersAmong } from "./peers";

/** The leader carries a removal out with the servers that are left; a new one may have to be elected meanwhile. */
const removalMs = 60_000;

/**
 * 10044: the peer is not a member, so an earlier request removed it and its answer was lost; 10202: another removal
 * is in progress. Either way the snapshots after it show the outcome.
 */
const isAcceptable = ({ errCode }: ApiError): boolean => errCode === 10044 || errCode === 10202;

/**
 * Removes a stopped server from the meta group and waits until a leader counts without it; returns the snapshot that
 * shows it. Only ever lowers the number of servers that must run. An answer may be lost: the outcome is observed,
 * never assumed.
 * @throws {Failure} if the server refuses, or the peer is still counted after a minute.
 */
export async function removePeer(
  system: NatsConnection,
  take: () => Promise<Snapshot>,
  { name, peer }: MetaPeer,
): Promise<Snapshot> {
  await write(system, "SERVER.REMOVE", { peer: name, peer_id: peer }).catch((error: Error) => {
    if (!(error instanceof NoAnswer) && !(error instanceof ApiError && isAcceptable(error)))
      throw new Failure(`${name} was not removed: ${error.message}`);
  });
  const isGone = (snapshot: Snapshot) => snapshot.meta !== undefined && peersAmong([name], snapshot).length === 0;
  const after = await snapshotUntil(take, isGone, removalMs);
  if (isGone(after)) return after;
  throw new Failure(
    `${after.meta ? `${name} is still a peer of the meta group` : "the meta group has no leader"} ` +
      `after ${removalMs / 1000} s; no other peer was removed. Check npm run status, then run this command again`,
  );
}
