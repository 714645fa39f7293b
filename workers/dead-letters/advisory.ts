import * as z from "zod";
import { copiedReason } from "../messaging";

const given = {
  stream: z.string().min(1),
  consumer: z.string().min(1),
  stream_seq: z.int().min(1),
  deliveries: z.int().min(0),
};

/** What servers say about a message that was given up (nats-server, server/jetstream_events.go). */
export const advisory = z.discriminatedUnion("type", [
  z.object({ type: z.literal("io.nats.jetstream.advisory.v1.max_deliver"), ...given }),
  z.object({ type: z.literal("io.nats.jetstream.advisory.v1.terminated"), ...given, reason: z.string().optional() }),
]);

export type Advisory = z.output<typeof advisory>;

/** Whether a worker terminated the message after it had stored its dead letter. */
export const isCopiedByWorker = (event: Advisory): boolean =>
  "reason" in event && (event.reason?.startsWith(copiedReason) ?? false);
