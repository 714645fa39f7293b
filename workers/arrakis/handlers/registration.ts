import type { Deferral } from "../discord/discord";
import { createAdminBadgeHandler } from "./commands/admin-badge";
import { createAdminStatsHandler } from "./commands/admin-stats";
import { createAlertsHandler } from "./commands/alerts";
import { badgeNames, createBadgesHandler } from "./commands/badges";
import { createDirectoryHandler } from "./commands/directory";
import { createLeaderboardHandler } from "./commands/leaderboard";
import { createNaibHandler } from "./commands/naib";
import { createPositionHandler } from "./commands/position";
import { createProfileHandler } from "./commands/profile";
import { createStatsHandler } from "./commands/stats";
import { createThresholdHandler } from "./commands/threshold";
import { type HandlerPorts, type Interaction, interactionOf } from "./interaction";
import type { HandlerFn } from "./registry";

/** The commands: what makes the handler of each, and whether its answer is for the member alone. */
export const commands: Readonly<Record<string, { create: (ports: HandlerPorts) => HandlerFn; how: Deferral }>> = {
  stats: { create: createStatsHandler, how: "public" },
  position: { create: createPositionHandler, how: "private" },
  threshold: { create: createThresholdHandler, how: "public" },
  leaderboard: { create: createLeaderboardHandler, how: "public" },
  naib: { create: createNaibHandler, how: "public" },
  profile: { create: createProfileHandler, how: "private" },
  badges: { create: createBadgesHandler, how: "public" },
  directory: { create: createDirectoryHandler, how: "public" },
  alerts: { create: createAlertsHandler, how: "private" },
  "admin-stats": { create: createAdminStatsHandler, how: "private" },
  "admin-badge": { create: createAdminBadgeHandler, how: "private" },
};

/** Components of messages, by their names: the command whose message they change. */
const buttons = ["leaderboard", "directory", "alerts"] as const;
const selects = ["directory"] as const;

/** How an interaction is deferred, by its event type; undefined for one that is answered at once. */
export function deferralOf(eventType: string): Deferral | undefined {
  const [, kind, name = ""] = eventType.split(".");
  if (kind === "autocomplete") return undefined;
  if (kind === "button" || kind === "select") return "update";
  return Object.hasOwn(commands, name) ? commands[name]!.how : "private";
}

const registry = (
  kind: string,
  names: readonly string[],
  create: (name: string) => HandlerFn,
): Map<string, HandlerFn> => new Map(names.map((name) => [`interaction.${kind}.${name}`, create(name)]));

/** Handlers of all commands. */
export const registerAllCommandHandlers = (ports: HandlerPorts): Map<string, HandlerFn> =>
  registry("command", Object.keys(commands), (name) => commands[name]!.create(ports));

/** Handlers of buttons: that of the command that they belong to. */
export const registerButtonHandlers = (ports: HandlerPorts): Map<string, HandlerFn> =>
  registry("button", buttons, (name) => commands[name]!.create(ports));

/** Handlers of selects, likewise. */
export const registerSelectHandlers = (ports: HandlerPorts): Map<string, HandlerFn> =>
  registry("select", selects, (name) => commands[name]!.create(ports));

/** Choices that Discord shows, at most. */
const mostChoices = 25;

/** What completes an option that a member types, by its name. */
const completions: Readonly<
  Record<string, (ports: HandlerPorts, at: Interaction, typed: string) => Promise<string[]>>
> = {
  nym: ({ store }, { member }, typed) => store.nyms(member.guildId, typed, mostChoices),
  badge: (_ports, _at, typed) => Promise.resolve(Object.keys(badgeNames).filter((name) => name.startsWith(typed))),
};

/** Handlers that complete what a member types in an option. */
export const registerAutocompleteHandlers = (ports: HandlerPorts): Map<string, HandlerFn> =>
  registry("autocomplete", ["profile", "badges", "admin-badge"], () => async (payload) => {
    const interaction = interactionOf(payload);
    if (!interaction) return "ack";
    const option = Object.values(interaction.options).find(({ focused }) => focused);
    const complete = option && Object.hasOwn(completions, option.name) ? completions[option.name] : undefined;
    const found = complete ? await complete(ports, interaction, String(option?.value ?? "")) : [];
    const choices = found.slice(0, mostChoices).map((name) => ({ name, value: name }));
    await ports.discord.autocomplete(interaction.ref, choices);
    return "ack";
  });
