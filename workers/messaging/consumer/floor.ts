import type { ConsumerInfo } from "@nats-io/jetstream";

/** How far a consumer is. */
export type Position = Pick<ConsumerInfo, "num_ack_pending" | "delivered" | "ack_floor" | "config">;

/** Whether it can give up a message: it acknowledges each one by itself. */
export const isExplicit = ({ config }: Position): boolean => config.ack_policy === "explicit";

/**
 * Sequence up to which a consumer has finished with every message: acknowledged it, or given it up. Where one
 * acknowledgement stands for all before it, what is not acknowledged counts as unfinished. Pure.
 */
export function floorOf(position: Position): number {
  const { num_ack_pending, delivered, ack_floor, config } = position;
  const isDelivered = config.ack_policy === "none" || (isExplicit(position) && num_ack_pending === 0);
  return isDelivered ? delivered.stream_seq : ack_floor.stream_seq;
}
