import * as path from "node:path";

/**
 * Everything that this project makes on a machine and that can be made again: tools, local environments. Git ignores
 * it.
 */
export function cacheDir(): string {
  return path.resolve(process.env.SUPERCLUSTER_CACHE ?? path.join(__dirname, "..", ".cache"));
}

/** Folder of a local environment: `<region>/<server>/` with configuration, log and data of each server. */
export function environmentDir(environment: string): string {
  return path.join(cacheDir(), "environments", environment);
}
