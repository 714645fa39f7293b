import type { JsMsg } from "@nats-io/jetstream";
import { deadLetterNames, replayHeader } from "../contract";

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

/**
 * The place of a message; of one that is processed again, that of the message that was given up. Headers count in the
 * stream of replays only: elsewhere any publisher may have set them.
 */
export function originOf({
  headers,
  info,
  subject,
  time,
}: Pick<JsMsg, "headers" | "info" | "subject" | "time">): Origin {
  const given = info.stream === deadLetterNames.replays ? headers : undefined;
  const [stream, sequence, durable] = given?.get(replayHeader.origin).split(":") ?? [];
  const first = new Date(given?.get(replayHeader.time) || time);
  if (!stream || !durable || !Number.isSafeInteger(Number(sequence)) || Number.isNaN(first.getTime()))
    return {
      stream: info.stream,
      sequence: info.streamSequence,
      durable: info.consumer,
      subject,
      time,
      isReplay: given?.has(replayHeader.of) ?? false,
    };
  return {
    stream,
    sequence: Number(sequence),
    durable,
    subject: given!.get(replayHeader.subject) || subject,
    time: first,
    isReplay: true,
  };
}
