import type { ConsumerAsset, StreamAsset } from "../config/assets/asset";
import type { Args } from "./wire";

/** Arguments of the stream resource of an asset. Fields that are not set are left out, so that they take no room in the state. */
export function streamArgs({ account, name, region, mirrorOf, spec }: StreamAsset): Args {
  const { subjects, ...rest } = spec;
  return defined({
    account,
    name,
    region,
    mirror: mirrorOf,
    subjects: subjects.length ? subjects : undefined,
    ...rest,
  });
}

/** Arguments of the consumer resource of an asset. */
export function consumerArgs({ account, stream, name, spec, filterSubjects }: ConsumerAsset): Args {
  const { mode: _, ...rest } = spec;
  const [filterSubject, ...more] = filterSubjects;
  return defined({ account, stream, name, ...(more.length ? { filterSubjects } : { filterSubject }), ...rest });
}

const defined = (args: Args): Args =>
  Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
