import { Consumer } from "../../components/jetstream/consumer";
import type { JetstreamProvider } from "../../components/jetstream/jetstream-provider";
import type { Stream } from "../../components/jetstream/stream";

/** What is new is sent to the group that invalidates caches, not faster than its clients keep up, at 1 MB/s at most. */
export function cacheInvalidator(provider: JetstreamProvider, orders: Stream) {
  new Consumer(
    "shop-ORDERS-cache",
    {
      account: "shop",
      stream: "ORDERS",
      name: "cache",
      filterSubject: "orders.>",
      deliverSubject: "deliver.cache",
      deliverGroup: "caches",
      deliverPolicy: "new",
      ackPolicy: "explicit",
      flowControl: true,
      idleHeartbeat: "5s",
      rateLimitBps: 8_000_000,
    },
    { provider, dependsOn: orders },
  );
}
