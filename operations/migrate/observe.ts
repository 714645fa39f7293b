import { Failure } from "../../engine/failure";
import type { ConsumerInfo, StreamInfo } from "../stream/stack-account";
import { initialCountOf, isLifted } from "./configurations";
import type { Queue } from "./queue";
import type { StreamProgress } from "./steps";
import { findStragglers, type SubjectHandover } from "./stragglers";

/** The streams of a migration as they are now, and the consumers of the one that is migrated. */
export interface MigrationState {
  home?: StreamInfo;
  shadow?: StreamInfo;
  consumers: ConsumerInfo[];
}

export async function observeMigration(queue: Queue): Promise<MigrationState> {
  const [home, shadow] = await Promise.all([queue.find(queue.name), queue.find(queue.shadow)]);
  return { home, shadow, consumers: home?.state.consumer_count ? await queue.consumers() : [] };
}

/** What the decisions read of a stream. Pure. */
export function progressOf({ config }: StreamInfo): StreamProgress {
  return {
    retention: config.retention!,
    mirrorOf: (config.mirror as { name: string } | undefined)?.name,
    isCollecting: config.sources !== undefined,
    isLifted: isLifted(config),
    isMarked: initialCountOf(config) !== undefined,
  };
}

/**
 * Messages that the mirror of the two still lacks: by their counts, because a work queue drops what has been copied.
 * Pure.
 */
export function behindOf(home: StreamInfo, shadow: StreamInfo): number {
  const isCopyOfQueue = (shadow.config.mirror as { name: string } | undefined)?.name === home.config.name;
  return isCopyOfQueue
    ? expectedInShadow(home, shadow) - shadow.state.messages
    : shadow.state.messages - home.state.messages;
}

/**
 * Messages of the queue that its shadow must have: what the queue held at the start and has stored since. Pure.
 * @throws {Failure} if the note of the start is missing from the shadow's metadata.
 */
export function expectedInShadow(home: StreamInfo, shadow: StreamInfo): number {
  const initial = initialCountOf(shadow.config);
  if (!initial)
    throw new Failure(
      `the note of what ${String(home.config.name)} held at the start is missing from the metadata of ` +
        `${String(shadow.config.name)}. Nothing was changed; compare the two streams by hand.`,
    );
  return initial.messages + home.state.last_seq - initial.lastSeq;
}

/** Which of the two streams gave its subjects to which; undefined while one is a mirror or missing. Pure. */
export function handoverOf({ home, shadow }: MigrationState): SubjectHandover | undefined {
  if (!home || !shadow || home.config.mirror || shadow.config.mirror) return undefined;
  return home.config.retention === "workqueue"
    ? { predecessor: home, successor: shadow }
    : { predecessor: shadow, successor: home };
}

/** Messages that the stream without subjects stored late, and the other one lacks. */
export async function countStragglers(queue: Queue, state: MigrationState): Promise<number> {
  const handover = handoverOf(state);
  return handover ? (await findStragglers(queue.ask, handover)).sequences.length : 0;
}
