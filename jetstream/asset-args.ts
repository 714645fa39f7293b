import type { ConsumerAsset, StreamAsset } from "../config/assets/asset";
import type { ConsumerArgs, StreamArgs } from "./schemas";

/** Arguments of the stream resource of an asset. Fields that are not set are left out, and so are not in the state. */
export function streamArgs({ account, name, region, mirrorOf, spec }: StreamAsset): StreamArgs {
  const { subjects, mirror, sources, ...rest } = spec;
  // The smaller of the declared replicas and the region's servers: both are 1, 3 or 5.
  const replicas = spec.replicas as StreamArgs["replicas"];
  const copied = mirrorOf ?? mirror;
  const content =
    copied === undefined ? { subjects: subjects.length ? subjects : undefined, sources } : { mirror: copied };
  return defined({ account, name, region, ...content, ...rest, replicas });
}

/** Arguments of the consumer resource of an asset. */
export function consumerArgs({ account, stream, name, spec, filterSubjects }: ConsumerAsset): ConsumerArgs {
  const { mode: _, ...rest } = spec;
  const [filterSubject, ...more] = filterSubjects;
  return defined({ account, stream, name, ...(more.length ? { filterSubjects } : { filterSubject }), ...rest });
}

const defined = <T extends object>(args: T): T =>
  Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined)) as T;
