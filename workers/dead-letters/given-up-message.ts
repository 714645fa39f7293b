import { JetStreamApiError, type JetStreamManager, type StoredMsg } from "@nats-io/jetstream";
import type { CopiedMessage } from "../messaging";

/** Error codes (nats-server, server/errors.json): the stream has no such message; there is no such stream. */
const code = { noMessage: 10037, noStream: 10059 } as const;

/** @returns undefined where the message is not in the stream any more */
export async function stored(
  manager: JetStreamManager,
  stream: string,
  which: { seq: number } | { seq: number; next_by_subj: string } | { last_by_subj: string },
): Promise<StoredMsg | undefined> {
  try {
    return (await manager.streams.getMessage(stream, which)) ?? undefined;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === code.noMessage) return undefined;
    throw error;
  }
}

/** The same of a stream that may have been deleted: its messages are gone with it. */
export async function storedIfAny(
  manager: JetStreamManager,
  stream: string,
  which: { seq: number },
): Promise<StoredMsg | undefined> {
  try {
    return await stored(manager, stream, which);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === code.noStream) return undefined;
    throw error;
  }
}

/** A message as it is copied; without what is not known where its stream has it no longer. */
export function copiedMessage(
  at: { stream: string; durable: string; sequence: number; deliveries: number },
  message: StoredMsg | undefined,
): CopiedMessage {
  if (!message) return { ...at, subject: "", time: "" };
  return {
    ...at,
    subject: message.subject,
    time: message.timestamp,
    headers: message.header,
    data: message.data,
    nanoseconds: nanosecondsOf(message.timestamp),
  };
}

/** Of a time as servers write it, RFC 3339 in UTC with up to nine decimals. */
export function nanosecondsOf(timestamp: string): bigint {
  const [, seconds = "", fraction = ""] = /^([^.Z]+)(?:\.(\d+))?Z$/.exec(timestamp) ?? [];
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}
