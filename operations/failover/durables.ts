import type { ConsumerAsset } from "../../config/assets/asset";
import { Failure } from "../../engine/failure";
import { write } from "../../jetstream/api";
import { untilDone } from "../../jetstream/confirm-write";
import { ApiError, NoAnswer } from "../../jetstream/errors";
import { resetLevel } from "../../jetstream/reset-consumer";
import { firstReturnedAfter, type Identity } from "../stream/messages";
import { type ConsumerInfo, requiredStream } from "../stream/stack-account";
import type { FailoverPair } from "./failover-pair";
import type { OpenNote } from "./loss-check";
import { type Position, type Resume, resumeAt, startOf } from "./positions";

/** Durables of the home stream during a failback. */

const pauseMs = 3_600_000;

type Durable = Pick<ConsumerAsset, "stream" | "name">;

/** What comes back is mostly processed already: nothing is delivered until the durables have been moved. */
export async function pauseDurables(pair: FailoverPair): Promise<void> {
  for (const { stream, name } of pair.durables) {
    if ((await pair.consumerInfo(stream, name)) === "missing") continue;
    await pause(pair, { stream, name }, new Date(Date.now() + pauseMs).toISOString());
  }
}

/** Pauses a durable until a time, or ends its pause; done when it says so itself. */
async function pause(pair: FailoverPair, { stream, name }: Durable, until: string | undefined): Promise<void> {
  const isToPause = until !== undefined && Date.parse(until) > Date.now();
  const request = write(pair.account.connection, `CONSUMER.PAUSE.${stream}.${name}`, { pause_until: until });
  await confirmed(pair, { stream, name }, request, ({ paused = false }) => paused === isToPause, "pause");
}

/** A request without an answer may have been carried out, and an answer comes early: the durable itself shows it. */
async function confirmed(
  pair: FailoverPair,
  { stream, name }: Durable,
  request: Promise<unknown>,
  isDone: (info: ConsumerInfo) => boolean,
  what: string,
): Promise<void> {
  const unanswered = await request.then(
    () => undefined,
    (error: unknown) => {
      if (error instanceof NoAnswer) return error;
      throw error;
    },
  );
  const observed = async () => {
    const info = await pair.consumerInfo(stream, name);
    return typeof info === "object" && isDone(info) ? info : undefined;
  };
  await untilDone(observed, (info) => info !== undefined, `${what} of durable ${name} of ${stream}`, unanswered);
}

/**
 * Moves each durable past what was processed on the mirror, and ends its pause.
 *
 * @param tail what the home stream got after its opening
 * @throws {Failure} where a durable does not answer: its place would be forgotten with the mirror
 */
export async function resumeDurables(
  pair: FailoverPair,
  mirror: string,
  note: OpenNote,
  tail: readonly Identity[],
): Promise<void> {
  const last = (await requiredStream(pair.account, mirror)).state.last_seq;
  const canMove = (await pair.tooOld()).length === 0;
  for (const { stream, name, spec } of pair.durables) {
    const [home, there] = [await pair.consumerInfo(stream, name), await pair.consumerInfo(mirror, name)];
    if (home === "missing") continue;
    if (home === "unreachable" || there === "unreachable")
      throw new Failure(
        `durable ${name} of ${home === "unreachable" ? stream : mirror} does not answer, so it is not known what was ` +
          "processed. Nothing was deleted; run the command again when its servers answer",
      );
    const resume =
      typeof there === "object"
        ? resumeAt(positionOf(home), { from: startOf(there.config), position: positionOf(there), last }, note)
        : "where it was";
    const floor = home.ack_floor.stream_seq;
    const seq = resume === "where it was" ? 0 : await sequenceOf(resume, pair, mirror, note, tail);
    // An earlier run may have moved it, and its workers have gone on.
    if (seq <= floor + 1) pair.account.logProgress(`durable ${name} continues where it was, after ${floor}`);
    else if (canMove) await moveDurable(pair, { stream, name }, seq);
    else
      pair.account.logProgress(
        `durable ${name} continues where it was, after ${floor}: servers before 2.14 cannot move it to ${seq}, so ` +
          "what was processed in between is delivered again",
      );
    if (home.paused) await pause(pair, { stream, name }, spec.pauseUntil);
  }
}

const sequenceOf = async (
  resume: Exclude<Resume, string>,
  ...[pair, mirror, note, tail]: Parameters<typeof resumeDurables>
): Promise<number> => ("at" in resume ? resume.at : firstAfter(pair, mirror, resume.behind, note, tail));

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

async function moveDurable(pair: FailoverPair, { stream, name }: Durable, seq: number): Promise<void> {
  const request = write(pair.account.connection, `CONSUMER.RESET.${stream}.${name}`, { seq }, resetLevel);
  try {
    await confirmed(pair, { stream, name }, request, ({ ack_floor }) => ack_floor.stream_seq >= seq - 1, "reset");
    pair.account.logProgress(`durable ${name} continues at ${seq}`);
  } catch (error) {
    // Not possible with some deliver policies: what was processed on the mirror is then delivered again.
    if (!(error instanceof ApiError) || error.isTemporary) throw error;
    pair.account.logProgress(
      `durable ${name} could not be moved to ${seq} and continues where it was: ${error.message}`,
    );
  }
}
