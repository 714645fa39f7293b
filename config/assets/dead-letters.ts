import {
  deadLetterNames,
  deadLetterPrefix,
  deadLetterSubject,
  givenUpKinds,
  givenUpSubject,
  replayDurable,
  replaySubject,
  sweptLabel,
} from "../../workers/messaging/contract";
import type { ConsumerSpec, StreamSpec, TenantSpec, UserSpec } from "../schema/tenant";
import { type Duration, type DurationLimit, toMilliseconds, unlimited } from "../units";
import { consumerOf } from "./lanes";
import { mirrorName } from "./standard";

/**
 * What a tenant gets by `deadLetters`: the streams, durables, users and permissions with which messages that a worker
 * gave up are kept, shown and sent again (docs/dead-letters.md). Pure: a tenant in, parts of a tenant out.
 */

/** How often a message is replayed at most. */
export const mostReplays = 3;

/** Subjects of all copies. */
const allCopies = `${deadLetterPrefix}>`;

/** What a stream of replays and one of events may hold: bodies are small in number, advisories have 400 bytes or so. */
const room = { replays: "256MiB", events: "64MiB" } as const;

/** A durable on one of its streams, whose messages can become dead letters. */
interface Source {
  stream: string;
  durable: string;
  consumer: ConsumerSpec;
  /** The durable of the stream of replays by which its worker gets them. */
  replays: string;
}

/**
 * The durables of a tenant whose messages can become dead letters, stream by stream: those that acknowledge each
 * message by itself.
 */
export const deadLetterSources = ({ consumers }: Pick<TenantSpec, "consumers">): Source[] =>
  Object.entries(consumers).flatMap(([durable, consumer]) =>
    consumer.ackPolicy === "explicit"
      ? consumer.streams.map((stream) => {
          const replays = replayDurable(stream, consumerOf(durable, consumer));
          return { stream, durable, consumer, replays };
        })
      : [],
  );

/** The stream itself and its mirrors, on which a failover makes the same durables. */
const standsFor = ({ streams }: TenantSpec, stream: string): string[] => [
  stream,
  ...Object.keys(streams[stream]?.mirrors ?? {}).map((region) => mirrorName(stream, region)),
];

type Parts = Pick<TenantSpec, "streams" | "consumers" | "users">;

/** The streams, durables and users that are derived; nothing without `deadLetters`. */
export function deadLetterParts(tenant: TenantSpec): Parts {
  if (!tenant.deadLetters) return { streams: {}, consumers: {}, users: {} };
  const sources = deadLetterSources(tenant);
  const read = [...new Set(sources.flatMap(({ stream }) => standsFor(tenant, stream))), deadLetterNames.replays];
  const swept = [
    ...new Set(sources.map(({ stream }) => stream).filter((stream) => isSwept(tenant.streams[stream]))),
    deadLetterNames.replays,
  ];
  return {
    streams: streamsFor(tenant.deadLetters, sources, read, swept),
    consumers: {
      [deadLetterNames.collector]: {
        mode: "pull",
        streams: [deadLetterNames.events],
        ackPolicy: "explicit",
        // A copy that cannot be stored is tried again until it can: while it waits, its advisory is all there is.
        backoff: ["30s", "1m", "5m"],
        deliverPolicy: "all",
        ...(tenant.deadLetters.deletionPolicy && { deletionPolicy: tenant.deadLetters.deletionPolicy }),
      },
      ...Object.fromEntries(
        [...Map.groupBy(sources, ({ replays }) => replays)].map(([name, own]) => [name, replayConsumer(own)]),
      ),
    },
    users: {
      [deadLetterNames.collector]: collector(sources, read, swept),
      [deadLetterNames.cli]: cli(sources, read),
    },
  };
}

/** What of a stream stays until a durable has acknowledged it can be found there; of `limits` streams nothing can. */
const isSwept = (stream: StreamSpec | undefined): boolean => stream !== undefined && stream.retention !== "limits";

/** An id is not remembered longer than a message lasts (error 10052). */
const rememberedFor = (maxAge: DurationLimit): Duration =>
  maxAge !== unlimited && toMilliseconds(maxAge) < toMilliseconds("24h") ? maxAge : "24h";

function streamsFor(
  { maxAge = "30d", maxBytes = "1GiB", deletionPolicy, allowDataLoss }: NonNullable<TenantSpec["deadLetters"]>,
  sources: Source[],
  read: string[],
  swept: string[],
): TenantSpec["streams"] {
  const common = {
    storage: "file",
    replicas: 3,
    maxAge,
    discard: "new",
    ...(deletionPolicy && { deletionPolicy }),
  } as const;
  return {
    [deadLetterNames.copies]: {
      ...common,
      description: "Messages that a worker gave up, each with the reason: npm run dead-letters",
      subjects: [allCopies],
      retention: "limits",
      maxBytes,
      duplicateWindow: rememberedFor(maxAge),
      allowDirect: true,
      ...(allowDataLoss && { allowDataLoss }),
    },
    [deadLetterNames.events]: {
      ...common,
      description: "Advisories about messages that were given up, until the collector has copied them",
      subjects: givenUpKinds.flatMap((kind) => read.map((stream) => givenUpSubject(kind, `${stream}.*`))),
      retention: "workqueue",
      maxBytes: room.events,
      // A stream that leaves takes its subjects; its advisories stay, and are read.
      allowDataLoss: [{ change: "subjects", maxMessages: 1_000_000 }],
      metadata: { [sweptLabel]: swept.join(" ") },
    },
    [deadLetterNames.replays]: {
      ...common,
      description: "Dead letters that are processed again, each by the durable that gave it up",
      subjects: sources.length ? sources.map(({ stream, durable }) => replaySubject(stream, durable)) : ["replay.>"],
      retention: "workqueue",
      maxBytes: room.replays,
      // A durable that leaves takes its subject, unless a replay waits there.
      allowDataLoss: [{ change: "subjects", maxMessages: 0 }],
      // A command that was killed may be repeated without a second replay.
      duplicateWindow: rememberedFor(maxAge),
    },
  };
}

/** Redelivers as its durable does, or as each of its lanes: the worker treats both alike. */
function replayConsumer(sources: Source[]): ConsumerSpec {
  const { ackWait, backoff, attempts, maxDeliver, maxAckPending } = sources[0]!.consumer;
  return {
    mode: "pull",
    streams: [deadLetterNames.replays],
    filterSubjects: sources.map(({ stream, durable }) => replaySubject(stream, durable)),
    ackPolicy: "explicit",
    deliverPolicy: "all",
    // No tenant declares it, so none could allow that it is deleted with the durable it is for.
    deletionPolicy: "delete-if-empty",
    ...(ackWait && { ackWait }),
    ...(backoff && { backoff }),
    ...(attempts && { attempts }),
    ...(maxDeliver && { maxDeliver }),
    ...(maxAckPending && { maxAckPending }),
  };
}

const api = (request: string): string => `$JS.API.${request}`;

/** Request for the last copy on a subject, which follows. */
const readCopies = api(`DIRECT.GET.${deadLetterNames.copies}`);

/** Reads messages of every stream, writes copies, and acknowledges what is stuck in a stream that holds it for that. */
const collector = (sources: Source[], read: string[], swept: string[]): UserSpec => ({
  description: "The process workers/dead-letters: copies what workers that died have left",
  publishes: [allCopies],
  consumes: [deadLetterNames.collector],
  allow: {
    publish: [
      api(`STREAM.INFO.${deadLetterNames.events}`),
      ...[...read, deadLetterNames.copies].map((stream) => api(`STREAM.MSG.GET.${stream}`)),
      `${readCopies}.${allCopies}`,
      ...swept.flatMap((stream) => [api(`STREAM.INFO.${stream}`), api(`CONSUMER.LIST.${stream}`)]),
      ...withReplays(sources)
        .filter(({ stream }) => swept.includes(stream))
        .flatMap(({ stream, durable }) => [`$JS.ACK.${stream}.${durable}.>`, `$JS.ACK.*.*.${stream}.${durable}.>`]),
    ],
  },
});

/** Reads and deletes copies, and sends them to the durables that gave them up. */
const cli = (sources: Source[], read: string[]): UserSpec => ({
  description: "npm run dead-letters",
  publishes: [...new Set(sources.map(({ stream, durable }) => replaySubject(stream, durable)))],
  allow: {
    publish: [
      ...["STREAM.INFO", "STREAM.MSG.GET", "DIRECT.GET", "STREAM.MSG.DELETE"].map((request) =>
        api(`${request}.${deadLetterNames.copies}`),
      ),
      api(`CONSUMER.INFO.${deadLetterNames.replays}.*`),
      api(`CONSUMER.INFO.${deadLetterNames.events}.${deadLetterNames.collector}`),
      // Of a message that was too large to be copied only its place is known.
      ...read.map((stream) => api(`STREAM.MSG.GET.${stream}`)),
    ],
  },
});

/** The same with the durables of replays: what fails again becomes a dead letter again. */
const withReplays = (sources: readonly Pick<Source, "stream" | "durable" | "replays">[]) => [
  ...sources,
  ...replaysOf(sources).map((durable) => ({ stream: deadLetterNames.replays, durable })),
];

const replaysOf = (sources: readonly Pick<Source, "replays">[]): string[] => [
  ...new Set(sources.map(({ replays }) => replays)),
];

/** A user with what its durables need for dead letters: it copies messages of theirs, and reads their replays. */
export function withDeadLetters(tenant: TenantSpec, user: UserSpec): UserSpec {
  const own = tenant.deadLetters
    ? deadLetterSources(tenant).filter(({ durable }) => user.consumes?.includes(durable))
    : [];
  if (own.length === 0) return user;
  const places = own.flatMap(({ stream, durable }) =>
    standsFor(tenant, stream).map((place) => ({ stream: place, durable })),
  );
  const copies = [
    ...places.map(({ stream, durable }) => deadLetterSubject(stream, "*", durable)),
    ...replaysOf(own).map((durable) => deadLetterSubject(deadLetterNames.replays, "*", durable)),
  ];
  return {
    ...user,
    publishes: [...(user.publishes ?? []), ...copies],
    consumes: [...(user.consumes ?? []), ...replaysOf(own)],
    allow: {
      ...user.allow,
      // Whether a copy on the same subject is of the same message, or of one in a stream that was deleted since.
      publish: [...(user.allow?.publish ?? []), ...copies.map((subject) => `${readCopies}.${subject}`)],
    },
  };
}
