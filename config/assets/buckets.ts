import {
  bucketKinds,
  keyValueStreamName,
  objectStoreStreamName,
  tenantKeyValueStream,
  tenantObjectStoreStream,
} from "../schema/bucket";
import type { StreamSpec, TenantSpec } from "../schema/tenant";

/*
 * A tenant's buckets are streams of a fixed form: everything that knows streams knows them, by the streams that are
 * added here once the tenant has passed its schema. Pure.
 */

export type BucketKind = keyof typeof bucketKinds;

/** A bucket of a tenant, and its stream. */
interface Bucket {
  kind: BucketKind;
  bucket: string;
  stream: string;
  spec: StreamSpec;
}

type WithBuckets = Pick<TenantSpec, "keyValues" | "objectStores">;

/** The buckets that a tenant declares, each with its stream. */
export const bucketsOf = ({ keyValues = {}, objectStores = {} }: WithBuckets): Bucket[] => [
  ...Object.entries(keyValues).map(([bucket, spec]) => ({
    kind: "keyValues" as const,
    bucket,
    stream: keyValueStreamName(bucket),
    spec: tenantKeyValueStream(bucket, spec),
  })),
  ...Object.entries(objectStores).map(([bucket, spec]) => ({
    kind: "objectStores" as const,
    bucket,
    stream: objectStoreStreamName(bucket),
    spec: tenantObjectStoreStream(bucket, spec),
  })),
];

/** The tenant with the streams of its buckets. A stream that it declares under such a name stays: rules refuse it. */
export function withBuckets<T extends Pick<TenantSpec, "streams"> & WithBuckets>(tenant: T): T {
  const added = bucketsOf(tenant).filter(({ stream }) => !(stream in tenant.streams));
  return {
    ...tenant,
    streams: { ...tenant.streams, ...Object.fromEntries(added.map(({ stream, spec }) => [stream, spec])) },
  };
}

/** Fields that a bucket's mirror has from it, so that clients read in it what they would read in the bucket. */
const mirrored = ["compression", "allowDirect", "allowRollupHdrs", "denyDelete", "allowMsgTtl"] as const;

/** What the mirrors of a stream have of it, if it is a bucket's. */
export const mirroredFields = (tenant: WithBuckets, stream: string, spec: Partial<StreamSpec>): Partial<StreamSpec> =>
  bucketsOf(tenant).some((bucket) => bucket.stream === stream)
    ? Object.fromEntries(mirrored.filter((field) => spec[field] !== undefined).map((field) => [field, spec[field]]))
    : {};
