import { write } from "../../jetstream/api";
import { resetLevel } from "../../jetstream/reset-consumer";
import { firstReturnedAfter, type Identity } from "../stream/messages";
import { type ConsumerInfo, requiredStream } from "../stream/stack-account";
import type { FailoverPair } from "./failover-pair";
import type { OpenNote } from "./loss-check";
import { type Position, resumeAt, startOf } from "./positions";

/** Durables of the home stream during a failback. */

const pauseMs = 3_600_000;

/** What comes back is mostly processed already: nothing is delivered until the durables have been moved. */
export async function pauseDurables(pair: FailoverPair): Promise<void> {
  for (const { stream, name } of pair.durables) {
    if ((await pair.consumerInfo(stream, name)) === "missing") continue;
    await write(pair.account.connection, `CONSUMER.PAUSE.${stream}.${name}`, {
      pause_until: new Date(Date.now() + pauseMs).toISOString(),
    });
  }
}

/**
 * Moves each durable past what was processed on the mirror, and ends its pause.
 *
 * @param tail what the home stream got after its opening
 */
export async function resumeDurables(
  pair: FailoverPair,
  mirror: string,
  note: OpenNote,
  tail: readonly Identity[],
): Promise<void> {
  const last = (await requiredStream(pair.account, mirror)).state.last_seq;
  for (const { stream, name, spec } of pair.durables) {
    const [home, there] = [await pair.consumerInfo(stream, name), await pair.consumerInfo(mirror, name)];
    if (typeof home !== "object") continue;
    const resume =
      typeof there === "object"
        ? resumeAt(positionOf(home), { from: startOf(there.config), position: positionOf(there), last }, note)
        : "where it was";
    if (resume === "where it was")
      pair.account.logProgress(`durable ${name} continues where it was, after ${home.ack_floor.stream_seq}`);
    else {
      const seq = "at" in resume ? resume.at : await firstAfter(pair, mirror, resume.behind, note, tail);
      await moveDurable(pair, stream, name, seq);
    }
    if (home.paused)
      await write(pair.account.connection, `CONSUMER.PAUSE.${stream}.${name}`, { pause_until: spec.pauseUntil });
  }
}

/** Sequence, in the home stream, of the first message that is not among those of the mirror up to `behind`. */
async function firstAfter(
  pair: FailoverPair,
  mirror: string,
  behind: number,
  { own, open }: OpenNote,
  tail: readonly Identity[],
): Promise<number> {
  const { name } = pair.stream;
  if (behind < open.upTo) return firstReturnedAfter(pair.ask, name, mirror, behind, { own, end: open.last });
  const next = tail.find(({ origin }) => origin === undefined || origin > behind);
  return next?.seq ?? (tail.at(-1)?.seq ?? open.last) + 1;
}

const positionOf = ({ ack_floor, num_pending, num_ack_pending }: ConsumerInfo): Position => ({
  floor: ack_floor.stream_seq,
  isDone: num_pending === 0 && num_ack_pending === 0,
});

async function moveDurable(pair: FailoverPair, stream: string, name: string, seq: number): Promise<void> {
  try {
    await write(pair.account.connection, `CONSUMER.RESET.${stream}.${name}`, { seq }, resetLevel);
    pair.account.logProgress(`durable ${name} continues at ${seq}`);
  } catch (error) {
    // Not possible on servers before 2.14, or with some deliver policies: what was processed on the mirror is then
    // delivered again.
    pair.account.logProgress(
      `durable ${name} could not be moved to ${seq} and continues where it was: ${(error as Error).message}`,
    );
  }
}
