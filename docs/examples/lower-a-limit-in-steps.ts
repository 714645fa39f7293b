import type { JetstreamProvider } from "../../components/jetstream/jetstream-provider";
import { Stream } from "../../components/jetstream/stream";

/** From 30 to 7 days, five days less each time the stack is brought up, and never more messages than were agreed on. */
export function shorterRetention(provider: JetstreamProvider) {
  new Stream(
    "shop-ORDERS",
    {
      account: "shop",
      name: "ORDERS",
      region: "iad",
      subjects: ["orders.>"],
      replicas: 3,
      maxAge: "7d",
      maxBytes: "10GiB",
      lowerBy: { maxAge: "5d" },
      // Taken out again when the seven days are reached.
      allowDataLoss: [{ change: "maxAge", maxMessages: 2_000_000 }],
    },
    { provider },
  );
}
