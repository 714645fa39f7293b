/** Messages of one durable, beside those of others, on the same slots. */
export interface Lane {
  /** Its slots while all lanes have messages. */
  share: number;
  /** Messages received and not finished. */
  inHand: number;
  /** Those of them whose handler runs. */
  running: number;
  /** Whether the server has more messages for it, which come as soon as they are asked for. */
  hasMore: boolean;
}

/**
 * Messages that a lane may have in hand now: as many as all slots, less those that others have in hand or are about to
 * have, but never less than its share. So slots that no lane uses are lent, and a lane that gets messages has its share
 * as handlers finish.
 */
export function roomOf(lane: Lane, lanes: readonly Lane[], slots: number): number {
  const used = ({ inHand, share, hasMore }: Lane) => (hasMore ? Math.max(inHand, share) : inHand);
  const others = lanes.reduce((sum, other) => (other === lane ? sum : sum + used(other)), 0);
  return Math.max(Math.min(lane.share, slots), slots - others) - lane.inHand;
}

/**
 * The lane whose message runs next, of those with messages that wait: the one that uses the smallest part of its share;
 * of equal ones the first. None starves: a lane without a running message is before all that have one.
 */
export function nextLane<L extends Lane>(lanes: readonly L[], isWaiting: (lane: L) => boolean): L | undefined {
  let next: L | undefined;
  for (const lane of lanes)
    if (isWaiting(lane) && (!next || lane.running / lane.share < next.running / next.share)) next = lane;
  return next;
}
