import { isEmpty } from "./conversions";
import type { Wire } from "./field";

/**
 * Thresholds of `nats server check stream`, `check consumer` and `nats audit`, as they follow from the configuration:
 * they are read from metadata (natscli's monitor package). Lags are in messages, times as Go writes them.
 */
const monitor = (thresholds: Record<string, string | number | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ enabled: true, ...thresholds }).flatMap(([key, value]) =>
      value === undefined ? [] : [[`io.nats.monitor.${key}`, String(value)]],
    ),
  );

/** How many messages a replica or mirror may be behind before it is reported as critical. */
const lagCritical = 1_000;

/** Labels of a stream's metadata with its thresholds: peers, lag, sources. */
export function streamMonitor({ num_replicas, mirror, sources }: Wire): Record<string, string> {
  const replicated = num_replicas! > 1;
  const copied = [...(isEmpty(mirror) ? [] : [mirror]), ...((sources as unknown[] | undefined) ?? [])].length;
  return monitor({
    "peer-expect": replicated ? num_replicas! : undefined,
    "peer-lag-critical": replicated ? lagCritical : undefined,
    "peer-seen-critical": replicated ? "10s" : undefined,
    "lag-critical": copied ? lagCritical : undefined,
    "seen-critical": copied ? "5m" : undefined,
    "min-sources": isEmpty(sources) ? undefined : copied,
    "max-sources": isEmpty(sources) ? undefined : copied,
  });
}

/** Labels of a consumer's metadata with its thresholds: unacknowledged messages, waiting pull requests. */
export function consumerMonitor({ max_ack_pending, max_waiting }: Wire): Record<string, string> {
  const pending = max_ack_pending! > 0 ? max_ack_pending : undefined;
  return monitor({ "outstanding-ack-critical": pending, "waiting-critical": max_waiting });
}
