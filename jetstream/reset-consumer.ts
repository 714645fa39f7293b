import type { Account } from "./account";
import { write } from "./api";
import type { Args } from "./wire";

/** JetStream API level that resetting a durable needs (nats-server 2.14). */
export const resetLevel = 4;

/**
 * Whether the arguments ask to reset a durable that is deployed with `last`: to the stream sequence of a `resetTo` that
 * is not the last one's. A durable that is created starts where `deliverPolicy` says.
 */
export const isReset = ({ resetTo }: Args, last: Args | undefined): boolean =>
  last !== undefined && resetTo !== undefined && resetTo !== last.resetTo;

/** Resets a durable to its new `resetTo`, once. */
export async function resetConsumerIfRequested(
  args: Args,
  { connection }: Account,
  last: Args | undefined,
): Promise<void> {
  if (!isReset(args, last)) return;
  const subject = `CONSUMER.RESET.${args.stream as string}.${args.name as string}`;
  await write(connection, subject, { seq: args.resetTo }, resetLevel);
}
