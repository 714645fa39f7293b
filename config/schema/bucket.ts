import * as z from "zod";
import { count, duration, durationLimit, metadata, size, sizeLimit } from "./values";
import { strictObject } from "../problems";
import { streamShape, streamManagement } from "./stream";

/**
 * Key-value and object-store buckets are streams of a fixed form, which clients rely on: ADR-8 and ADR-20 of
 * nats-architecture-and-design. What a change does is what it does to the stream, and defaults are the stream's, unless
 * `@default` names another.
 */

const ofBuckets = {
  description: streamShape.description,
  /** Where its entries are: `file` or `memory`. */
  storage: streamShape.storage,
  /** Servers of the home region that hold a copy. */
  replicas: streamShape.replicas,
  placementTags: streamShape.placementTags,
  /**
   * Compresses its files.
   * @default false
   */
  compression: z.boolean().optional(),
  /** Age at which an entry is deleted. */
  ttl: durationLimit.optional(),
  /** Bytes one replica may hold; a full bucket refuses what is new. */
  maxBytes: sizeLimit.optional(),
  metadata: metadata.optional(),
};

const keyValueShape = {
  ...ofBuckets,
  /**
   * Values kept of each key, 1 to 64.
   * @default 1
   */
  history: count.max(64).optional(),
  /** Largest value. */
  maxValueSize: size.optional(),
  /**
   * Keys may expire by a time of their own, and leave a marker for this long when a limit removes them: 1s at least.
   */
  limitMarkerTtl: duration.optional(),
  republish: streamShape.republish,
};

const objectStoreShape = ofBuckets;

const managed = { ...streamManagement };

// Buckets are declared in code, whose types are checked: only the types of these are used.
/** A key-value bucket, as {@link keyValueStream} makes it a stream. */
const _keyValueSpec = strictObject({ ...keyValueShape, ...managed });
/** An object-store bucket, as {@link objectStoreStream} makes it a stream. */
const _objectStoreSpec = strictObject({ ...objectStoreShape, ...managed });

export type KeyValueSpec = z.infer<typeof _keyValueSpec>;
export type ObjectStoreSpec = z.infer<typeof _objectStoreSpec>;

/** Both kinds of bucket, by the field in which a user names them; names of their streams begin with the prefix. */
export const bucketKinds = {
  buckets: { what: "a key-value bucket", prefix: "KV_" },
  objectStores: { what: "an object store", prefix: "OBJ_" },
} as const;

export const keyValueStreamName = (bucket: string): string => `${bucketKinds.buckets.prefix}${bucket}`;
export const objectStoreStreamName = (bucket: string): string => `${bucketKinds.objectStores.prefix}${bucket}`;

const shared = ({ compression, ttl, ...rest }: Partial<ObjectStoreSpec>) =>
  defined({
    ...rest,
    maxAge: ttl,
    compression: compression === undefined ? undefined : compression ? ("s2" as const) : ("none" as const),
  });

/** The stream of a key-value bucket: every key a subject, the newest values kept, a full bucket refuses. */
export function keyValueStream(
  bucket: string,
  { history = 1, maxValueSize, limitMarkerTtl, republish, ...spec }: KeyValueSpec,
) {
  return defined({
    ...shared(spec),
    subjects: [`$KV.${bucket}.>`],
    maxMsgsPerSubject: history,
    maxMsgSize: maxValueSize,
    discard: "new" as const,
    allowRollupHdrs: true,
    denyDelete: true,
    allowDirect: true,
    republish,
    ...(limitMarkerTtl && { allowMsgTtl: true, subjectDeleteMarkerTtl: limitMarkerTtl }),
  });
}

/** The stream of an object store: objects in chunks, and what describes them. */
export function objectStoreStream(bucket: string, spec: ObjectStoreSpec) {
  return defined({
    ...shared(spec),
    subjects: [`$O.${bucket}.C.>`, `$O.${bucket}.M.>`],
    discard: "new" as const,
    allowRollupHdrs: true,
    allowDirect: true,
  });
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}
