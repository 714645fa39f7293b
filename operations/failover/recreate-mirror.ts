import { pollUntil } from "../../config/poll-until";
import { ApiError } from "../../jetstream/errors";
import { Failure } from "../../engine/failure";
import type { FailoverPair } from "./failover-pair";

const cycleMs = 10_000;

/**
 * Error 10052: the server that creates the mirror has not heard yet that the home stream no longer collects from it.
 */
export const isCycle = (error: unknown): boolean =>
  error instanceof ApiError && error.errCode === 10052 && /cycle/.test(error.message);

/** Creates the mirror of a stream that has come home, and the durables that are specified for the mirror itself. */
export async function recreateMirror(pair: FailoverPair, name: string): Promise<void> {
  const asset = pair.mirrors.find((mirror) => mirror.name === name)!;
  const create = () =>
    pair.ensureStream(asset).then(
      () => true,
      (error: unknown) => {
        if (isCycle(error)) return undefined;
        throw error;
      },
    );
  if (!(await pollUntil(create, cycleMs, 500)))
    throw new Failure(
      `${name} could not be created: ${pair.stream.name} still collects from it. Run the command again.`,
    );
  pair.account.logProgress(`${name} is recreated and copies ${pair.stream.name}`);
  for (const durable of pair.durablesOfMirrors.filter(({ stream }) => stream === name)) {
    await pair.ensureConsumer(durable);
    pair.account.logProgress(
      `durable ${durable.name} of ${name} is recreated, and begins as specified: ${durable.spec.deliverPolicy}`,
    );
  }
}
