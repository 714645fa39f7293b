import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../messaging";
import { type Discord, DiscordLimited, DiscordRefused } from "../discord/discord";
import type { CheckType, EligibilityCheckPayload, EligibilityResult } from "../messages";
import type { Profile, ProfileStore } from "../profiles/profile";
import { rolesFor, type TierRoles } from "../profiles/roles";
import type { State } from "../state/state";
import type { Rules } from "./rules";

/** What a check finds out: of a single one its wallet, of a batch all in their order, of a sync those that changed. */
export type EligibilityHandler = (
  payload: EligibilityCheckPayload,
  log: Logger,
) => Promise<EligibilityResult | EligibilityResult[]>;

export interface EligibilityPorts {
  store: Pick<ProfileStore, "applyCheck" | "wallets" | "noteRoles" | "changesOf">;
  rules: Rules;
  discord: Pick<Discord, "setRole" | "directMessage">;
  state: Pick<State, "get" | "set">;
  tierRoles: TierRoles;
}

/** Wallets that are asked about at the same time. */
const parallel = 10;

/** Wallets of a community between two notes of how far a sync is. */
const pageSize = 100;

/** A limit of Discord that ends within this time is waited for, in milliseconds; a longer one fails the message. */
const longestLimit = 60_000;

/** A sync that is delivered again within this time goes on where it was. */
const resumeMs = 24 * 60 * 60_000;

/** The handlers of eligibility checks, by `check_type`. */
export function eligibilityHandlers(ports: EligibilityPorts): ReadonlyMap<CheckType, EligibilityHandler> {
  const check = (payload: EligibilityCheckPayload, wallets: readonly string[], log: Logger) =>
    inParallel(wallets, (wallet) => checkWallet(ports, payload, wallet, log));

  return new Map<CheckType, EligibilityHandler>([
    [
      "single",
      async (payload, log) => {
        if (payload.check_type !== "single") throw new TypeError(payload.check_type);
        return checkWallet(ports, payload, payload.wallet_address, log);
      },
    ],
    [
      "batch",
      async (payload, log) => {
        if (payload.check_type !== "batch") throw new TypeError(payload.check_type);
        return check(payload, payload.wallet_addresses, log);
      },
    ],
    [
      "community_sync",
      async (payload, log) => {
        const { state, store } = ports;
        const { community_id: guildId, event_id: id } = payload;
        const key = `sync:${id}`;
        // What is not known is checked again, which changes nothing.
        let after = (await state.get(key).catch(() => undefined)) ?? "";
        for (;;) {
          const wallets = await store.wallets(guildId, after, pageSize);
          // Those of earlier attempts too, which are checked already.
          if (wallets.length === 0) return store.changesOf({ guildId, id });
          await check(payload, wallets, log);
          after = wallets.at(-1)!;
          await state.set(key, after, resumeMs).catch(() => undefined);
        }
      },
    ],
  ]);
}

async function checkWallet(
  { rules, store, discord, tierRoles }: EligibilityPorts,
  { community_id: guildId, timestamp, event_id: id, check_type }: EligibilityCheckPayload,
  wallet: string,
  log: Logger,
): Promise<EligibilityResult> {
  const result = await rules.evaluate(wallet);
  const isOfSync = check_type === "community_sync";
  const members = await store.applyCheck(guildId, result, timestamp, isOfSync ? { sync: id } : {});
  for (const member of members) {
    const roles = await syncRoles(discord, member, tierRoles, log);
    if (roles !== member.roles) await store.noteRoles(member, roles);
    if (member.alerts && member.before !== member.tier) await tell(discord, member, id, log);
  }
  return result;
}

/** Gives a member the role of its tier in Discord, and takes those of others; returns what it has then. */
async function syncRoles(
  discord: Pick<Discord, "setRole">,
  member: Profile,
  tierRoles: TierRoles,
  log: Logger,
): Promise<readonly string[]> {
  let { roles } = member;
  for (const { role, has } of rolesFor(member, tierRoles)) {
    try {
      await afterLimits(() => discord.setRole(member, role, has));
      roles = has ? [...roles, role] : roles.filter((each) => each !== role);
    } catch (error) {
      // A role that the bot may not give, a member that has left: the next member has nothing to do with it.
      if (!(error instanceof DiscordRefused)) throw error;
      log.warn({ err: error, guild: member.guildId, user: member.userId, role }, "a role could not be changed");
    }
  }
  return roles;
}

async function tell(
  discord: Pick<Discord, "directMessage">,
  { guildId, userId, tier }: Profile,
  eventId: string,
  log: Logger,
): Promise<void> {
  const nonce = createHash("sha256").update(`${eventId} ${guildId} ${userId}`).digest("hex").slice(0, 25);
  const content = tier ? `Your tier is now ${tier}.` : "You are in no tier any more.";
  try {
    await afterLimits(() => discord.directMessage(userId, { content }, nonce));
  } catch (error) {
    // It has closed its direct messages (50007), for example; a repeated check would not tell it either.
    if (!(error instanceof DiscordRefused || error instanceof DiscordLimited)) throw error;
    log.info({ err: error, user: userId }, "a member could not be told of its tier");
  }
}

/** Makes a call again while Discord limits calls of its kind: an attempt for each limit would use up the message's. */
async function afterLimits(call: () => Promise<void>): Promise<void> {
  for (;;)
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof DiscordLimited) || error.retryAfter > longestLimit) throw error;
      await sleep(Math.max(1, error.retryAfter));
    }
}

async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += parallel)
    results.push(...(await Promise.all(items.slice(from, from + parallel).map(work))));
  return results;
}
