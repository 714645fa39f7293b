/** Subject on which a message of this durable is sent to its worker again. */
export const replaySubject = (stream: string, durable: string): string => `replay.${stream}.${durable}`;

/** Headers of a message that is processed again. */
export const replayHeader = {
  /** Id of the message that it is a copy of. */
  of: "Replay-Of",
  /** Subject of that message. */
  subject: "Replay-Subject",
  /** How often it was sent again, from 1 on. */
  count: "Replay-Count",
} as const;
