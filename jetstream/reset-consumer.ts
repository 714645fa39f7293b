import type { Account } from "./account";
import { write } from "./api";
import type { AssetArgs } from "./schemas";

/** JetStream API level that resetting a durable needs (nats-server 2.14). */
export const resetLevel = 4;

/**
 * Whether the arguments ask to reset a durable that is deployed with `last`: to the stream sequence of a `resetTo` that
 * is not the last one's. A durable that is created starts where `deliverPolicy` says.
 */
export const isReset = ({ resetTo }: AssetArgs, last: AssetArgs | undefined): boolean =>
  last !== undefined && resetTo !== undefined && resetTo !== last.resetTo;

/** Resets a durable to its new `resetTo`, once. */
export async function resetConsumerIfRequested(
  args: AssetArgs,
  { connection }: Account,
  last: AssetArgs | undefined,
): Promise<void> {
  if (!isReset(args, last)) return;
  const subject = `CONSUMER.RESET.${args.stream}.${args.name}`;
  await write(connection, subject, { seq: args.resetTo }, resetLevel);
}
