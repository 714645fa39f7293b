import { assetsOf } from "../../config/assets/assets";
import type { ConsumerSpec, StreamSpec, TenantSpec } from "../../config/schema/tenant";
import { consumerArgs, streamArgs } from "../../jetstream/asset-args";
import { consumerFields, streamFields, type Wire } from "../../jetstream/fields";
import { toWire } from "../../jetstream/wire";
import type { Place } from "../../operations/import/draft";
import { type LiveAccount, nameOf } from "../../operations/import/live";
import { localEnvironment } from "./accounts";

/** A tenant, and what servers hold of it: for the tests of the import. */

const environment = localEnvironment({ servers: 5, jetstream: { jetstream: ["shop"] } });
export const place: Place = {
  account: "shop",
  owner: "supercluster/local-jetstream",
  environment,
  declared: { users: {} },
};

export const orders: StreamSpec = {
  subjects: ["orders.>"],
  retention: "limits",
  storage: "file",
  replicas: 3,
  maxAge: "7d",
  maxBytes: "10GiB",
  discard: "old",
};
export const billing: ConsumerSpec = { mode: "pull", streams: ["ORDERS"], ackPolicy: "explicit", deliverPolicy: "all" };
export const shop: TenantSpec = {
  name: "shop",
  home: "iad",
  streams: { ORDERS: orders },
  consumers: { billing },
  users: {},
};

/**
 * What servers of all regions would hold of a tenant, as they list it: what is empty is left out, and they add labels
 * of their own.
 */
export function liveOf(tenant: TenantSpec, mark: Record<string, string> = {}): LiveAccount {
  const { streams, consumers } = assetsOf(environment, { shop: tenant });
  const echo = (wire: Wire) => ({
    ...Object.fromEntries(Object.entries(wire).filter(([, value]) => value !== false)),
    metadata: { ...(wire.metadata as object), "_nats.req.level": "0", ...mark },
  });
  const of = (stream: string) => consumers.filter((consumer) => consumer.stream === stream);
  return {
    streams: streams
      .map((asset) => ({
        info: { config: echo(toWire(streamFields, streamArgs(asset))), ts: "", cluster: { name: asset.region } },
        consumers: of(asset.name).map((consumer) => ({
          config: echo(toWire(consumerFields, consumerArgs(consumer))),
          ts: "",
        })),
      }))
      .toSorted((left, right) => nameOf(left.info).localeCompare(nameOf(right.info))),
    missing: [],
  };
}

/** An account in which some of a stream's or a durable's fields are otherwise. */
export const changed = (live: LiveAccount, name: string, change: Wire): LiveAccount => ({
  ...live,
  streams: live.streams.map(({ info, consumers }) => ({
    info: nameOf(info) === name ? { ...info, config: { ...info.config, ...change } } : info,
    consumers: consumers.map((consumer) =>
      `${nameOf(info)}/${nameOf(consumer)}` === name
        ? { ...consumer, config: { ...consumer.config, ...change } }
        : consumer,
    ),
  })),
});

/** The labels of this stack's owner mark. */
export const mark = { "supercluster.owner": place.owner, "supercluster.nonce": "0123456789ab" };

/** The shop with a mirror and without owner marks. */
export const mirrored = liveOf({
  ...shop,
  streams: { ORDERS: { ...orders, mirrors: { ams: { maxAge: "7d", maxBytes: "1GiB" } } } },
});

export const at = (remarks: { at: string }[]): string[] => remarks.map((remark) => remark.at);
