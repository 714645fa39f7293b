import type { MsgHdrs } from "@nats-io/transport-node";

/**
 * Header of a message that only shows that messages arrive: a consumer acknowledges it in its turn, as any other, and
 * runs no handler. Whoever publishes it waits until its durable's ack floor has passed it.
 */
export const deliveryCheckHeader = "Delivery-Check";

export const isDeliveryCheck = ({ headers }: { headers?: MsgHdrs }): boolean =>
  headers?.has(deliveryCheckHeader) ?? false;
