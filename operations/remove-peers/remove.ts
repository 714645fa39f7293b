import type { NatsConnection } from "@nats-io/transport-node";
import { write } from "../../jetstream/api";
import { ApiError, NoAnswer } from "../../jetstream/errors";
import { Failure } from "../../engine/failure";
import { type Snapshot, snapshotUntil } from "../supercluster/snapshot";
import type { Peer } from "../supercluster/wire";
import { peersAmong } from "./peers";

/** The leader carries a removal out with the servers that are left; a new one may have to be elected meanwhile. */
const patienceMs = 60_000;

/** Removed by an earlier request whose answer got lost; another removal goes on. */
const isDone = ({ errCode }: ApiError): boolean => errCode === 10044 || errCode === 10202;

/**
 * Takes a server that does not run out of the meta group, and waits until a leader counts without it. It can only lower the number of
 * servers that have to run. An answer may get lost: whether it was done is seen, never assumed.
 */
export async function removePeer(
  system: NatsConnection,
  take: () => Promise<Snapshot>,
  { name, peer }: Peer,
): Promise<Snapshot> {
  await write(system, "SERVER.REMOVE", { peer: name, peer_id: peer }).catch((error: Error) => {
    if (!(error instanceof NoAnswer) && !(error instanceof ApiError && isDone(error)))
      throw new Failure(`${name} was not removed: ${error.message}`);
  });
  const isGone = (snapshot: Snapshot) => snapshot.meta !== undefined && peersAmong([name], snapshot).length === 0;
  const after = await snapshotUntil(take, isGone, patienceMs);
  if (isGone(after)) return after;
  throw new Failure(
    `${after.meta ? `${name} is still a peer of the meta group` : "the meta group has no leader"} after ${patienceMs / 1000} s; nothing more was done. See: npm run status, then run this again`,
  );
}
