import { DatabaseUnavailable } from "../../database/database";
import type { ProcessResult } from "../../messaging";
import { RedisUnavailable } from "../../redis/redis";
import { DiscordRefused, DiscordUnavailable } from "../discord/discord";
import { BalancesUnavailable } from "../eligibility/rules";

/** Errors of what every message of a consumer needs, while it does not answer. */
const outages = [DatabaseUnavailable, RedisUnavailable, DiscordUnavailable, BalancesUnavailable] as const;

const isOutage = (error: unknown): boolean => outages.some((type) => error instanceof type);

/** What a message's failure means: an outage stops its consumer until it is over, a refusal is for good. */
export function resultOf(thrown: unknown): ProcessResult {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (isOutage(error)) {
    const retryAfter = error instanceof DiscordUnavailable ? error.retryAfter : undefined;
    return { success: false, unavailable: true, error, ...(retryAfter !== undefined && { retryAfter }) };
  }
  return { success: false, retryable: !(error instanceof DiscordRefused), error };
}
