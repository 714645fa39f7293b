import { type HandlerPorts, plain, replying, textOf } from "../interaction";
import type { HandlerFn } from "../registry";

/** Badges that there are, and what they are for. */
export const badgeNames: Readonly<Record<string, string>> = {
  founder: "was here from the beginning",
  sandrider: "is active",
  reporter: "has found a mistake",
  host: "has held an event",
};

/** `/badges`: those of the member, or with `nym` of another. */
export const createBadgesHandler = (ports: HandlerPorts): HandlerFn =>
  replying(ports, async (interaction) => {
    const nym = textOf(interaction, "nym");
    const { member } = interaction;
    const key = nym === undefined ? member : await ports.store.byNym(member.guildId, nym);
    if (!key) return { content: `No member is called ${plain(nym ?? "")}.` };
    const badges = await ports.store.badges(key);
    return { content: badges.map((badge) => `${badge}: ${badgeNames[badge] ?? ""}`).join("\n") || "No badges yet." };
  });
