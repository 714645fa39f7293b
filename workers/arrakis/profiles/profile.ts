import type { EligibilityResult } from "../messages";

/** A guild that the application was added to. */
export interface Community {
  guildId: string;
  name?: string;
  active: boolean;
}

/** A member of a community. */
export interface Profile {
  guildId: string;
  userId: string;
  /** What the member is called in the community. Default: the name that Discord gives. */
  nym?: string;
  wallet?: string;
  tier?: string;
  /** In whole tokens, as decimal text. */
  balance: string;
  /** Whether it is a member now. */
  active: boolean;
  /** Events of the member that were seen: joins, leaves, updates. */
  activity: number;
  /** Whether it wants to be told when its tier changes. */
  alerts: boolean;
  /** Ids of its roles in Discord, as last seen. */
  roles: readonly string[];
}

export type MemberKey = Pick<Profile, "guildId" | "userId">;

/** A member's place, from 1 on, by balance. */
export interface Ranked extends Profile {
  rank: number;
}

export interface CommunityStats {
  members: number;
  wallets: number;
  /** Members by tier; those without one are left out. */
  tiers: Readonly<Record<string, number>>;
  badges: number;
}

/** What an event says of a member. */
export interface MemberEvent extends MemberKey {
  /** Unix milliseconds. Nothing that a later event has said is changed. */
  at: number;
  nym?: string;
  wallet?: string;
  roles?: readonly string[];
}

/** A sync of a community, by the id of its event. */
export interface SyncKey {
  guildId: string;
  id: string;
}

/** Communities, their members and badges. Every write may be repeated. @throws DatabaseUnavailable, each function */
export interface ProfileStore {
  /** The application was added to a guild: a new community, or one that is active again. */
  guildJoined(guild: { guildId: string; name?: string; at: number }): Promise<void>;
  guildLeft(guild: { guildId: string; at: number }): Promise<void>;
  community(guildId: string): Promise<Community | undefined>;
  /** Makes a profile, or makes it active again. */
  memberJoined(event: MemberEvent): Promise<Profile>;
  memberLeft(event: MemberEvent): Promise<void>;
  /** A name, wallet or roles have changed; makes a profile where there is none. */
  memberUpdated(event: MemberEvent): Promise<Profile>;
  find(key: MemberKey): Promise<Ranked | undefined>;
  /** Changes what a member decides; makes a profile where there is none. */
  change(key: MemberKey, change: Partial<Pick<Profile, "nym" | "alerts">>): Promise<Profile>;
  /** Active members by balance, the highest first. */
  leaders(guildId: string, page: { offset: number; limit: number }): Promise<Ranked[]>;
  /** Active members by name, of a tier or of all. */
  directory(guildId: string, page: { offset: number; limit: number; tier?: string }): Promise<Profile[]>;
  /** Names of active members that begin with a text. */
  nyms(guildId: string, beginning: string, limit: number): Promise<string[]>;
  byNym(guildId: string, nym: string): Promise<Ranked | undefined>;
  stats(guildId: string): Promise<CommunityStats>;
  badges(key: MemberKey): Promise<string[]>;
  /** @returns whether that changed anything */
  grantBadge(key: MemberKey, badge: string, by: string): Promise<boolean>;
  /** @returns whether that changed anything */
  revokeBadge(key: MemberKey, badge: string): Promise<boolean>;
  /**
   * Wallets of active members after one, in order.
   *
   * @param after "" begins with the first
   */
  wallets(guildId: string, after: string, limit: number): Promise<string[]>;
  /**
   * Stores what a check found out: of the members of the community with this wallet.
   *
   * @param at when it was asked for: what is older than what is known changes nothing
   * @param of the id of the sync that it is part of: `changesOf` has its result, if that changes a tier
   * @returns those members, with the tier that they had; of a check that is repeated, the tier that they have
   */
  applyCheck(
    guildId: string,
    result: EligibilityResult,
    at: number,
    of?: { sync?: string },
  ): Promise<(Profile & { before?: string })[]>;
  /** What a sync has changed until now, by wallet, in all its attempts. */
  changesOf(sync: SyncKey): Promise<EligibilityResult[]>;
  /**
   * Notes the roles that a member has in Discord now, unless an event has said meanwhile what they are.
   *
   * @param member with the roles that were known before
   */
  noteRoles(member: MemberKey & Pick<Profile, "roles">, roles: readonly string[]): Promise<void>;
  /**
   * Forgets what syncs have changed that are older than `age`, in milliseconds.
   *
   * @returns of how many wallets
   */
  purge(age: number): Promise<number>;
  /** The last balance that is known of a wallet, in whole tokens; "0" for one that is not known. */
  balance(wallet: string): Promise<string>;
  check(): Promise<void>;
  close(): Promise<void>;
}
