import { isEmpty } from "./conversions";
import type { Wire } from "./field";

/**
 * Thresholds by which `nats server check stream`, `check consumer` and `nats audit` judge what the specification says is right:
 * they read them from metadata (natscli's monitor package). Lags are in messages, times as Go writes them.
 */
const monitor = (thresholds: Record<string, string | number | undefined>): Record<string, string> =>
  Object.fromEntries(
    Object.entries({ enabled: true, ...thresholds }).flatMap(([key, value]) =>
      value === undefined ? [] : [[`io.nats.monitor.${key}`, String(value)]],
    ),
  );

/** A replica or mirror that is so far behind needs somebody to look at it. */
const lagCritical = 1_000;

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

export function consumerMonitor({ max_ack_pending, max_waiting }: Wire): Record<string, string> {
  return monitor({
    "outstanding-ack-critical": max_ack_pending as number | undefined,
    "waiting-critical": max_waiting as number | undefined,
  });
}
