import * as pulumi from "@pulumi/pulumi";
import {
  type KeyValueSpec,
  keyValueStream,
  keyValueStreamName,
  type ObjectStoreSpec,
  objectStoreStream,
  objectStoreStreamName,
} from "../../config/schema/bucket";
import type { Inputs } from "./inputs";
import { Stream, type StreamArgs } from "./stream";

interface Addressing {
  /** Account it belongs to. Refused: it would be another bucket. */
  account: string;
  /**
   * Its name: letters, digits, dashes and underscores, which clients put into subjects. Refused: it would be another
   * bucket.
   */
  bucket: string;
  /** Home region. In place: it moves, and is waited for. */
  region: string;
}

type Management = "deletionPolicy";
type BucketArgs<Spec> = Inputs<Addressing> &
  Inputs<Omit<Spec, Management>> &
  Pick<Spec & { deletionPolicy?: StreamArgs["deletionPolicy"] }, Management>;

/** Arguments of a {@link KeyValue}. */
export type KeyValueArgs = BucketArgs<KeyValueSpec>;
/** Arguments of an {@link ObjectStore}. */
export type ObjectStoreArgs = BucketArgs<ObjectStoreSpec>;

/** A key-value bucket: a {@link Stream} of the form that key-value clients expect. */
export class KeyValue extends Stream {
  constructor(name: string, args: KeyValueArgs, opts?: pulumi.CustomResourceOptions) {
    super(name, streamOf(args, keyValueStreamName, keyValueStream), opts);
  }
}

/** An object-store bucket: a {@link Stream} of the form that object-store clients expect. */
export class ObjectStore extends Stream {
  constructor(name: string, args: ObjectStoreArgs, opts?: pulumi.CustomResourceOptions) {
    super(name, streamOf(args, objectStoreStreamName, objectStoreStream), opts);
  }
}

/**
 * Which fields the stream has follows from values of the bucket's fields, so those must be plain; an output may stand
 * where one value of the bucket is one value of the stream.
 */
function streamOf<Spec>(
  { account, bucket, region, deletionPolicy, ...spec }: BucketArgs<Spec>,
  nameOf: (bucket: string) => string,
  toStream: (bucket: string, spec: Spec) => object,
): StreamArgs {
  const shape = toStream("", spec as Spec);
  const whole = pulumi
    .output({ bucket, spec })
    .apply((plain) => toStream(plain.bucket, plain.spec as Spec) as Record<string, unknown>);
  const fields = Object.fromEntries(Object.keys(shape).map((key) => [key, whole.apply((stream) => stream[key])]));
  return { account, region, name: pulumi.output(bucket).apply(nameOf), ...fields, deletionPolicy };
}
