import { type Failover, type Failovers, failoverKey, type Start } from "../schema/failover";
import { limitInBytes, limitInMilliseconds, limitInNumber } from "../units";
import type { ConsumerAsset, StreamAsset } from "./asset";
import { failoverMappings, failoverSubject, failoverTransform } from "./failover-subjects";

interface Assets {
  streams: StreamAsset[];
  consumers: ConsumerAsset[];
}

/**
 * The assets with failovers carried out: the mirror in the other region has become a stream that gets what the account
 * maps to it, and the durables are there too. The stream itself stays as it is: where it is, nothing can be changed.
 * Pure.
 */
export function failedOver({ streams, consumers }: Assets, declared: Failovers): Assets {
  const failoverOf = (account: string, stream: string | undefined): Failover | undefined =>
    stream === undefined ? undefined : declared[failoverKey(account, stream)];
  return {
    streams: streams.map((stream) => {
      const isChosen = failoverOf(stream.account, stream.mirrorOf)?.to === stream.region;
      return isChosen ? promoted(stream, originOf(stream, streams)!) : stream;
    }),
    consumers: [
      ...consumers,
      ...standIns({ streams, consumers }).flatMap(({ consumer, mirror }) => {
        const failover = failoverOf(mirror.account, mirror.mirrorOf);
        return failover?.to === mirror.region ? [startingAt(consumer, failover.consumers[consumer.name] ?? "all")] : [];
      }),
    ],
  };
}

/**
 * Every durable that some failover would make: one of the same name on each mirror of its stream. Users may use them at
 * any time, because no server's permissions can be changed in a region that is lost.
 */
export function standIns({ streams, consumers }: Assets): { consumer: ConsumerAsset; mirror: StreamAsset }[] {
  const known = new Set(consumers.map(({ account, stream, name }) => `${account}/${stream}/${name}`));
  return streams
    .filter(({ mirrorOf }) => mirrorOf !== undefined)
    .flatMap((mirror) =>
      consumers
        .filter(
          ({ account, stream, name }) =>
            account === mirror.account && stream === mirror.mirrorOf && !known.has(`${account}/${mirror.name}/${name}`),
        )
        .map((consumer) => ({ consumer: { ...consumer, stream: mirror.name }, mirror })),
    );
}

/**
 * The streams with the room that each mirror needs if it takes its stream's place: a failover must not fail at a limit.
 */
export function withRoomForFailover(streams: StreamAsset[]): StreamAsset[] {
  return streams.map((stream) => {
    const origin = originOf(stream, streams);
    return origin ? { ...stream, spec: { ...stream.spec, maxBytes: widestLimits(stream, origin).maxBytes } } : stream;
  });
}

const originOf = (mirror: StreamAsset, streams: StreamAsset[]): StreamAsset | undefined =>
  streams.find(
    ({ account, name }) => mirror.mirrorOf !== undefined && account === mirror.account && name === mirror.mirrorOf,
  );

/** Whether a mirror may keep messages that its stream has deleted. */
export const keepsMore = (mirror: StreamAsset, origin: StreamAsset): boolean => {
  const { maxAge, maxBytes, maxMsgs, maxMsgsPerSubject } = widestLimits(mirror, origin);
  const own = origin.spec;
  return (
    maxAge !== own.maxAge ||
    maxBytes !== own.maxBytes ||
    maxMsgs !== own.maxMsgs ||
    maxMsgsPerSubject !== own.maxMsgsPerSubject
  );
};

/** Mappings of each account that has streams failed over, by account. */
export function mappingsOf(
  streams: readonly StreamAsset[],
  declared: Failovers,
): Record<string, Record<string, string>> {
  const mappings: Record<string, Record<string, string>> = {};
  for (const { account, name, spec } of streams)
    if (declared[failoverKey(account, name)])
      Object.assign((mappings[account] ??= {}), failoverMappings(name, spec.subjects));
  return mappings;
}

/** The mirror as a stream: what it takes in is its origin's affair, what it keeps at least its own. */
function promoted(mirror: StreamAsset, origin: StreamAsset): StreamAsset {
  const { deletionPolicy, adopt, storage, replicas } = mirror.spec;
  // The first two cannot be changed in place; how the program treats the stream stays the mirror's affair.
  const spec = without(
    origin.spec,
    "firstSeq",
    "persistMode",
    "storage",
    "replicas",
    "deletionPolicy",
    "allowDataLoss",
    "adopt",
    "lowerBy",
  );
  return {
    account: mirror.account,
    name: mirror.name,
    region: mirror.region,
    promotedFrom: origin.name,
    spec: {
      ...spec,
      subjects: spec.subjects.map((subject) => failoverSubject(origin.name, subject)),
      subjectTransform: failoverTransform(origin.name),
      description: `In the place of ${origin.name}, failed over from ${origin.region}`,
      storage,
      replicas,
      ...widestLimits(mirror, origin),
      ...(deletionPolicy && { deletionPolicy }),
      ...(adopt && { adopt }),
      // Any number: a declared failover is the consent.
      allowDataLoss: [{ change: "mirror", maxMessages: Number.MAX_SAFE_INTEGER }],
    },
  };
}

const without = <T extends object, Key extends keyof T>(object: T, ...keys: Key[]): Omit<T, Key> =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key as Key))) as Omit<T, Key>;

const widest = <T>(one: T, other: T, amount: (limit: T) => number): T => (amount(one) > amount(other) ? one : other);

type Limits = Pick<StreamAsset["spec"], "maxAge" | "maxBytes" | "maxMsgs" | "maxMsgsPerSubject">;

const widestLimits = ({ spec: one }: StreamAsset, { spec: other }: StreamAsset): Limits => ({
  maxAge: widest(one.maxAge, other.maxAge, limitInMilliseconds),
  maxBytes: widest(one.maxBytes, other.maxBytes, limitInBytes),
  maxMsgs: widest(one.maxMsgs, other.maxMsgs, limitInNumber),
  maxMsgsPerSubject: widest(one.maxMsgsPerSubject, other.maxMsgsPerSubject, limitInNumber),
});

/** A durable that lives as long as the failover, with its start stated. */
function startingAt(consumer: ConsumerAsset, from: Start): ConsumerAsset {
  const spec = without(
    consumer.spec,
    "deliverPolicy",
    "optStartSeq",
    "optStartTime",
    "resetTo",
    "allowDataLoss",
    "adopt",
  );
  return { ...consumer, spec: { ...spec, ...startFields(from), deletionPolicy: "delete" } as ConsumerAsset["spec"] };
}

type StartFields = Pick<ConsumerAsset["spec"], "deliverPolicy" | "optStartSeq" | "optStartTime">;

function startFields(from: Start): StartFields {
  if (from === "all" || from === "new") return { deliverPolicy: from };
  return typeof from === "number"
    ? { deliverPolicy: "by_start_sequence", optStartSeq: from }
    : { deliverPolicy: "by_start_time", optStartTime: from };
}
