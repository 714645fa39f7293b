import { JetStreamApiError, type JetStreamManager, type StoredMsg } from "@nats-io/jetstream";

/** Error code (nats-server, server/errors.json): the stream has no such message. */
const noMessage = 10037;

/**
 * A message of a stream, from its leader.
 *
 * @returns undefined where the message is not in the stream any more
 * @throws JetStreamApiError where the stream does not exist, or the user may not read it
 */
export async function stored(
  manager: JetStreamManager,
  stream: string,
  which: { seq: number } | { seq: number; next_by_subj: string } | { last_by_subj: string },
): Promise<StoredMsg | undefined> {
  try {
    return (await manager.streams.getMessage(stream, which)) ?? undefined;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === noMessage) return undefined;
    throw error;
  }
}

/** Of a time as servers write it, RFC 3339 in UTC with up to nine decimals. */
export function nanosecondsOf(timestamp: string): bigint {
  const [, seconds = "", fraction = ""] = /^([^.Z]+)(?:\.(\d+))?Z$/.exec(timestamp) ?? [];
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}
