import type { NatsConnection } from "@nats-io/transport-node";
import { regionOfServer } from "../../config/topology";
import { write } from "../../jetstream/api";
import { ApiError, NoAnswer } from "../../jetstream/errors";
import type { HeldAsset } from "../../jetstream/holdings";
import { Failure } from "../../engine/failure";

interface Moved {
  cluster?: {
    leader?: string;
    replicas?: { name: string }[];
    /** Servers of 2.15 and later: where it is to be. Earlier ones have those among `replicas` at once. */
    desired?: { replicas?: { name: string }[] };
  };
}

/** 10124: it is moving already; 10040: it is not on the server any more; 10059: it was deleted meanwhile. */
const isAcceptable = ({ errCode }: ApiError): boolean => [10124, 10040, 10059].includes(errCode);

/**
 * Asks the meta leader to replace a server in a stream's group. The answer may be lost, and the servers continue
 * without this program: what the servers report shows the outcome.
 *
 * @throws {Failure} where the meta leader refuses it, or began to move the stream to another region: that is cancelled
 */
export async function moveStream(system: NatsConnection, stream: HeldAsset, server: string): Promise<void> {
  const subject = `ACCOUNT.STREAM.MOVE.${stream.account}.${stream.stream}`;
  try {
    const { cluster } = await write<Moved>(system, subject, { server, cluster: regionOfServer(server) });
    const copies = [...(cluster?.replicas ?? []), ...(cluster?.desired?.replicas ?? [])];
    const members = [cluster?.leader ?? server, ...copies.map(({ name }) => name)];
    await cancelIfElsewhere(system, stream, members, regionOfServer(server));
  } catch (error) {
    if (error instanceof NoAnswer || (error instanceof ApiError && isAcceptable(error))) return;
    if (!(error instanceof ApiError)) throw error;
    throw new Failure(
      `stream ${stream.account}/${stream.stream} could not be moved off ${server}: ${error.message}. ` +
        "Streams that were moved before stay where they are; run this command again once the cause is fixed",
    );
  }
}

/**
 * Where no server of the region has room for a stream, the meta leader moves it to another region. That is cancelled.
 *
 * @param members servers of the stream's group
 * @throws {Failure} if one of them is in another region
 */
export async function cancelIfElsewhere(
  system: NatsConnection,
  { account, stream }: Pick<HeldAsset, "account" | "stream">,
  members: readonly string[],
  region: string,
): Promise<void> {
  const others = [...new Set(members.map(regionOfServer))].filter((other) => other !== region);
  if (others.length === 0) return;
  const outcome = await write(system, `ACCOUNT.STREAM.CANCEL_MOVE.${account}.${stream}`, {}).then(
    () => "this was cancelled",
    (error: Error) => `cancelling this failed: ${error.message}; see where it is: npm run status`,
  );
  throw new Failure(
    `stream ${account}/${stream}: no other server of ${region} has room for a copy, and the servers began to move it ` +
      `to ${others.join(", ")}; ${outcome}. Give the servers more storage, or lower maxBytes of streams, ` +
      "then run this command again",
  );
}
