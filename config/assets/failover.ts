import * as z from "zod";
import type { ConsumerAsset, StreamAsset, Tenants } from "./assets";
import { assetName, count, startTime, token } from "../schema/values";
import { insteadOf, joinPath, parse, type Problem, strictObject } from "../problems";
import { parkedSubject } from "./standard";
import type { StreamSpec } from "../schema/tenant";
import { toBytes, toMilliseconds } from "../units";

/**
 * Streams that failed over to the region of one of their mirrors: `supercluster:failover` of a jetstream stack's file. `npm run
 * failover` and `npm run failback` write it; a plan that did not know of it would undo what they did.
 */

const isStart = (value: unknown): value is Start =>
  value === "all" || value === "new" || count.safeParse(value).success || startTime.safeParse(value).success;

/** Where a durable begins on the mirror: all it holds, only what is new, a sequence, or a time as RFC 3339 has it. */
export type Start = "all" | "new" | number | string;
export const start = z.custom<Start>(isStart, 'write "all", "new", a sequence (1 or more), or a time as RFC 3339 has it');

const failover = strictObject({
  /** Region of the mirror that takes the stream's place. */
  to: token,
  /** Where each of the stream's durables begins there. One that is not named: `all`. */
  consumers: z.record(assetName, start),
});

export type Failover = z.infer<typeof failover>;
/** By `<account>/<stream>`. */
export type Failovers = Record<string, Failover>;

export const failoverKey = (account: string, stream: string): string => `${account}/${stream}`;

/** Every mistake in the setting; `tenants` are those that the stack reconciles. */
export function failoverProblems(raw: unknown, tenants: Tenants, path: string): Problem[] {
  const { value = {}, problems } = parse(z.record(z.string(), z.unknown()).optional(), raw, path);
  return [
    ...problems,
    ...Object.entries(value).flatMap(([key, one]) => {
      const parsed = parse(failover, one, joinPath(path, key));
      return [...parsed.problems, ...problemsOfOne(key, parsed.value, tenants, [path, key])];
    }),
  ];
}

/** What a stream cannot have and fail over; the mirror would lack it, or could not give back what it got. */
const hindrances: { field: keyof StreamSpec; reason: string }[] = [
  { field: "sources", reason: "its sources would be copied to the mirror again from their start" },
  { field: "allowMsgSchedules", reason: "servers let no stream with schedules take back what the mirror got" },
  { field: "allowMsgCounter", reason: "a mirror cannot become a stream of counters" },
  { field: "sealed", reason: "nothing comes into it that a mirror could take" },
];

/** What is wrong with the stream that is named, and, where the entry has passed its schema, with what is said of it. */
function problemsOfOne(key: string, entry: Failover | undefined, tenants: Tenants, path: string[]): Problem[] {
  const [account = "", name = "", more] = key.split("/");
  const at = joinPath(...path);
  if (!name || more !== undefined) return [{ path: at, message: `${JSON.stringify(key)}: write "<account>/<stream>"` }];
  const tenant = tenants[account];
  if (!tenant) return [{ path: at, message: `${JSON.stringify(account)} is no tenant of this stack; ${insteadOf(account, Object.keys(tenants))}` }];
  const stream = tenant.streams[name];
  if (!stream) return [{ path: at, message: `${JSON.stringify(name)} is no stream of ${account}; ${insteadOf(name, Object.keys(tenant.streams))}` }];
  const mirrors = Object.keys(stream.mirrors ?? {});
  const durables = Object.keys(tenant.consumers).filter((durable) => tenant.consumers[durable]!.streams.includes(name));
  const hindrance = hindrances.find(({ field }) => stream[field]);
  const unfit = hindrance ? [{ path: at, message: `${name} has ${hindrance.field}, so it cannot fail over: ${hindrance.reason}` }] : [];
  if (!entry) return unfit;
  const { to, consumers } = entry;
  return [
    ...unfit,
    ...(mirrors.includes(to) ? [] : [{ path: joinPath(...path, "to"), message: `${name} has no mirror in ${JSON.stringify(to)}; ${insteadOf(to, mirrors)}` }]),
    ...Object.keys(consumers)
      .filter((durable) => !durables.includes(durable))
      .map((durable) => ({ path: joinPath(...path, "consumers", durable), message: `${JSON.stringify(durable)} is no durable of ${name}; ${insteadOf(durable, durables)}` })),
  ];
}

interface Assets {
  streams: StreamAsset[];
  consumers: ConsumerAsset[];
}

/**
 * The assets with failovers carried out: the stream is parked, the mirror in the other region has become a stream with its subjects, and
 * its durables are there too. Pure.
 */
export function failedOver({ streams, consumers }: Assets, declared: Failovers): Assets {
  const failoverOf = (account: string, stream: string | undefined): Failover | undefined => stream === undefined ? undefined : declared[failoverKey(account, stream)];
  return {
    streams: streams.map((stream) => {
      if (failoverOf(stream.account, stream.name)) return parked(stream);
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
 * Every durable that some failover would make: one of the same name on each mirror of its stream. Users may use them at any time,
 * because no server's permissions can be changed in a region that is lost.
 */
export function standIns({ streams, consumers }: Assets): { consumer: ConsumerAsset; mirror: StreamAsset }[] {
  const known = new Set(consumers.map(({ account, stream, name }) => `${account}/${stream}/${name}`));
  return streams
    .filter(({ mirrorOf }) => mirrorOf !== undefined)
    .flatMap((mirror) =>
      consumers
        .filter(({ account, stream, name }) => account === mirror.account && stream === mirror.mirrorOf && !known.has(`${account}/${mirror.name}/${name}`))
        .map((consumer) => ({ consumer: { ...consumer, stream: mirror.name }, mirror })),
    );
}

/** The streams with the room that each mirror needs if it takes its stream's place: a failover must not fail at a limit. */
export function withRoomForFailover(streams: StreamAsset[]): StreamAsset[] {
  return streams.map((stream) => {
    const origin = originOf(stream, streams);
    return origin ? { ...stream, spec: { ...stream.spec, maxBytes: widestLimits(stream, origin).maxBytes } } : stream;
  });
}

const originOf = (mirror: StreamAsset, streams: StreamAsset[]): StreamAsset | undefined =>
  streams.find(({ account, name }) => mirror.mirrorOf !== undefined && account === mirror.account && name === mirror.mirrorOf);

/** Whether a mirror may keep what its stream lets go. */
export const keepsMore = (mirror: StreamAsset, origin: StreamAsset): boolean => {
  const { maxAge, maxBytes, maxMsgs, maxMsgsPerSubject } = widestLimits(mirror, origin);
  const own = origin.spec;
  return maxAge !== own.maxAge || maxBytes !== own.maxBytes || maxMsgs !== own.maxMsgs || maxMsgsPerSubject !== own.maxMsgsPerSubject;
};

/** Any number: a declared failover is the consent. */
const consent = (change: "subjects" | "mirror") => ({ allowDataLoss: [{ change, maxMessages: Number.MAX_SAFE_INTEGER }] });

/** What comes back into a parked stream was renamed and published again when it was first stored; and as few as possible are taken for duplicates. */
function parked(stream: StreamAsset): StreamAsset {
  const spec = without(stream.spec, "subjectTransform", "republish");
  return { ...stream, spec: { ...spec, subjects: [parkedSubject(stream.name)], duplicateWindow: "100ms", ...consent("subjects") } };
}

/** The mirror as a stream: what it takes in is its origin's affair, what it keeps at least its own. */
function promoted(mirror: StreamAsset, origin: StreamAsset): StreamAsset {
  const { deletionPolicy, adopt, storage, replicas } = mirror.spec;
  // The first two cannot be changed in place; how the program treats the stream stays the mirror's affair.
  const spec = without(origin.spec, "firstSeq", "persistMode", "storage", "replicas", "deletionPolicy", "allowDataLoss", "adopt", "lowerBy");
  return {
    account: mirror.account,
    name: mirror.name,
    region: mirror.region,
    promotedFrom: origin.name,
    spec: {
      ...spec,
      description: `In the place of ${origin.name}, failed over from ${origin.region}`,
      storage,
      replicas,
      ...widestLimits(mirror, origin),
      ...(deletionPolicy && { deletionPolicy }),
      ...(adopt && { adopt }),
      ...consent("mirror"),
    },
  };
}

const without = <T extends object, Key extends keyof T>(object: T, ...keys: Key[]): Omit<T, Key> =>
  Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key as Key))) as Omit<T, Key>;

const widest = <T>(one: T, other: T, amount: (limit: T) => number): T => (amount(one) > amount(other) ? one : other);
const number = (limit: number | undefined): number => limit ?? Infinity;

type Limits = Pick<StreamAsset["spec"], "maxAge" | "maxBytes" | "maxMsgs" | "maxMsgsPerSubject">;

const widestLimits = ({ spec: one }: StreamAsset, { spec: other }: StreamAsset): Limits => ({
  maxAge: widest(one.maxAge, other.maxAge, toMilliseconds),
  maxBytes: widest(one.maxBytes, other.maxBytes, toBytes),
  maxMsgs: widest(one.maxMsgs, other.maxMsgs, number),
  maxMsgsPerSubject: widest(one.maxMsgsPerSubject, other.maxMsgsPerSubject, number),
});

/** A durable that lives as long as the failover, with its start stated. */
function startingAt(consumer: ConsumerAsset, from: Start): ConsumerAsset {
  const spec = without(consumer.spec, "deliverPolicy", "optStartSeq", "optStartTime", "resetTo", "allowDataLoss", "adopt");
  return { ...consumer, spec: { ...spec, ...startFields(from), deletionPolicy: "delete" } as ConsumerAsset["spec"] };
}

type StartFields = Pick<ConsumerAsset["spec"], "deliverPolicy" | "optStartSeq" | "optStartTime">;

function startFields(from: Start): StartFields {
  if (from === "all" || from === "new") return { deliverPolicy: from };
  return typeof from === "number" ? { deliverPolicy: "by_start_sequence", optStartSeq: from } : { deliverPolicy: "by_start_time", optStartTime: from };
}
