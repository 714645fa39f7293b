import type { JsMsg } from "@nats-io/jetstream";
import { replayHeader } from "../contract";

/** Where a message was stored first, and by which durable it was read. */
export interface Origin {
  stream: string;
  sequence: number;
  durable: string;
  subject: string;
  /** When it was stored. */
  time: Date;
  /** Whether it was given up, and is processed again. */
  isReplay: boolean;
}

/** The place of a message; of one that is processed again, that of the message that was given up. */
export function originOf({
  headers,
  info,
  subject,
  time,
}: Pick<JsMsg, "headers" | "info" | "subject" | "time">): Origin {
  const [stream, sequence, durable] = headers?.get(replayHeader.origin).split(":") ?? [];
  if (!stream || !durable || !Number.isSafeInteger(Number(sequence)))
    return {
      stream: info.stream,
      sequence: info.streamSequence,
      durable: info.consumer,
      subject,
      time,
      isReplay: headers?.has(replayHeader.of) ?? false,
    };
  return {
    stream,
    sequence: Number(sequence),
    durable,
    subject: headers!.get(replayHeader.subject) || subject,
    time: new Date(headers!.get(replayHeader.time) || time),
    isReplay: true,
  };
}
