import { JetStreamApiError, type JetStreamManager, type StoredMsg } from "@nats-io/jetstream";
import { type CopiedMessage, nanosecondsOf, stored } from "../messaging";

/** Error code (nats-server, server/errors.json): there is no such stream. */
const noStream = 10059;

/** As `stored`, of a stream that may have been deleted: its messages are gone with it. */
export async function storedIfAny(
  manager: JetStreamManager,
  stream: string,
  which: { seq: number },
): Promise<StoredMsg | undefined> {
  try {
    return await stored(manager, stream, which);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === noStream) return undefined;
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
