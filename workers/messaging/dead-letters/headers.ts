import type { MsgHdrs } from "@nats-io/transport-node";
import { headers } from "@nats-io/transport-node";
import { withoutSecrets } from "../redact";
import { type deadLetterBodies, deadLetterHeader, type DeadLetterReason } from "../contract";

/** What a dead letter is a copy of. */
export interface DeadLetterOrigin {
  /** Empty where it is not known: the message had expired. */
  subject: string;
  stream: string;
  sequence: number;
  durable: string;
  deliveries: number;
  /** When it was stored; RFC 3339. Empty where it is not known. */
  time: string;
  /** The message's own. */
  headers?: MsgHdrs;
}

/** Why a message is copied to the dead letters. */
export interface GivenUp {
  reason: DeadLetterReason;
  error?: Error;
}

/**
 * Whether a dead letter on the same subject is a copy of this very message, and not of one that had its sequence in a
 * stream that was deleted since. A message whose time is not known, since it has expired, counts as copied.
 *
 * @param copy headers of the dead letter
 */
export function isCopyOf(copy: MsgHdrs | undefined, { time }: Pick<DeadLetterOrigin, "time">): boolean {
  // Servers write nanoseconds where clients write milliseconds.
  return !time || Date.parse(copy?.get(deadLetterHeader.time) ?? "") === Date.parse(time);
}

const longestError = 1_024;

/** Headers with these beginnings are instructions to the server, or of an earlier dead letter. */
const notCopied = /^(nats-|dead-letter-)/i;

/**
 * Headers of a dead letter: what it is a copy of, and why. The message's own are kept, without those that are
 * instructions to the server.
 *
 * @param body where the body is left out: why; then the message's own headers are left out, too
 */
export function deadLetterHeaders(
  origin: DeadLetterOrigin,
  { reason, error }: GivenUp,
  body?: (typeof deadLetterBodies)[number],
): MsgHdrs {
  const made = headers();
  if (!body)
    for (const [name, values] of origin.headers ?? [])
      if (!notCopied.test(name)) for (const value of values) made.append(name, value);
  const id = origin.headers?.get("Nats-Msg-Id");
  const own: Partial<Record<keyof typeof deadLetterHeader, string>> = {
    ...(origin.subject && { subject: origin.subject }),
    stream: origin.stream,
    sequence: String(origin.sequence),
    durable: origin.durable,
    deliveries: String(origin.deliveries),
    ...(origin.time && { time: origin.time }),
    reason,
    ...(error && { error: oneLine(error) }),
    ...(id && { id }),
    ...(body && { body }),
  };
  for (const [key, value] of Object.entries(own) as [keyof typeof deadLetterHeader, string][])
    made.set(deadLetterHeader[key], value);
  return made;
}

/** Without secrets, and without line ends and other control characters, which headers cannot have. */
const oneLine = ({ name, message }: Error): string =>
  withoutSecrets(`${name}: ${message}`)
    .replace(/[\u0000-\u001f\u007f]+/g, " ")
    .slice(0, longestError);
