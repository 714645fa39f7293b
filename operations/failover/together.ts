import pLimit from "p-limit";
import { pollUntil } from "../../config/poll-until";
import { Failure } from "../../engine/failure";
import { NoAnswer } from "../../jetstream/errors";

/** What a stream waits for: servers that have to load what the settings declare. */
export interface Reload {
  servers: string[];
  /** Servers of which that is still true. */
  left(): Promise<string[]>;
}

const atOnce = 8;
const settleMs = 15_000;

/**
 * Advances streams as far as each gets, and reloads the servers once for all of them, until none waits. One that fails
 * does not stop the others.
 *
 * @param advance goes on with a stream; undefined when nothing is left to do
 * @param bring makes servers load what the settings declare
 * @throws {Failure} in the end, with the reason of each that failed
 */
export async function runTogether<Stream>(
  streams: readonly Stream[],
  advance: (stream: Stream) => Promise<Reload | undefined>,
  bring: (servers: string[]) => Promise<void>,
): Promise<void> {
  const failures: string[] = [];
  const limit = pLimit(atOnce);
  for (let going = [...streams]; going.length;) {
    const results = await Promise.allSettled(going.map((stream) => limit(() => advance(stream))));
    failures.push(...results.flatMap((one) => (one.status === "rejected" ? [reasonOf(one.reason as Error)] : [])));
    const reloads = results.map((one) => (one.status === "fulfilled" ? one.value : undefined));
    going = going.filter((_, index) => reloads[index]);
    const waiting = reloads.filter((reload) => reload !== undefined);
    if (waiting.length === 0) break;
    await bring([...new Set(waiting.flatMap(({ servers }) => servers))]);
    const left = async () => [...new Set((await Promise.all(waiting.map((reload) => reload.left()))).flat())];
    if (!(await pollUntil(async () => (await left()).length === 0, settleMs, 250)))
      throw new Failure(
        `${(await left()).join(", ")} did not load the mappings that the settings declare, although the region was ` +
          "brought up. See the servers' logs, then run the command again: it continues from what was done",
      );
  }
  if (failures.length) throw new Failure(failures.join("\n"));
}

const reasonOf = (error: Error): string =>
  error instanceof NoAnswer
    ? `${error.message}. Run the command again: it continues from what was done`
    : error.message;
