import type { JetstreamProvider } from "../../components/jetstream/jetstream-provider";
import { Stream } from "../../components/jetstream/stream";

/** A copy of ORDERS in another region, and a stream that collects refunds of two streams under one subject. */
export function copies(provider: JetstreamProvider, orders: Stream, returns: Stream) {
  new Stream(
    "shop-ORDERS-ams",
    // Its limits are its own: it may keep less than its origin, or more.
    {
      account: "shop",
      name: "ORDERS-ams",
      region: "ams",
      mirror: "ORDERS",
      replicas: 3,
      maxAge: "7d",
      maxBytes: "4GiB",
    },
    { provider, dependsOn: orders },
  );
  new Stream(
    "shop-REFUNDS",
    {
      account: "shop",
      name: "REFUNDS",
      region: "iad",
      sources: [
        { name: "ORDERS", filterSubject: "orders.refunded", optStartTime: "2026-01-01T00:00:00Z" },
        { name: "RETURNS", subjectTransforms: [{ src: "returns.*.refunded", dest: "refunds.{{wildcard(1)}}" }] },
      ],
      replicas: 3,
      maxAge: "365d",
      maxBytes: "2GiB",
    },
    { provider, dependsOn: [orders, returns] },
  );
}
