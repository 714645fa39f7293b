import { DatabaseUnavailable } from "../../database/database";
import type { ProcessResult } from "../../messaging";
import { RedisUnavailable } from "../../redis/redis";
import { DiscordLimited, DiscordRefused, DiscordUnavailable } from "../discord/discord";
import { BalancesUnavailable } from "../eligibility/rules";

/** Errors of what every message of a consumer needs, while it does not answer. */
const outages = [DatabaseUnavailable, RedisUnavailable, DiscordUnavailable, BalancesUnavailable] as const;

const isOutage = (error: unknown): boolean => outages.some((type) => error instanceof type);

/**
 * What a message's failure means: an outage stops its consumer until it is over, a limit of some calls is only this
 * message's, a refusal is final.
 */
export function resultOf(thrown: unknown): ProcessResult {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const limits = error instanceof DiscordUnavailable || error instanceof DiscordLimited;
  const wait = limits && error.retryAfter !== undefined ? { retryAfter: error.retryAfter } : {};
  if (isOutage(error)) return { success: false, unavailable: true, error, ...wait };
  return { success: false, retryable: !(error instanceof DiscordRefused), error, ...wait };
}
