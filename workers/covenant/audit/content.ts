import type { JsMsg, StoredMsg } from "@nats-io/jetstream";
import { headers as newHeaders, type MsgHdrs } from "@nats-io/transport-node";
import { type CopiedMessage, idempotencyKey, nanosecondsOf, originOf } from "../../messaging";
import type { Content } from "./entry";
import type { Item } from "./recorder";

const headersOf = (headers: MsgHdrs | undefined): string | null => {
  const all = [...(headers ?? [])];
  return all.length > 0 ? JSON.stringify(Object.fromEntries(all)) : null;
};

const message = (sequence: number, storedNs: bigint, subject: string, headers: MsgHdrs | undefined, body: Uint8Array) =>
  ({
    ...{ kind: "message", sequence, lastSequence: sequence, storedNs, subject, body, detail: null },
    headers: headersOf(headers),
  }) satisfies Content;

/** What is recorded of a message that was delivered. */
export function itemOf(delivered: JsMsg): Item {
  const { stream, sequence, subject, time, isReplay } = originOf(delivered);
  const { headers, data, timestampNanos } = delivered;
  if (!isReplay) return { stream, content: message(sequence, timestampNanos, subject, headers, data) };
  const content = message(sequence, BigInt(time.getTime()) * 1_000_000n, subject, headers, data);
  return { stream, content: { ...content, kind: "late", detail: `replay ${idempotencyKey(delivered)}` } };
}

/** What is recorded of a message that was read from its stream. */
export const contentOf = ({ seq, timestamp, subject, header, data }: StoredMsg): Content =>
  message(seq, nanosecondsOf(timestamp), subject, header, data);

/** A recorded message as the dead letters take it. */
export function copiedOf(stream: string, durable: string, content: Content): CopiedMessage {
  const { sequence, storedNs, subject, headers, body } = content;
  const made = newHeaders();
  const all = JSON.parse(headers ?? "{}") as Record<string, string[]>;
  for (const [name, values] of Object.entries(all)) for (const value of values) made.append(name, value);
  return {
    ...{ stream, sequence, durable, deliveries: 1, subject: subject ?? "", headers: made },
    time: storedNs === null ? "" : new Date(Number(storedNs / 1_000_000n)).toISOString(),
    nanoseconds: storedNs ?? undefined,
    data: body ?? undefined,
  };
}
