import { isDeepStrictEqual } from "node:util";
import { bucketsOf, type BucketKind } from "../../config/assets/buckets";
import { bucketKinds, bucketName, renamedFields, tenantKeyValue, tenantObjectStore } from "../../config/schema/bucket";
import { unlimited } from "../../config/units";
import type { Args } from "../../jetstream/wire";
import { defined } from "./arguments";

/** Streams of a tenant, those that are buckets as buckets. */
interface WithBuckets {
  streams: Record<string, Args>;
  keyValues?: Record<string, Args>;
  objectStores?: Record<string, Args>;
}

const specs = { keyValues: tenantKeyValue, objectStores: tenantObjectStore };

/** What a tenant's bucket is where it says nothing. */
const usual: Args = { ttl: unlimited, history: 1, storage: "file", replicas: 3, denyDelete: true };

/**
 * Streams that applications made as buckets, as a tenant declares these: only those of which every field is what the
 * declared bucket's stream has. The others stay streams. Pure.
 */
export function asBuckets(streams: Record<string, Args>): WithBuckets {
  const found: Record<BucketKind, [string, Args][]> = { keyValues: [], objectStores: [] };
  const others = Object.entries(streams).filter(([name, spec]) => {
    const kind = (Object.keys(bucketKinds) as BucketKind[]).find((each) => name.startsWith(bucketKinds[each].prefix));
    const bucket = kind && bucketOf(kind, name.slice(bucketKinds[kind].prefix.length), spec);
    if (bucket) found[kind].push([name.slice(bucketKinds[kind].prefix.length), bucket]);
    return !bucket;
  });
  return {
    streams: Object.fromEntries(others),
    ...Object.fromEntries(
      Object.entries(found)
        .filter(([, buckets]) => buckets.length)
        .map(([kind, buckets]) => [kind, Object.fromEntries(buckets)]),
    ),
  };
}

/** The bucket whose stream is exactly this one; undefined if none is. */
function bucketOf(kind: BucketKind, bucket: string, spec: Args): Args | undefined {
  if (!bucketName.safeParse(bucket).success) return undefined;
  const known = Object.keys(specs[kind].shape);
  const fields = Object.fromEntries(
    known.map((field) => [field, spec[(renamedFields as Record<string, readonly string[]>)[field]?.[0] ?? field]]),
  );
  const own = defined({
    ...fields,
    ...(spec.compression !== undefined && { compression: spec.compression === "s2" }),
    ...(kind === "keyValues" && { denyDelete: spec.denyDelete === true, sources: bucketSources(spec.sources) }),
    mirrors: mirrorsOf(spec),
  });
  const entry = Object.fromEntries(Object.entries(own).filter(([field, value]) => value !== usual[field]));
  const [made] = bucketsOf({ [kind]: { [bucket]: entry } });
  return isDeepStrictEqual(comparable(made!.spec), comparable(spec)) ? entry : undefined;
}

/** Names of the buckets that are collected; what else a source says is no part of a bucket. */
const bucketSources = (sources: unknown): unknown =>
  Array.isArray(sources)
    ? sources.map((source: string | { name: string }) =>
        (typeof source === "string" ? source : source.name).slice(bucketKinds.keyValues.prefix.length),
      )
    : undefined;

/** Limits of mirrors are the bucket's; bytes may be their own. */
function mirrorsOf({ mirrors, maxBytes: ofBucket }: Args): Args | undefined {
  if (mirrors === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(mirrors as Record<string, Args>).map(
      ([region, { maxAge: _, maxMsgsPerSubject: __, maxBytes, ...own }]) => [
        region,
        defined({ ...own, maxBytes: maxBytes === ofBucket ? undefined : maxBytes }),
      ],
    ),
  );
}

/** A flag that is off, and compression by `none`, are the defaults. */
const comparable = (spec: Args): Args =>
  Object.fromEntries(
    Object.entries(spec).filter(([, value]) => value !== undefined && value !== false && value !== "none"),
  );
