import { FolderStore } from "./folder";
import type * as S3 from "./s3";
import type { Store } from "./store";

/** `s3://<bucket>/<prefix>`, or a folder. Loads S3's client, which takes 0.3 s, only where it is needed. */
export function openStore(place: string): Store {
  const [, bucket, prefix = ""] = /^s3:\/\/([^/]+)(?:\/(.*?))?\/*$/.exec(place) ?? [];
  if (bucket === undefined) {
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(place))
      throw new TypeError(`${place}: expected a folder, or s3://<bucket>/<prefix>`);
    return new FolderStore(place);
  }
  const { S3Store } = require("./s3") as typeof S3;
  return new S3Store(bucket, prefix);
}
