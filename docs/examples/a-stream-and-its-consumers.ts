import { Consumer } from "../../components/jetstream/consumer";
import type { JetstreamProvider } from "../../components/jetstream/jetstream-provider";
import { Stream } from "../../components/jetstream/stream";

/** Orders are kept for 30 days; billing takes those that are paid, one by one, five times at most. */
export function ordersAndBilling(provider: JetstreamProvider) {
  const orders = new Stream(
    "shop-ORDERS",
    {
      account: "shop",
      name: "ORDERS",
      region: "iad",
      subjects: ["orders.>"],
      replicas: 3,
      maxAge: "30d",
      maxBytes: "10GiB",
    },
    { provider },
  );
  new Consumer(
    "shop-ORDERS-billing",
    {
      account: "shop",
      // Written out, not taken from the stream: a preview checks only what it knows.
      stream: "ORDERS",
      name: "billing",
      filterSubjects: ["orders.paid", "orders.refunded"],
      ackPolicy: "explicit",
      maxDeliver: 5,
      backoff: ["10s", "1m", "10m"],
    },
    { provider, dependsOn: orders },
  );
}
