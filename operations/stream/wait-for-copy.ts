import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../engine/failure";
import { plural } from "../../config/plural";

/** Publishers may be refused while at most this many messages are left to copy; with more, a copy is awaited first. */
export const fewEnough = 100;

const stalledMs = 60_000;
const reportEveryMs = 5_000;

export interface CopyProgress {
  /** Messages left to copy; `Infinity` while that is unknown. */
  left(): Promise<number>;
  /** Called every 5 s with a line to print. */
  report(line: string): void;
  /** Message of the error when nothing has been copied for a minute. */
  stalled(left: number): string;
  /** True ends the wait early. */
  isStopped?(): boolean;
}

/**
 * Waits until at most {@link fewEnough} messages are left to copy.
 * @throws {Failure} when nothing has been copied for a minute.
 */
export async function waitForCopy({ left, report, stalled, isStopped }: CopyProgress, everyMs = 250): Promise<void> {
  let [fewest, since, reported] = [Infinity, Date.now(), Date.now()];
  for (;;) {
    const now = await left();
    if (now <= fewEnough || isStopped?.()) return;
    if (now < fewest) [fewest, since] = [now, Date.now()];
    if (Date.now() - since > stalledMs) throw new Failure(stalled(now));
    if (Date.now() - reported > reportEveryMs && now < Infinity) {
      report(`${plural(now, "message")} left to copy`);
      reported = Date.now();
    }
    await sleep(everyMs);
  }
}
