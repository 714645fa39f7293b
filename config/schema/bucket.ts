import * as z from "zod";
import { count, duration, durationLimit, metadata, size, sizeLimit, token } from "./values";
import { strictObject } from "../problems";
import { streamShape, streamManagement } from "./stream";
import { type DurationLimit, type SizeLimit, unlimited } from "../units";

/**
 * Key-value and object-store buckets are streams of a fixed form, which clients rely on: ADR-8 and ADR-20 of
 * nats-architecture-and-design. What a change does is what it does to the stream, and defaults are the stream's, unless
 * `@default` names another.
 */

/** Names that clients put into subjects. Source: ADR-8 of nats-architecture-and-design. */
export const bucketName = z.string().regex(/^[A-Za-z0-9_-]{1,200}$/, "write letters, digits, dashes and underscores");

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
  history: count.max(64, { error: "write 64 or less" }).optional(),
  /** Largest value. */
  maxValueSize: size.optional(),
  /**
   * Keys may expire by a time of their own, and leave a marker for this long when a limit removes them: 1s at least.
   */
  limitMarkerTtl: duration.optional(),
  republish: streamShape.republish,
  /**
   * Buckets of the account whose entries it collects, under their own keys.
   * @default none
   */
  sources: z.array(bucketName).min(1).optional(),
  /**
   * The API deletes no single entries. The clients' own libraries need no such request; those of Go create buckets with
   * it, those of JavaScript without.
   * @default true
   */
  denyDelete: z.boolean().optional(),
};

const objectStoreShape = ofBuckets;

const managed = { ...streamManagement };

// Of what is declared in code, whose types are checked, only the types are used.
/** A key-value bucket, as {@link keyValueStream} makes it a stream. */
const _keyValueSpec = strictObject({ ...keyValueShape, ...managed });
/** An object-store bucket, as {@link objectStoreStream} makes it a stream. */
const _objectStoreSpec = strictObject({ ...objectStoreShape, ...managed });

export type KeyValueSpec = z.infer<typeof _keyValueSpec>;
export type ObjectStoreSpec = z.infer<typeof _objectStoreSpec>;

/** What a tenant says of a bucket, beside its configuration. */
const ofTenants = {
  ...streamManagement,
  /** Region it is placed in. Default: the tenant's. A change moves it. */
  home: token.optional(),
  /** Bytes one replica may hold; `unlimited` reserves nothing. A full bucket refuses what is new. */
  maxBytes: sizeLimit,
  /**
   * Copies in other regions, named `<bucket>-<region>`, with the bucket's limits. They answer reads of single entries
   * for it in their region, and take no writes.
   */
  mirrors: z
    .record(
      token,
      strictObject({
        description: streamShape.description,
        /** Bytes one replica may hold. Default: the bucket's. More for a store: what is purged there stays here. */
        maxBytes: sizeLimit.optional(),
        ...streamManagement,
      }),
    )
    .optional(),
};

/** A key-value bucket of a tenant. Default of `storage`: `file`; of `replicas`: 3. */
export const tenantKeyValue = strictObject({ ...keyValueShape, ...ofTenants });
/** An object store of a tenant. Defaults as those of a key-value bucket. */
export const tenantObjectStore = strictObject({ ...objectStoreShape, ...ofTenants });

export type TenantKeyValue = z.infer<typeof tenantKeyValue>;
export type TenantObjectStore = z.infer<typeof tenantObjectStore>;

/** Fields of buckets that streams have under other names. */
export const renamedFields = {
  ttl: ["maxAge"],
  history: ["maxMsgsPerSubject"],
  maxValueSize: ["maxMsgSize"],
  limitMarkerTtl: ["subjectDeleteMarkerTtl", "allowMsgTtl"],
} as const;

/** Both kinds of bucket, by the field in which they are named; names of their streams begin with the prefix. */
export const bucketKinds = {
  keyValues: { what: "a key-value bucket", prefix: "KV_" },
  objectStores: { what: "an object store", prefix: "OBJ_" },
} as const;

export const keyValueStreamName = (bucket: string): string => `${bucketKinds.keyValues.prefix}${bucket}`;
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
  { history = 1, maxValueSize, limitMarkerTtl, republish, sources, denyDelete = true, ...spec }: KeyValueSpec,
) {
  return defined({
    ...shared(spec),
    subjects: [`$KV.${bucket}.>`],
    maxMsgsPerSubject: history,
    maxMsgSize: maxValueSize,
    discard: "new" as const,
    allowRollupHdrs: true,
    denyDelete,
    allowDirect: true,
    republish,
    sources: sources?.map((source) => ({
      name: keyValueStreamName(source),
      subjectTransforms: [{ src: `$KV.${source}.>`, dest: `$KV.${bucket}.>` }],
    })),
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

/** What every bucket of a tenant is, unless it says otherwise. */
const inTenants = { retention: "limits", storage: "file", replicas: 3, maxAge: unlimited } as const;

/** The stream of a tenant's bucket, in the form in which a tenant declares streams. */
export const tenantKeyValueStream = (bucket: string, { home, mirrors, ...spec }: TenantKeyValue) =>
  declared(keyValueStream(bucket, spec), spec.history ?? 1, { home, mirrors });

/** The stream of a tenant's object store, in the form in which a tenant declares streams. */
export const tenantObjectStoreStream = (bucket: string, { home, mirrors, ...spec }: TenantObjectStore) =>
  declared(objectStoreStream(bucket, spec), undefined, { home, mirrors });

function declared<T extends object>(
  stream: T,
  maxMsgsPerSubject: number | undefined,
  { home, mirrors }: Pick<TenantObjectStore, "home" | "mirrors">,
) {
  const whole = { ...inTenants, ...(stream as T & { maxBytes: SizeLimit; maxAge?: DurationLimit }) };
  const { maxAge, maxBytes } = whole;
  const copies = Object.entries(mirrors ?? {}).map(
    ([region, own]) => [region, defined({ maxAge, maxBytes, maxMsgsPerSubject, ...own })] as const,
  );
  return defined({ ...whole, maxAge, home, mirrors: mirrors && Object.fromEntries(copies) });
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}
