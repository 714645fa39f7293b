import type { Profile } from "./profile";

/** Roles in Discord, by guild and tier. Members of other guilds keep their roles as they are. */
export type TierRoles = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What of a member's roles is not as its tier says; empty where all are. */
export function rolesFor(
  { guildId, tier, roles, active }: Pick<Profile, "guildId" | "tier" | "roles" | "active">,
  tierRoles: TierRoles,
): { role: string; has: boolean }[] {
  if (!active) return [];
  return Object.entries(tierRoles[guildId] ?? {})
    .map(([name, role]) => ({ role, has: name === tier }))
    .filter(({ role, has }) => roles.includes(role) !== has);
}
