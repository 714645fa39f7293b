import type { ConsumerAsset, StreamAsset, Tenants } from "../config/assets/asset";
import { assetsOf } from "../config/assets/assets";
import { presentTenants } from "../config/assets/leaving";
import { defaultAckPending } from "../config/schema/consumer";
import type { Environment } from "../config/schema/settings";
import type { TenantSpec } from "../config/schema/tenant";
import { serversIn } from "../config/sizes";
import { limitInBytes, limitInNumber } from "../config/units";
import type { LabelOf, MetricName } from "./metrics";

/**
 * What tenants declare of a region's streams and durables, as recorded series: one for each durable, one or two for
 * each stream. Alerts and dashboards compare with them, so both stay the same whatever the number of streams. Pure.
 */
export interface DeclaredSeries<Name extends RuleMetric = RuleMetric> {
  record: Name;
  labels: Partial<Record<LabelOf<Name>, string>>;
  /** Infinity: no limit. */
  value: number;
}

type RuleMetric = Extract<MetricName, `supercluster_${string}`>;

/** Those of one region. */
export interface Declared {
  servers: number;
  tenants: TenantSpec[];
  streams: StreamAsset[];
  consumers: ConsumerAsset[];
}

export function declaredIn(environment: Environment, tenants: Tenants, region: string): Declared {
  const present = presentTenants(tenants);
  const { streams, consumers } = assetsOf(environment, present);
  const here = streams.filter((stream) => stream.region === region);
  const isHere = ({ account, stream }: ConsumerAsset) =>
    here.some((one) => one.account === account && one.name === stream);
  return {
    servers: serversIn(environment, region),
    tenants: Object.values(present),
    streams: here,
    consumers: consumers.filter(isHere),
  };
}

export const declaredSeries = ({ servers, tenants, streams, consumers }: Declared): DeclaredSeries[] => [
  { record: "supercluster_region_servers", labels: {}, value: servers },
  ...tenants.flatMap((tenant) => ofTenant(tenant, streams)),
  ...streams.flatMap(ofStream),
  ...consumers.map(ofConsumer),
];

/** What it states: a limit that follows from what is declared is never near. */
function ofTenant({ name: account, limits = {} }: TenantSpec, streams: readonly StreamAsset[]): DeclaredSeries[] {
  const { connections, consumers, streams: most } = limits;
  const series = (record: RuleMetric, labels: DeclaredSeries["labels"], value: number | undefined) =>
    value === undefined ? [] : [{ record, labels, value }];
  return [
    ...series("supercluster_account_max_connections", { account }, connections),
    ...series("supercluster_account_max_streams", { account }, most),
    ...streams
      .filter((stream) => stream.account === account)
      .flatMap(({ name }) => series("supercluster_stream_max_consumers", { account, stream_name: name }, consumers)),
  ];
}

function ofStream({ account, name, spec }: StreamAsset): DeclaredSeries[] {
  const labels = { account, stream_name: name };
  const messages = limitInNumber(spec.maxMsgs);
  return [
    {
      record: "supercluster_stream_max_bytes",
      labels: { ...labels, retention: spec.retention },
      value: limitInBytes(spec.maxBytes),
    },
    ...(messages === Infinity
      ? []
      : [{ record: "supercluster_stream_max_messages", labels, value: messages } satisfies DeclaredSeries]),
  ];
}

const ofConsumer = ({ account, stream, name, spec }: ConsumerAsset): DeclaredSeries => ({
  record: "supercluster_consumer_max_ack_pending",
  labels: { account, stream_name: stream, consumer_name: name },
  value: spec.ackPolicy === "none" ? Infinity : limitInNumber(spec.maxAckPending ?? defaultAckPending),
});
