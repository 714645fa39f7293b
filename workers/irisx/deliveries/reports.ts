import * as z from "zod";
import { createMessage, envelope, type Publisher } from "../../messaging";
import type { Channel, DeliveryKey, Outcome } from "./delivery";

/** Where the streams carry statuses. `webhooks.*` has no such subject. */
const subjects: Partial<Record<Channel, string>> = { sms: "sms.status", email: "email.status" };

/** `sms.status`, `email.status`: where a delivery stands. */
export const deliveryStatus = envelope(
  z.object({
    deliveryId: z.uuid(),
    status: z.enum(["sent", "logged", "failed"]),
    provider: z.string().optional(),
    providerId: z.string().optional(),
    error: z.string().optional(),
    attempts: z.number().int(),
  }),
);

/**
 * Publishes where a delivery stands. The same outcome of the same attempt has the same message id, so that a report
 * that is repeated within the stream's duplicate window is stored once.
 */
export async function report(
  publisher: Pick<Publisher, "publish">,
  source: string,
  { channel, id, tenantId }: DeliveryKey,
  { status, provider, providerId, error, attempts }: Outcome & { attempts: number },
): Promise<void> {
  const subject = subjects[channel];
  if (!subject) return;
  const message = createMessage(deliveryStatus, {
    source,
    tenantId,
    correlationId: id,
    deliveryId: id,
    status: deliveryStatus.shape.status.parse(status),
    provider,
    providerId,
    error,
    attempts,
  });
  await publisher.publish(subject, message, { id: `${id}:${status}:${attempts}` });
}
