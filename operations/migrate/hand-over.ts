import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../engine/failure";
import { isInterrupted } from "../../engine/interrupt";
import { plural } from "../../config/plural";
import { seconds } from "../../engine/terminal";
import { waitForCopy } from "../stream/wait-for-copy";
import { isParked, opened, parked } from "./configurations";
import { behindOf } from "./observe";
import type { Queue } from "./queue";

/** Subjects pass from a stream to its mirror. */

/** Waits until the mirror of the two streams has nearly all messages of the other. */
export const waitForMirror = (queue: Queue): Promise<void> =>
  waitForCopy({
    left: async () => {
      const [home, shadow] = [await queue.required(queue.name), await queue.required(queue.shadow)];
      return home.config.mirror || shadow.config.mirror ? behindOf(home, shadow) : 0;
    },
    report: (line) => queue.account.logProgress(line),
    stalled: (left) =>
      `nothing has been copied for a minute, and ${plural(left, "message")} are left: the counts do not agree. ` +
      "Nothing was deleted; check the servers' logs, then run the command again.",
    isStopped: isInterrupted,
  });

const attempts = 3;
const parkedMs = 2_000;
/** Messages queued inside the server may still be stored after the subjects are gone. */
const quietMs = 200;

/** Gives the subjects of a stream to its mirror. Publishers in between get "no responders". */
export async function handOver(queue: Queue, from: string, to: string): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    if (await tryHandOver(queue, from, to)) return;
    await waitForMirror(queue);
  }
  throw new Failure(
    `${to} did not get the last messages of ${from} in time, so ${from} has its subjects back. ` +
      "Run the command again when fewer messages are published.",
  );
}

/**
 * Takes the subjects away, waits for the last messages, and gives the subjects to the mirror, or back if the
 * messages do not come within 2 s. Returns whether the mirror has them.
 */
async function tryHandOver(queue: Queue, from: string, to: string): Promise<boolean> {
  const started = performance.now();
  if (!isParked((await queue.required(from)).config)) await queue.update(from, parked);
  let [last, since] = [-1, performance.now()];
  for (const deadline = Date.now() + parkedMs; Date.now() < deadline; await sleep(10)) {
    const [home, shadow] = [await queue.required(queue.name), await queue.required(queue.shadow)];
    // An interrupted run may have sent it.
    if (!(to === queue.name ? home : shadow).config.mirror) return true;
    const { last_seq } = (from === queue.name ? home : shadow).state;
    if (last_seq !== last) [last, since] = [last_seq, performance.now()];
    if (performance.now() - since < quietMs || behindOf(home, shadow) !== 0) continue;
    await queue.update(to, (config) => opened(config, queue.specified));
    queue.account.logProgress(
      `${to} has ${queue.stream.spec.subjects.join(", ")} now; ` +
        `publishers were refused for ${seconds(performance.now() - started)}`,
    );
    return true;
  }
  await queue.update(from, (config) => ({ ...config, subjects: queue.specified.subjects }));
  return false;
}
