import { setTimeout as sleep } from "node:timers/promises";
import { keepsMore } from "../../config/assets/failover";
import { Failure } from "../../engine/failure";
import { plural } from "../../config/plural";
import { countAfter, type Identity, identitiesAfter } from "../stream/messages";
import { requiredStream } from "../stream/stack-account";
import type { FailbackNote } from "./configurations";
import type { FailoverPair } from "./failover-pair";

/** The note of a failback whose home stream has its publishers again. */
export type OpenNote = Required<FailbackNote>;

/** Counts of a failback before the mirror is deleted. */
export interface FailbackCounts {
  /** Messages of the mirror after the part that both streams have, up to the opening. */
  own: number;
  /** Messages that the home stream had collected then. */
  returned: number;
  /** Messages that the mirror got later, and that the home stream has neither by sequence nor by id. */
  missing: number;
  /** Messages of the mirror that are older than what the home stream keeps. */
  older: number;
}

/** Messages that would be lost with the mirror. Pure. */
export const lostWithMirror = ({ own, returned, missing, older }: FailbackCounts): number =>
  Math.max(0, own - returned) + missing + older;

/**
 * Messages of the mirror that the home stream does not have. One that a publisher sent again, because it got no answer
 * while the subjects went home, is there under its id. Pure.
 *
 * @param home what the home stream has, with the mirror's sequences as origins
 */
export function missingAtHome(mirror: readonly Identity[], home: readonly Identity[]): Identity[] {
  const [origins, ids] = [new Set(home.map(({ origin }) => origin)), new Set(home.map(({ id }) => id))];
  return mirror.filter(({ seq, id }) => !origins.has(seq) && (id === undefined || !ids.has(id)));
}

const stalledMs = 60_000;
const everyMs = 250;

/**
 * Waits until the home stream has every message of the mirror, proved by counts and, for those of the last moments, by
 * sequences and ids: servers say that nothing is left to copy before that is true. Nothing is published to the mirror
 * any more. Refuses where more than `maxLoss` messages are missing, and none has arrived for a minute.
 *
 * @returns what the home stream got after its opening
 * @throws {Failure} with the number that would be lost
 */
export async function assertNothingLost(
  pair: FailoverPair,
  { common, own, open }: OpenNote,
  mirror: string,
  maxLoss: number,
): Promise<Identity[]> {
  const { name } = pair.stream;
  const [{ state }, copy] = [await requiredStream(pair.account, name), await requiredStream(pair.account, mirror)];
  // With the same limits both streams have dropped the same messages.
  const asset = pair.mirrors.find((one) => one.name === mirror)!;
  const older = keepsMore(asset, pair.stream)
    ? copy.state.messages - (await countAfter(pair.ask, mirror, Math.min(common, state.first_seq - 1)))
    : 0;
  const all = await countAfter(pair.ask, mirror, common);
  const tail = await identitiesAfter(pair.ask, mirror, open.upTo, mirror);
  const home: Identity[] = [];
  let [fewest, since] = [Infinity, Date.now()];
  for (;;) {
    home.push(...(await identitiesAfter(pair.ask, name, home.at(-1)?.seq ?? open.last, mirror)));
    const missing = missingAtHome(tail, home).length;
    const lost = lostWithMirror({ own: all - tail.length, returned: open.last - own, missing, older });
    if (missing < fewest) [fewest, since] = [missing, Date.now()];
    if (missing === 0 || lost <= maxLoss || Date.now() - since > stalledMs) {
      pair.account.logProgress(
        `${name}: ${plural(state.messages, "message")}; ${mirror}: ${copy.state.messages}, ` +
          `of which ${all} are its own; ${open.last - own + tail.length - missing} came back` +
          (older ? `; ${older} are older than what ${name} keeps` : ""),
      );
      if (lost <= maxLoss) return home;
      throw new Failure(
        `${plural(lost, "message")} of ${mirror} would be lost with it, because ${name} does not have them; ` +
          `${mirror} was not deleted. Save them (npm run backup), or accept the loss: --max-loss ${lost}`,
      );
    }
    await sleep(everyMs);
  }
}
