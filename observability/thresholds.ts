import type { ConsumerAsset, StreamAsset, Tenants } from "../config/assets/asset";
import { assetsOf } from "../config/assets/assets";
import { deadLetterNames } from "../workers/messaging/contract";
import { presentTenants } from "../config/assets/leaving";
import { alertKind, type AlertName } from "../config/schema/alerts";
import { defaultAckPending } from "../config/schema/consumer";
import type { Environment } from "../config/schema/settings";
import { limitInBytes, limitInNumber } from "../config/units";

/**
 * At which number an alert about one stream or durable fires: what its tenant declares, changed by settings. It is
 * rendered as one series each, so that alerts are few, whatever the number of streams. Pure.
 */
export interface Threshold {
  alert: AlertName;
  /** Of a stream: which limit it is. */
  limit?: "bytes" | "messages";
  account: string;
  stream: string;
  /** Of alerts about durables. */
  consumer?: string;
  value: number;
}

type Stream = { asset: StreamAsset; share: number };
type Durable = { asset: ConsumerAsset; share: number };

/** What a stream's limit or a durable's is; `share` is the alert's threshold, of percentages as a fraction. */
const ofStreams: Partial<Record<AlertName, (stream: Stream) => Pick<Threshold, "limit" | "value">[]>> = {
  NATSStreamNearFull: ({ asset: { spec }, share }) => [
    { limit: "bytes", value: limitInBytes(spec.maxBytes) * share },
    { limit: "messages", value: limitInNumber(spec.maxMsgs) * share },
  ],
  NATSMirrorLagHigh: ({ asset, share }) => (asset.mirrorOf === undefined ? [] : [{ value: share }]),
  NATSMirrorStalled: ({ asset, share }) => (asset.mirrorOf === undefined ? [] : [{ value: share }]),
  NATSStreamWithoutLeader: () => [{ value: 0 }],
  NATSStreamMissing: () => [{ value: 0 }],
  NATSInterestStreamUnconsumed: ({ asset: { spec } }) => (spec.retention === "interest" ? [{ value: 0 }] : []),
  NATSDeadLetters: ({ asset: { name } }) => (name === deadLetterNames.copies ? [{ value: 0 }] : []),
  NATSDeadLettersWaiting: ({ asset: { name } }) => (name === deadLetterNames.events ? [{ value: 0 }] : []),
};

const ofDurables: Partial<Record<AlertName, (durable: Durable) => Pick<Threshold, "value">[]>> = {
  NATSConsumerLagHigh: ({ share }) => [{ value: share }],
  NATSConsumerAckPendingNearLimit: ({ asset: { spec }, share }) =>
    spec.ackPolicy === "none" ? [] : [{ value: limitInNumber(spec.maxAckPending ?? defaultAckPending) * share }],
  NATSConsumerWithoutLeader: () => [{ value: 0 }],
  NATSConsumerMissing: () => [{ value: 0 }],
};

/** All of one region. */
export function thresholdsOf(environment: Environment, tenants: Tenants, region: string): Threshold[] {
  const { streams, consumers } = assetsOf(environment, presentTenants(tenants));
  const here = streams.filter((stream) => stream.region === region);
  const isHere = ({ account, stream }: ConsumerAsset) =>
    here.some((one) => one.account === account && one.name === stream);
  return [
    ...here.flatMap((asset) =>
      thresholds(environment, ofStreams, asset.account, asset.name).flatMap(({ alert, share, row }) =>
        row({ asset, share }).map((one) => ({ alert, account: asset.account, stream: asset.name, ...one })),
      ),
    ),
    ...consumers.filter(isHere).flatMap((asset) =>
      thresholds(environment, ofDurables, asset.account, asset.stream, asset.name).flatMap(({ alert, share, row }) =>
        row({ asset, share }).map((one) => ({
          ...{ alert, account: asset.account, stream: asset.stream, consumer: asset.name },
          ...one,
        })),
      ),
    ),
    // What has no limit has none of which a share could be reached.
  ].filter(({ value }) => value !== Infinity);
}

/** The rows of alerts that are not silenced for this stream or durable, each with its threshold. */
function thresholds<Row>(
  { alerts }: Pick<Environment, "alerts">,
  rows: Partial<Record<AlertName, Row>>,
  account: string,
  stream: string,
  consumer?: string,
): { alert: AlertName; share: number; row: Row }[] {
  return (Object.entries(rows) as [AlertName, Row][]).flatMap(([alert, row]) => {
    const setting = alerts?.[alert] ?? {};
    const own = (setting.of ?? []).findLast(
      (entry) =>
        entry.account === account &&
        (entry.stream === undefined || entry.stream === stream) &&
        (entry.consumer === undefined || entry.consumer === consumer),
    );
    if (setting.silence !== undefined || own?.silence !== undefined) return [];
    const { unit, threshold = 0 } = alertKind(alert);
    const value = own?.threshold ?? setting.threshold ?? threshold;
    return [{ alert, share: unit === "percent" ? value / 100 : value, row }];
  });
}
