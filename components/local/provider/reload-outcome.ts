import type { Varz } from "./monitor";

/** What became of a reload: the digest of the configuration in force, or why the server rejected the new one. */
export type ReloadOutcome = { digest: string; rejection?: undefined } | { rejection: string; digest?: undefined };

/**
 * The outcome of a reload, as far as it can be seen; undefined: not yet.
 *
 * @param loadedBefore `config_load_time` before the signal; undefined where the server did not answer then
 * @param now the server's answer; undefined where it does not answer
 * @param log what the server logged since the signal
 */
export function reloadOutcome(
  loadedBefore: string | undefined,
  now: Pick<Varz, "config_load_time" | "config_digest"> | undefined,
  log: string,
): ReloadOutcome | undefined {
  if (now && now.config_load_time !== loadedBefore) return { digest: now.config_digest };
  const rejection = /Failed to reload server configuration: (.*)/.exec(log)?.[1];
  return rejection ? { rejection } : undefined;
}
