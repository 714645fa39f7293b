import { Consumer } from "../../components/jetstream/consumer";
import type { JetstreamProvider } from "../../components/jetstream/jetstream-provider";
import { Stream } from "../../components/jetstream/stream";

/** A stream that was made by hand, and a durable that another stack owned. Both stay if this program removes them. */
export function adopted(provider: JetstreamProvider) {
  const audit = new Stream(
    "shop-AUDIT",
    {
      account: "shop",
      name: "AUDIT",
      region: "iad",
      subjects: ["audit.>"],
      replicas: 3,
      maxBytes: "50GiB",
      denyDelete: true,
      adopt: true,
      deletionPolicy: "retain",
    },
    { provider },
  );
  new Consumer(
    "shop-AUDIT-archive",
    {
      account: "shop",
      stream: "AUDIT",
      name: "archive",
      filterSubject: "audit.>",
      ackPolicy: "all",
      adopt: "supercluster/jetstream--archive",
    },
    { provider, dependsOn: audit },
  );
}
