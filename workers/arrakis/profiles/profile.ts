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
  /** Unix milliseconds. What is older than what is known changes nothing. */
  at: number;
  nym?: string;
  roles?: readonly string[];
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
  /** A name or roles have changed; makes a profile where there is none. */
  memberUpdated(event: MemberEvent): Promise<Profile>;
  find(key: MemberKey): Promise<Ranked | undefined>;
  /** Changes what a member decides; makes a profile where there is none. */
  change(key: MemberKey, change: Partial<Pick<Profile, "nym" | "wallet" | "alerts">>): Promise<Profile>;
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
   * @returns those members, with the tier that they had; of a check that is repeated, the tier that they have
   */
  applyCheck(guildId: string, result: EligibilityResult, at: number): Promise<(Profile & { before?: string })[]>;
  /** Notes the roles that a member has in Discord now, until an event says what they are. */
  noteRoles(key: MemberKey, roles: readonly string[]): Promise<void>;
  /** The last balance that is known of a wallet, in whole tokens; "0" for one that is not known. */
  balance(wallet: string): Promise<string>;
  check(): Promise<void>;
  close(): Promise<void>;
}
