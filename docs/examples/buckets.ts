import { KeyValue, ObjectStore } from "../../components/jetstream/buckets";
import type { JetstreamProvider } from "../../components/jetstream/jetstream-provider";

/** Five values of each profile, kept until they are deleted; invoices as objects, kept for a year. */
export function profilesAndInvoices(provider: JetstreamProvider) {
  new KeyValue(
    "shop-profiles",
    {
      account: "shop",
      bucket: "profiles",
      region: "iad",
      replicas: 3,
      history: 5,
      maxBytes: "256MiB",
      maxValueSize: "256KiB",
      // Keys may have a time of their own, and leave a marker that watchers see.
      limitMarkerTtl: "1h",
    },
    { provider },
  );
  new ObjectStore(
    "shop-invoices",
    { account: "shop", bucket: "invoices", region: "iad", replicas: 3, ttl: "365d", maxBytes: "10GiB" },
    { provider },
  );
}
