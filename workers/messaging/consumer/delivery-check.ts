import type { MsgHdrs } from "@nats-io/transport-node";
import { deliveryCheckHeader } from "../contract";

/** Whether a message only shows that messages arrive. */
export const isDeliveryCheck = ({ headers }: { headers?: MsgHdrs }): boolean =>
  headers?.has(deliveryCheckHeader) ?? false;
