import { keepsMore } from "../../config/assets/failover";
import { Failure } from "../../engine/failure";
import { plural } from "../../config/plural";
import { countAfter } from "../stream/messages";
import { requiredStream } from "../stream/stack-account";
import type { FailbackNote } from "./configurations";
import type { FailoverPair } from "./failover-pair";

/** Counts of a failback before the mirror is deleted. */
export interface FailbackCounts {
  /** Messages of the mirror after the part that both streams have. */
  own: number;
  /** Messages that the home stream has collected. */
  returned: number;
  /** Messages of the mirror that are older than what the home stream keeps. */
  older: number;
}

/** Messages that would be lost with the mirror. Pure. */
export const lostWithMirror = ({ own, returned, older }: FailbackCounts): number => Math.max(0, own - returned) + older;

/**
 * Refuses to delete the mirror while it has more than `maxLoss` messages that the home stream does not have; returns
 * the complete note.
 * @throws {Failure} with the number that would be lost, or if the swap was not made by this command.
 */
export async function assertNothingLost(
  pair: FailoverPair,
  { common, own, end }: FailbackNote,
  mirror: string,
  maxLoss: number,
): Promise<Required<FailbackNote>> {
  const { name } = pair.stream;
  if (end === undefined)
    throw new Failure(
      `${name} has its subjects, but this command did not give them back, so it is not known whether all messages of ` +
        `${mirror} were collected. Nothing was deleted; compare the two streams by hand.`,
    );
  const [{ state }, copy] = [await requiredStream(pair.account, name), await requiredStream(pair.account, mirror)];
  // With the same limits both streams have dropped the same messages.
  const asset = pair.mirrors.find((one) => one.name === mirror)!;
  const older = keepsMore(asset, pair.stream)
    ? copy.state.messages - (await countAfter(pair.ask, mirror, Math.min(common, state.first_seq - 1)))
    : 0;
  const counts = { own: await countAfter(pair.ask, mirror, common), returned: end - own, older };
  pair.account.logProgress(
    `${name}: ${plural(state.messages, "message")}; ${mirror}: ${copy.state.messages}, ` +
      `of which ${counts.own} are its own; ${counts.returned} came back` +
      (older ? `; ${older} are older than what ${name} keeps` : ""),
  );
  const lost = lostWithMirror(counts);
  if (lost > maxLoss)
    throw new Failure(
      `${plural(lost, "message")} of ${mirror} would be lost with it, because ${name} does not have them; ` +
        `${mirror} was not deleted. Save them (npm run backup), or accept the loss: --max-loss ${lost}`,
    );
  return { common, own, end };
}
